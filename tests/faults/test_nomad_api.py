"""Nomad's API slow, busy, failing, cut off or gone, at every step of an `up`: nothing lost, nothing done twice."""

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.proxy import Answer, CutAnswer, CutBefore, Delay, Fault, Proxy, Silence
from tests.faults.serving import Serving
from tests.observation import Observation
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster

REGISTER = r"^(POST|PUT) /v1/jobs[ ?]"


@pytest.mark.fault(11, "passing trouble is waited out[429]")
def test_passing_trouble_is_waited_out_by_the_cli(serving_by_cli: Serving[Project], nomad_proxy: Proxy) -> None:
    busy = Answer(times=5, status=429, body="Your IP is issuing too many concurrent connections")
    serving_by_cli.declare()
    with nomad_proxy.fault(busy), Load(serving_by_cli.consul, serving_by_cli.name) as load:
        serving_by_cli.target.up()
    assert busy.met == 5
    load.lost_none()
    serving_by_cli.serves_next()


@pytest.mark.fault(11)
@pytest.mark.parametrize(
    "fault",
    [
        Answer(times=5, status=500),
        Answer(times=5, status=503, body="<html><body>upstream is starting</body></html>"),
        CutBefore(on="^GET ", times=5),
        CutAnswer(on="^GET ", times=5),
        Delay(times=5, seconds=1.5),
    ],
    ids=["500", "503-html", "cut-before", "cut-answer", "slow"],
)
def test_passing_trouble_is_waited_out(serving: Serving[Stack], nomad_proxy: Proxy, fault: Fault) -> None:
    serving.declare()
    with nomad_proxy.fault(fault), Load(serving.consul, serving.name) as load:
        serving.target.preview()
        serving.target.up()
    assert fault.met > 0
    load.lost_none()
    serving.serves_next()


@pytest.mark.fault(10, "in the answer to the registration")
def test_a_lost_answer_to_the_registration_is_read_back(serving: Serving[Stack], nomad_proxy: Proxy) -> None:
    serving.declare()
    with nomad_proxy.fault(CutAnswer(on=REGISTER, times=1)) as cut, Load(serving.consul, serving.name) as load:
        serving.target.up()
    assert cut.met == 1
    load.lost_none()
    serving.serves_next()


@pytest.mark.fault(10, "before the registration")
def test_a_registration_that_never_arrived_is_told_and_the_next_up_does_it(
    serving: Serving[Stack], nomad_proxy: Proxy, seen: Observation
) -> None:
    serving.declare()
    with nomad_proxy.fault(CutBefore(on=REGISTER, times=1)), Load(serving.consul, serving.name) as load:
        failed = serving.target.up(check=False)
        load.goes_on()
    assert failed.code != 0
    seen.reads(failed.text, f"Nomad cannot be reached at {nomad_proxy.address}")
    load.lost_none()
    assert serving.job_version() == serving.version

    serving.target.up()
    serving.serves_next()


@pytest.mark.fault(10)
@pytest.mark.parametrize("step", ["preview", "up"])
def test_a_server_that_swallows_requests_is_given_up_with_a_sentence(
    serving: Serving[Stack], nomad_proxy: Proxy, seen: Observation, step: str
) -> None:
    serving.declare()
    with nomad_proxy.fault(Silence()):
        command = serving.target.preview if step == "preview" else serving.target.up
        failed = command(check=False)
    assert failed.code != 0
    seen.reads(failed.text, f"Nomad cannot be reached at {nomad_proxy.address}: no answer in time")
    assert serving.job_version() == serving.version
