import json
import os
from pathlib import Path

import pytest

from providers.plugin import ProviderError
from providers.written import FOLDER, Write, Written

URN = "urn:pulumi:prod::shop::caravan:index:Microservice$nomad:index/job:Job::web-job"
OTHER = "urn:pulumi:prod::shop::nomad:index/job:Job::db"


def _state(backend: Path, *resources: dict[str, str], age_s: float = 60.0) -> None:
    file = backend / ".pulumi" / "stacks" / "shop" / "prod.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}, indent=4))
    written_s = file.stat().st_mtime - age_s
    os.utime(file, (written_s, written_s))


def test_what_was_written_is_known_to_the_next_process(tmp_path: Path) -> None:
    before = Written("nomad", tmp_path)
    before.note(URN, "web", "7/1")
    before.note(OTHER, "db", "8/1")
    before.note(URN, "web", "9/2")
    after = Written("nomad", tmp_path)
    assert after.is_own(URN, "9/2")
    assert after.is_own(OTHER, "8/1")


def test_only_that_very_version_is_own(tmp_path: Path) -> None:
    written = Written("nomad", tmp_path)
    written.note(URN, "web", "7/1")
    written.note(OTHER, "db", None)
    assert not written.is_own(URN, "8/1")
    assert not written.is_own(URN, None)
    assert not written.is_own(OTHER, "7/1")
    assert not Written("consul", tmp_path).is_own(URN, "7/1")


def test_the_file_does_not_grow_from_command_to_command(tmp_path: Path) -> None:
    for index in range(5):
        Written("nomad", tmp_path).note(URN, "web", f"{index}/1")
    (file,) = (tmp_path / FOLDER / "shop").iterdir()
    assert len(file.read_text().splitlines()) == 1
    assert Written("nomad", tmp_path).is_own(URN, "4/1")


def test_a_line_that_a_kill_has_cut_off_loses_only_itself(tmp_path: Path) -> None:
    Written("nomad", tmp_path).note(URN, "web", "7/1")
    (file,) = (tmp_path / FOLDER / "shop").iterdir()
    file.write_text(file.read_text() + '{"urn": "urn:pulumi:pr')
    after = Written("nomad", tmp_path)
    assert after.is_own(URN, "7/1")
    after.note(OTHER, "db", "8/1")
    assert Written("nomad", tmp_path).is_own(OTHER, "8/1")


def test_what_is_in_no_state_and_in_no_program_is_an_orphan(tmp_path: Path) -> None:
    Written("nomad", tmp_path).note(URN, "web", "7/1")
    _state(tmp_path, {"urn": OTHER, "id": "db"})
    after = Written("nomad", tmp_path)
    assert after.orphans() == {}, "before the command has told which stack it is about"
    after.see(OTHER)
    assert after.orphans() == {URN: Write("web", "7/1")}
    after.see(URN)
    assert after.orphans() == {}


@pytest.mark.parametrize("resource", [{"urn": URN, "id": "x"}, {"urn": "renamed", "id": "web"}])
def test_what_the_state_records_is_no_orphan(tmp_path: Path, resource: dict[str, str]) -> None:
    Written("nomad", tmp_path).note(URN, "web", "7/1")
    _state(tmp_path, resource)
    after = Written("nomad", tmp_path)
    after.see(OTHER)
    assert after.orphans() == {}


def test_what_a_later_command_did_not_record_was_given_up(tmp_path: Path) -> None:
    Written("nomad", tmp_path).note(URN, "web", "7/1")
    _state(tmp_path)
    assert Written("nomad", tmp_path).is_left(URN, "7/1")
    _state(tmp_path, age_s=-60)
    after = Written("nomad", tmp_path)
    after.see(OTHER)
    assert after.orphans() == {}
    assert not after.is_left(URN, "7/1")
    assert after.is_own(URN, "7/1")


def test_what_is_deleted_is_no_orphan(tmp_path: Path) -> None:
    written = Written("nomad", tmp_path)
    written.note(URN, "web", "7/1")
    written.forget(URN)
    _state(tmp_path)
    after = Written("nomad", tmp_path)
    after.see(OTHER)
    assert after.orphans() == {}
    assert not after.is_own(URN, "7/1")


@pytest.mark.parametrize("url", ["", "https://api.pulumi.com", "s3://bucket/state", "file://~", "file://./state"])
def test_nothing_is_noted_without_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULUMI_BACKEND_URL", url)
    written = Written.beside_state("nomad")
    written.note(URN, "web", "7/1")
    written.forget(URN)
    assert not written.is_own(URN, "7/1")
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_the_backends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    backend = tmp_path / "with space"
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/with%20space")
    Written.beside_state("nomad").note(URN, "web", "7/1")
    assert (backend / FOLDER / "shop" / "prod.nomad.jsonl").is_file()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("no folder")
    with pytest.raises(ProviderError, match=r"prod\.nomad\.jsonl cannot be written: .* Allow it"):
        Written("nomad", tmp_path).note(URN, "web", "7/1")
