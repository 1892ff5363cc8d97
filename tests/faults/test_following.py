"""Following a rollout while Nomad comes and goes or gives no event stream, and ending it while Nomad says nothing."""

import re

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project, interrupt
from tests.faults.proxy import Answer, Delay, Fault, Proxy, Silence
from tests.faults.serving import Serving
from tests.observation import Observation
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

STREAM = r"^GET /v1/event/stream"
BLOCKING = r"^GET /v1/job/[^/]+/(allocations|deployments|evaluations)\?.*index="
WAIT_S = 120.0


@pytest.mark.fault(10)
@pytest.mark.parametrize(
    "fault", [Answer(on=STREAM, status=403, body="Permission denied"), Silence(on=STREAM)], ids=["refused", "held"]
)
def test_without_the_event_stream_blocking_queries_tell(
    serving: Serving[Stack], nomad_proxy: Proxy, fault: Fault
) -> None:
    serving.declare()
    with nomad_proxy.fault(fault), nomad_proxy.fault(Delay(on=BLOCKING, seconds=0.0)) as blocking:
        serving.target.up()
    assert fault.met > 0
    assert blocking.met > 0
    serving.serves_next()


@pytest.mark.fault(10, "while following")
def test_following_goes_on_when_nomad_is_back(serving: Serving[Stack], nomad_proxy: Proxy) -> None:
    serving.declare()
    with Load(serving.consul, serving.name) as load:
        up = serving.target.start()
        assert wait_until(serving.is_registered, WAIT_S)
        nomad_proxy.down()
        # Long enough for the rollout to end meanwhile.
        assert wait_until(lambda: bool(serving.nomad.job(serving.name)["Stable"]), WAIT_S)
        nomad_proxy.up()
        result = up.result(WAIT_S)
    assert result.code == 0, result.text
    load.lost_none()
    serving.serves_next()


@pytest.mark.fault(10, "while following: cut off again and again")
def test_the_event_stream_may_end_at_any_time(serving: Serving[Stack], nomad_proxy: Proxy) -> None:
    serving.declare()
    with Load(serving.consul, serving.name) as load:
        up = serving.target.start()
        assert wait_until(serving.is_registered, WAIT_S)
        while not up.ended():
            nomad_proxy.cut_all()
            wait_until(up.ended, 1.0)
        result = up.result()
    assert result.code == 0, result.text
    load.lost_none()
    serving.serves_next()


@pytest.mark.fault(27, "while Nomad says nothing")
def test_ctrl_c_is_obeyed_while_nomad_says_nothing(
    serving_by_cli: Serving[Project], nomad_proxy: Proxy, seen: Observation
) -> None:
    serving_by_cli.declare()
    up = serving_by_cli.target.start("up", "--yes", "--skip-preview")
    assert wait_until(lambda: any(re.search(STREAM, line) for line in nomad_proxy.requests), WAIT_S)
    with nomad_proxy.fault(Silence()):
        nomad_proxy.cut_all()
        text = interrupt(up)
    assert up.returncode != 0
    expected = f'Stopped waiting for job "{serving_by_cli.name}" version {serving_by_cli.version + 1}'
    seen.reads(text, expected)

    serving_by_cli.target.up("--skip-preview")
    serving_by_cli.serves_next()


@pytest.mark.fault(27, "while Nomad is away")
def test_ctrl_c_is_obeyed_while_nomad_is_away(serving_by_cli: Serving[Project], nomad_proxy: Proxy) -> None:
    serving_by_cli.declare()
    up = serving_by_cli.target.start("up", "--yes", "--skip-preview")
    assert wait_until(serving_by_cli.is_registered, WAIT_S)
    nomad_proxy.down()
    text = interrupt(up)
    assert up.returncode != 0
    assert "The rollout goes on in Nomad" in text, text

    nomad_proxy.up()
    serving_by_cli.target.up("--skip-preview")
    serving_by_cli.serves_next()
