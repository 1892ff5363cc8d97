"""The Docker daemon is restarted in the middle of a rollout, on a cluster with a daemon of its own."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster.folders import CLUSTERS, cluster_folder
from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.docker_daemon import DockerDaemon, docker_daemon
from tests.faults.services import SECOND_NS, SERVER, deploys, service
from tests.observation import Observation
from tests.quick_engine.stack import Stack
from toolchain import cluster, versions
from toolchain.cluster import Addresses
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

WAIT_S = 240.0
NAME = "restarted"


@pytest.fixture
def daemon(live_restore: bool) -> Iterator[DockerDaemon]:
    with docker_daemon(live_restore=live_restore) as started:
        yield started


@pytest.fixture
def docker_cluster(daemon: DockerDaemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[Addresses]:
    """A cluster whose node has that daemon."""
    monkeypatch.setenv("DOCKER_HOST", daemon.host)
    folder = CLUSTERS / f"{cluster_folder().name}-docker"
    with ExitStack() as ends:
        ends.callback(cluster.reset, folder)
        yield cluster.start(folder)


def deploys_a_container(target: Project | Stack, greeting: str) -> None:
    """With Nomad's defaults for what it does when an instance ends, but sooner."""
    job = service(target.name, greeting, Driver="docker")
    (group,) = job["TaskGroups"]
    group["RestartPolicy"] = {"Attempts": 2, "Interval": 1800 * SECOND_NS, "Delay": SECOND_NS, "Mode": "fail"}
    group["ReschedulePolicy"] = {"Unlimited": True, "Delay": 5 * SECOND_NS, "DelayFunction": "constant"}
    group["Update"] |= {"HealthyDeadline": 50 * SECOND_NS, "ProgressDeadline": 60 * SECOND_NS}
    (task,) = group["Tasks"]
    task["Config"] = {
        "image": target.addresses.base_image or versions.load().base_image,
        "network_mode": "host",
        "command": "python3",
        "args": ["-c", SERVER.read_text(), "${NOMAD_PORT_http}", greeting],
    }
    deploys(target, job)


@pytest.mark.parametrize(
    "live_restore",
    [pytest.param(True, id="containers-outlive-it", marks=pytest.mark.fault(14, "containers outlive it"))],
)
def test_docker_restarts(docker_cluster: Addresses, daemon: DockerDaemon, seen: Observation, tmp_path: Path) -> None:
    project = Project(tmp_path, docker_cluster, NAME)
    deploys_a_container(project, "one")
    project.up("--skip-preview")
    deploys_a_container(project, "two")

    with seen.timed():
        up = project.start("up", "--yes", "--skip-preview")
        assert wait_until(lambda: project.nomad.job(NAME)["Version"] == 1, WAIT_S)
        daemon.stop()
        daemon.start()
        text = up.communicate(timeout=WAIT_S)[0]

    # Either is right: Nomad may call the instances that it lost a failure of the new version.
    verdict = "1 updated" if up.returncode == 0 else f'Job "{NAME}" version 1 failed'
    assert verdict in text
    project.up("--skip-preview")
    project.preview("--expect-no-changes")
    second_version_serves(project)


@pytest.mark.parametrize(
    "live_restore",
    [pytest.param(False, id="containers-end", marks=pytest.mark.fault(14, "all containers end with it"))],
)
def test_docker_restarts_and_ends_all(
    docker_cluster: Addresses, daemon: DockerDaemon, seen: Observation, tmp_path: Path
) -> None:
    stack = Stack(tmp_path, docker_cluster, NAME)
    deploys_a_container(stack, "one")
    stack.up()
    deploys_a_container(stack, "two")

    with seen.timed():
        up = stack.start()
        assert wait_until(lambda: stack.nomad.job(NAME)["Version"] == 1, WAIT_S)
        daemon.stop()
        daemon.start()
        result = up.result(WAIT_S)

    assert result.code == 0 or f'Job "{NAME}" version 1 failed' in result.text
    stack.up()
    assert stack.preview().unchanged
    second_version_serves(stack)


def second_version_serves(target: Project | Stack) -> None:
    with Load(target.consul, NAME) as load:
        load.goes_on()
    load.lost_none()
    assert load.answers == {"two"}
    (allocation,) = target.nomad.running(NAME)
    assert allocation["JobVersion"] == target.nomad.job(NAME)["Version"]
