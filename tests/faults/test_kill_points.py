"""`pulumi up` killed at every phase: one plain command then converges; no duplicate, no orphan, no repair by hand."""

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.kills import CHECKPOINTS, converges, declared, kill_when, start
from tests.faults.proxy import Proxy, Silence
from tests.faults.serving import Serving
from tests.faults.test_nomad_api import REGISTER

pytestmark = pytest.mark.cluster


@pytest.mark.fault(15)
@CHECKPOINTS
def test_killed_before_the_registration(
    serving_by_cli: Serving[Project], nomad_proxy: Proxy, skip_checkpoints: str
) -> None:
    project = declared(serving_by_cli, skip_checkpoints)

    with Load(project.consul, project.name) as load:
        with nomad_proxy.fault(Silence(on=REGISTER)) as swallowed:
            left = kill_when(start(project), lambda: swallowed.met > 0)
        assert serving_by_cli.job_version() == serving_by_cli.version
        converges(project, left)
    load.lost_none()
    assert serving_by_cli.next_runs()


@pytest.mark.fault(15)
@CHECKPOINTS
@pytest.mark.parametrize("phase", ["registered", "canary-runs", "old-one-leaves"])
def test_killed_during_the_rollout(serving_by_cli: Serving[Project], phase: str, skip_checkpoints: str) -> None:
    project = declared(serving_by_cli, skip_checkpoints)
    (old,) = project.nomad.running(project.name)
    conditions = {
        "registered": serving_by_cli.is_registered,
        "canary-runs": lambda: len(project.nomad.running(project.name)) == 2,
        "old-one-leaves": lambda: project.nomad.call("GET", f"/v1/allocation/{old['ID']}")["DesiredStatus"] == "stop",
    }

    with Load(project.consul, project.name) as load:
        left = kill_when(start(project), conditions[phase])
        converges(project, left)
    load.lost_none()
    assert serving_by_cli.next_runs()
