"""What the two halves of one `pulumi up` know of each other."""

import os
from pathlib import Path

import pytest

from providers.previewed import Command, Previewed

URN = "urn:pulumi:dev::caravan::nomad:index/job:Job::web"
UP = ["pulumi", "up"]


def half(folder: Path, arguments: list[str] | None = None, started: str = "17") -> Previewed:
    return Previewed(Command(os.getpid(), started, arguments or UP), folder)


def test_what_the_preview_saw_is_compared_by_the_update_only(tmp_path: Path) -> None:
    first, other = half(tmp_path), half(tmp_path)
    assert first.differs(URN, "2 of web") is None
    assert other.differs("urn:another", "x") is None
    assert first.differs(URN, "2 of web") is None

    second = half(tmp_path)
    assert second.differs(URN, "2 of web") is None
    assert second.differs(URN, "3 of web") == (
        "Somebody changed this since the preview of this command: the preview saw: 2 of web; now: 3 of web. Nothing of "
        "it is changed. Run `pulumi up` again: its preview shows what is there now."
    )
    assert half(tmp_path, started="18").differs(URN, "3 of web") is None


@pytest.mark.parametrize(
    ("before", "now", "refused"),
    [
        (["a", "b"], ["a"], ""),
        ([], [], ""),
        (["a"], ["a", "b"], "the preview showed a change of a; now it would be one of a, b"),
        ([], ["b"], "the preview showed no change; now it would be one of b"),
    ],
)
def test_a_change_that_the_preview_did_not_show_is_refused(
    tmp_path: Path, before: list[str], now: list[str], refused: str
) -> None:
    assert half(tmp_path).widens(URN, before) is None
    assert refused in (half(tmp_path).widens(URN, now) or "")
    assert bool(refused) == bool(half(tmp_path).widens(URN, now))


def test_what_the_engine_asks_twice_is_taken_together(tmp_path: Path) -> None:
    """It also asks what would change if something else were replaced."""
    first = half(tmp_path)
    assert [first.widens(URN, names) for names in (["a", "b"], ["c"])] == [None, None]
    assert half(tmp_path).widens(URN, ["a", "c"]) is None


def test_other_commands_note_nothing(tmp_path: Path) -> None:
    assert Command(1, "17", ["pulumi", "-C", "x", "update"]).has_two_halves
    assert not Command(1, "17", ["pulumi", "preview", "--save-plan", "p"]).has_two_halves
    none = Previewed(None, tmp_path / "notes")
    assert (none.differs(URN, "a"), none.widens(URN, ["a"]), none.only_progress_is_shown(URN)) == (None, None, False)
    assert not (tmp_path / "notes").exists()


def test_notes_of_commands_that_have_ended_are_deleted(tmp_path: Path) -> None:
    for name in ("4194303-1.x.jsonl", "somebody's.txt"):
        (tmp_path / name).write_text("")
    half(tmp_path).differs(URN, "a")
    assert sorted(path.name.partition(".")[0] for path in tmp_path.iterdir()) == [f"{os.getpid()}-17", "somebody's"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refusal = half(tmp_path / "file").differs(URN, "a")
    assert refusal is not None
    assert "cannot be written: " in refusal


def test_the_line_is_for_progress_once_the_change_has_been_shown(tmp_path: Path) -> None:
    first = half(tmp_path)
    first.widens(URN, ["a"])
    assert not first.only_progress_is_shown(URN)
    second = half(tmp_path)
    second.widens(URN, ["a"])
    assert second.only_progress_is_shown(URN)
    assert half(tmp_path / "none", [*UP, "--skip-preview"]).only_progress_is_shown(URN)
    assert not half(tmp_path / "none", [*UP, "-f", "--diff"]).only_progress_is_shown(URN)
