"""The state of a stack on a full disk, cut off, foreign or too new: a clear error, and the way back."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NoReturn

import pytest

from tests.cluster.folders import cluster_folder
from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.services import deploys, service
from tests.faults.serving import Serving
from tests.observation import Observation

pytestmark = pytest.mark.cluster

DISK_BYTES = 4 << 20


@pytest.fixture
def small_disk(project: Project) -> Iterator[Path]:
    """A disk of its own with the project's state on it. Below the cluster's folder, where nothing stays mounted."""
    folder = cluster_folder() / "small-disk"
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "state", folder], check=True)
    subprocess.run(["cp", "-a", f"{project.folder / 'state'}/.", folder], check=True)
    project.environment["PULUMI_BACKEND_URL"] = f"file://{folder}"
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(folder: Path) -> Path:
    """Takes all that is left of the disk; the file that does."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        _write_on(file)
    return filler


def _write_on(file: IO[bytes]) -> NoReturn:
    while True:
        file.write(bytes(1 << 12))


@pytest.mark.fault(21, "full before the command begins")
def test_a_full_disk(project: Project, small_disk: Path, seen: Observation) -> None:
    deploys(project, service(project.name, "one"))
    project.up("--skip-preview")
    deploys(project, service(project.name, "two"))
    state = small_disk / ".pulumi" / "stacks" / "caravan" / "dev.json"
    before = state.read_text()

    filler = fill(small_disk)
    with Load(project.consul, project.name) as load:
        failed = project.up("--skip-preview", check=False)
        load.goes_on()
    assert failed.code != 0
    seen.reads(failed.text, "no space left on device")
    load.lost_none()
    assert json.loads(state.read_text()) == json.loads(before)

    filler.unlink()
    # Pulumi leaves a lock that it could not write.
    assert "was begun and not finished: the disk was full" in project.up("--skip-preview").text
    (allocation,) = project.nomad.running(project.name)
    assert allocation["JobVersion"] == 1
    project.preview("--expect-no-changes")


def cut_off(state: Path) -> None:
    text = state.read_text()
    state.write_text(text[: len(text) // 2])


def empty(state: Path) -> None:
    state.write_text("")


def foreign(state: Path) -> None:
    state.write_text(json.dumps({"version": 4, "terraform_version": "1.9.0", "resources": []}))


def newer(state: Path) -> None:
    content = json.loads(state.read_text())
    state.write_text(json.dumps({**content, "version": 99}))


HARMS = [
    pytest.param(cut_off, "is cut off or damaged (line ", marks=pytest.mark.fault(22, "cut off")),
    pytest.param(empty, "is empty", marks=pytest.mark.fault(22, "empty")),
    pytest.param(foreign, "is no state of Pulumi's", marks=pytest.mark.fault(22, "of another program")),
    pytest.param(newer, "is of version 99, which a newer Pulumi has written", marks=pytest.mark.fault(22, "newer")),
]


@pytest.mark.parametrize(("harm", "words"), HARMS)
def test_a_state_that_cannot_be_read(
    serving_by_cli: Serving[Project], seen: Observation, harm: Callable[[Path], None], words: str
) -> None:
    """The command that is told brings the state back."""
    project = serving_by_cli.target
    state = project.folder / "state" / ".pulumi" / "stacks" / "caravan" / "dev.json"
    harm(state)

    failed = project.up("--skip-preview", check=False)
    assert failed.code != 0
    seen.reads(failed.text, words)
    assert serving_by_cli.job_version() == serving_by_cli.version

    command = re.search(r"that is right: (cp \S+ \S+)\. Then", failed.text)
    assert command, failed.text
    subprocess.run(shlex.split(command[1]), check=True)
    project.up("--skip-preview", "--expect-no-changes")
    assert serving_by_cli.job_version() == serving_by_cli.version
    assert len(serving_by_cli.runs()) == 1
