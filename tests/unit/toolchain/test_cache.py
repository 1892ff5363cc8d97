"""A cache folder is complete or not there."""

import threading
from pathlib import Path

import pytest

from toolchain import cache


def test_an_interrupted_fill_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    folder = tmp_path / "tool-1"

    def interrupted(partial: Path) -> None:
        (partial / "half").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.fill_once(folder, interrupted)
    assert not folder.exists()

    cache.fill_once(folder, lambda partial: (partial / "tool").touch())
    assert [file.name for file in folder.iterdir()] == ["tool"]


def test_what_a_killed_run_left_is_discarded(tmp_path: Path) -> None:
    folder = tmp_path / "tool-1"
    left = tmp_path / ".tool-1.partial"
    left.mkdir()
    (left / "half").touch()

    cache.fill_once(folder, lambda partial: (partial / "tool").touch())

    assert [file.name for file in folder.iterdir()] == ["tool"]


def test_two_runs_at_once_fill_it_once(tmp_path: Path) -> None:
    folder, fills, waits = tmp_path / "tool-1", [], []
    filling, may_end = threading.Event(), threading.Event()

    def fill(partial: Path) -> None:
        fills.append(partial)
        filling.set()
        may_end.wait(30)

    first = threading.Thread(target=cache.fill_once, args=(folder, fill))
    first.start()
    assert filling.wait(30)

    def second_waits() -> None:
        waits.append(True)
        may_end.set()

    cache.fill_once(folder, fill, second_waits)
    first.join()

    assert folder.is_dir()
    assert len(fills) == 1
    assert waits == [True]
