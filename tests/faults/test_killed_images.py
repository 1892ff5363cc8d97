"""`pulumi up` killed while an image is built or pushed: one plain command then converges; nothing to repair by hand."""

import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.kills import CHECKPOINTS, converges, kill_when, start
from toolchain.cluster import Addresses

pytestmark = pytest.mark.cluster


def says(up: subprocess.Popen[str], text: str) -> Callable[[], bool]:
    """A condition: the command has printed a line with this text."""
    assert up.stdout is not None
    output = up.stdout

    def said() -> bool:
        # The phase that is waited for comes for sure, and the CLI prints each of its steps as a line at once.
        line = output.readline()
        return text in line

    return said


@pytest.fixture(scope="module")
def imaged(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A service with an image of its own, deployed once; each test changes it."""
    project = Project(tmp_path_factory.mktemp("imaged"), addresses, "kill-points-image")
    project.up("--skip-preview")
    yield project
    project.clean_up()


@pytest.mark.fault(15)
@CHECKPOINTS
@pytest.mark.parametrize("phase", ["RemoteImage", "RegistryImage"], ids=["build", "push"])
@pytest.mark.xdist_group("kill points of an image")
def test_killed_while_the_image_is_made(imaged: Project, phase: str, skip_checkpoints: str) -> None:
    imaged.environment["PULUMI_SKIP_CHECKPOINTS"] = skip_checkpoints
    version = imaged.nomad.job(imaged.name)["Version"]
    server = imaged.service / "server.py"
    server.write_text(server.read_text() + f"\n# {phase} {skip_checkpoints}\n")
    slowly = "\nRUN python3 -c 'import time; time.sleep(2)'\n"
    dockerfile = imaged.service / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().removesuffix(slowly) + slowly)

    with Load(imaged.consul, imaged.name) as load:
        up = start(imaged)
        left = kill_when(up, says(up, f"{phase} "))
        assert imaged.nomad.job(imaged.name)["Version"] == version
        converges(imaged, left)
    load.lost_none()
    assert imaged.nomad.job(imaged.name)["Version"] == version + 1
    assert len(imaged.nomad.running(imaged.name)) == 1
