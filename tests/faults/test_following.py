"""Following a rollout without Nomad's event stream, and ending it while Nomad says nothing."""

import re

import pytest

from tests.cluster.project import Project, interrupt
from tests.faults.proxy import Answer, Delay, Fault, Proxy, Silence
from tests.faults.services import deploys, service
from tests.observation import Observation
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

STREAM = r"^GET /v1/event/stream"
BLOCKING = r"^GET /v1/job/[^/]+/(allocations|deployments|evaluations)\?.*index="
WAIT_S = 120.0


@pytest.mark.fault(10)
@pytest.mark.parametrize(
    "fault", [Answer(on=STREAM, status=403, body="Permission denied"), Silence(on=STREAM)], ids=["refused", "held"]
)
def test_without_the_event_stream_blocking_queries_tell(project: Project, nomad_proxy: Proxy, fault: Fault) -> None:
    deploys(project, service(project.name, "one"))
    with nomad_proxy.fault(fault), nomad_proxy.fault(Delay(on=BLOCKING, seconds=0.0)) as blocking:
        project.up()
    assert fault.met > 0
    assert blocking.met > 0


@pytest.mark.fault(27, "while Nomad says nothing")
def test_ctrl_c_is_obeyed_while_nomad_says_nothing(project: Project, nomad_proxy: Proxy, seen: Observation) -> None:
    deploys(project, service(project.name, "one"))
    up = project.start("up", "--yes")
    assert wait_until(lambda: any(re.search(STREAM, line) for line in nomad_proxy.requests), WAIT_S)
    with nomad_proxy.fault(Silence()):
        nomad_proxy.cut_all()
        text = interrupt(up)
    assert up.returncode != 0
    seen.reads(text, f'Stopped waiting for job "{project.name}" version 0')

    project.up()
    assert project.nomad.job(project.name)["Version"] == 0
