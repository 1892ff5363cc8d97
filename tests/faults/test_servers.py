"""Each server of the cluster stopped for a while, or killed and started again, in the middle of a rollout."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.servers import killed, stopped
from tests.faults.services import deploys, service
from tests.observation import Observation
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

WAIT_S = 180.0
Trouble = Callable[[str], AbstractContextManager[None]]

WHICH = [
    pytest.param(stopped, "nomad", marks=pytest.mark.fault(10, "its server is stopped (SIGSTOP) during a rollout")),
    pytest.param(killed, "nomad", marks=pytest.mark.fault(10, "its server is killed during a rollout")),
    pytest.param(stopped, "nomad-client", marks=pytest.mark.fault(10, "the node's agent is stopped during a rollout")),
    pytest.param(killed, "nomad-client", marks=pytest.mark.fault(10, "the node's agent is killed during a rollout")),
    pytest.param(stopped, "consul", marks=pytest.mark.fault(12, "it is stopped (SIGSTOP)")),
    pytest.param(killed, "consul", marks=pytest.mark.fault(12, "it is killed and comes back")),
]


@pytest.mark.parametrize(("trouble", "server"), WHICH)
def test_a_server_is_away_during_a_rollout(project: Project, seen: Observation, trouble: Trouble, server: str) -> None:
    deploys(project, service(project.name, "one"))
    project.up("--skip-preview")
    deploys(project, service(project.name, "two"))

    with Load(project.consul, project.name, remembers=True) as load:
        load.goes_on()
        with seen.timed():
            up = project.start("up", "--yes", "--skip-preview")
            assert wait_until(lambda: project.nomad.job(project.name)["Version"] == 1, WAIT_S)
            with trouble(server):
                load.goes_on()
            text = up.communicate(timeout=WAIT_S)[0]
        assert up.returncode == 0, text
        load.goes_on()
    load.lost_none()
    assert load.answers == {"one", "two"}
    assert project.nomad.job(project.name)["Version"] == 1
    (allocation,) = project.nomad.running(project.name)
    assert allocation["JobVersion"] == 1
    assert project.consul.healthy(project.name)
