"""Consul away during a rollout, for who follows it: never called a success, named, and gone on with when it is back."""

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.proxy import Proxy, Silence
from tests.faults.services import deploys, service
from tests.observation import Observation
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

WAIT_S = 180.0


def rolled_out(project: Project) -> bool:
    """Whether Nomad is satisfied with the second version."""
    job = project.nomad.job(project.name)
    return bool(job["Version"] == 1 and job["Stable"])


@pytest.mark.fault(12, "away for a while: waited for")
def test_the_verdict_waits_for_consul(project: Project, consul_proxy: Proxy, seen: Observation) -> None:
    deploys(project, service(project.name, "one"))
    project.up("--skip-preview")
    deploys(project, service(project.name, "two"))

    with Load(project.consul, project.name) as load, seen.timed():
        up = project.start("up", "--yes", "--skip-preview")
        assert wait_until(lambda: project.nomad.job(project.name)["Version"] == 1, WAIT_S)
        with consul_proxy.fault(Silence()):
            consul_proxy.cut_all()
            assert wait_until(lambda: rolled_out(project), WAIT_S)
            load.goes_on()
            assert up.poll() is None
        consul_proxy.cut_all()
        text = up.communicate(timeout=WAIT_S)[0]
    assert up.returncode == 0, text
    load.lost_none()


@pytest.mark.fault(12, "it stays away: never a success")
def test_without_consul_it_is_no_success(project: Project, consul_proxy: Proxy, seen: Observation) -> None:
    deploys(project, service(project.name, "one"))
    project.up("--skip-preview")
    deploys(project, service(project.name, "two"))

    with Load(project.consul, project.name) as load, seen.timed():
        up = project.start("up", "--yes", "--skip-preview")
        assert wait_until(lambda: project.nomad.job(project.name)["Version"] == 1, WAIT_S)
        consul_proxy.down()
        text = up.communicate(timeout=WAIT_S)[0]
    assert up.returncode != 0, text
    seen.reads(text, "its instances do not pass in Consul: Consul cannot be reached at")
    load.lost_none()

    consul_proxy.up()
    project.up()
    assert rolled_out(project)
