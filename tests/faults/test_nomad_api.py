"""Nomad's API slow, busy, failing, cut off or gone, at every step of an `up`: nothing lost, nothing done twice."""

import re
import subprocess

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project, interrupt
from tests.faults.proxy import Answer, CutAnswer, CutBefore, Delay, Fault, Proxy, Silence
from tests.faults.services import deploys, service
from tests.observation import Observation
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

REGISTER = r"^(POST|PUT) /v1/jobs[ ?]"
WAIT_S = 120.0


def first_version(project: Project) -> None:
    deploys(project, service(project.name, "one"))
    project.up("--skip-preview")


def second_version_serves(project: Project) -> None:
    """Exactly one registration has taken place, and it is what serves."""
    assert project.nomad.job(project.name)["Version"] == 1
    with Load(project.consul, project.name) as load:
        assert wait_until(lambda: load.sent > 20, WAIT_S)
    assert load.answers == {"two"}
    load.lost_none()


@pytest.mark.fault(11)
@pytest.mark.parametrize(
    "fault",
    [
        Answer(times=5, status=429, body="Your IP is issuing too many concurrent connections"),
        Answer(times=5, status=500),
        Answer(times=5, status=503, body="<html><body>upstream is starting</body></html>"),
        CutBefore(on="^GET ", times=5),
        CutAnswer(on="^GET ", times=5),
        Delay(times=10, seconds=2.0),
    ],
    ids=["429", "500", "503-html", "cut-before", "cut-answer", "slow"],
)
def test_passing_trouble_is_waited_out(project: Project, nomad_proxy: Proxy, fault: Fault) -> None:
    first_version(project)
    deploys(project, service(project.name, "two"))

    with nomad_proxy.fault(fault), Load(project.consul, project.name) as load:
        project.up()
    assert fault.met > 0
    load.lost_none()
    second_version_serves(project)


@pytest.mark.fault(10, "in the answer to the registration")
def test_a_lost_answer_to_the_registration_is_read_back(project: Project, nomad_proxy: Proxy) -> None:
    first_version(project)
    deploys(project, service(project.name, "two"))

    with nomad_proxy.fault(CutAnswer(on=REGISTER, times=1)) as cut, Load(project.consul, project.name) as load:
        project.up()
    assert cut.met == 1
    load.lost_none()
    second_version_serves(project)


@pytest.mark.fault(10, "before the registration")
def test_a_registration_that_never_arrived_is_told_and_the_next_up_does_it(
    project: Project, nomad_proxy: Proxy, seen: Observation
) -> None:
    first_version(project)
    deploys(project, service(project.name, "two"))

    with nomad_proxy.fault(CutBefore(on=REGISTER, times=1)), Load(project.consul, project.name) as load:
        failed = project.up(check=False)
    assert failed.code != 0
    seen.reads(failed.text, f"Nomad cannot be reached at {nomad_proxy.address}")
    load.lost_none()
    assert project.nomad.job(project.name)["Version"] == 0

    project.up()
    second_version_serves(project)


@pytest.mark.fault(10, "while following")
def test_following_goes_on_when_nomad_is_back(project: Project, nomad_proxy: Proxy) -> None:
    first_version(project)
    deploys(project, service(project.name, "two"))

    with Load(project.consul, project.name) as load:
        up = project.start("up", "--yes")
        assert wait_until(lambda: project.nomad.job(project.name)["Version"] == 1, WAIT_S)
        nomad_proxy.down()
        # Long enough for the rollout to end meanwhile.
        assert wait_until(lambda: bool(project.nomad.job(project.name)["Stable"]), WAIT_S)
        nomad_proxy.up()
        text = up.communicate(timeout=WAIT_S)[0]
    assert up.returncode == 0, text
    load.lost_none()
    second_version_serves(project)


@pytest.mark.fault(10, "while following: cut off again and again")
def test_the_event_stream_may_end_at_any_time(project: Project, nomad_proxy: Proxy) -> None:
    first_version(project)
    deploys(project, service(project.name, "two"))

    with Load(project.consul, project.name) as load:
        up = project.start("up", "--yes")
        assert wait_until(lambda: project.nomad.job(project.name)["Version"] == 1, WAIT_S)
        while up.poll() is None:
            nomad_proxy.cut_all()
            with_deadline(up, 1.0)
        text = up.communicate(timeout=WAIT_S)[0]
    assert up.returncode == 0, text
    load.lost_none()
    second_version_serves(project)


def with_deadline(process: subprocess.Popen[str], seconds: float) -> None:
    """Waits for the process, `seconds` at the most."""
    wait_until(lambda: process.poll() is not None, seconds)


@pytest.mark.fault(27, "while Nomad is away")
def test_ctrl_c_is_obeyed_while_nomad_is_away(project: Project, nomad_proxy: Proxy) -> None:
    first_version(project)
    deploys(project, service(project.name, "two"))

    up = project.start("up", "--yes")
    assert wait_until(lambda: project.nomad.job(project.name)["Version"] == 1, WAIT_S)
    nomad_proxy.down()
    text = interrupt(up)
    assert up.returncode != 0
    assert "The rollout goes on in Nomad" in text, text

    nomad_proxy.up()
    project.up()
    second_version_serves(project)


@pytest.mark.fault(10)
@pytest.mark.parametrize("step", ["preview", "up"])
def test_a_server_that_swallows_requests_is_given_up_with_a_sentence(
    project: Project, nomad_proxy: Proxy, step: str
) -> None:
    first_version(project)
    deploys(project, service(project.name, "two"))

    with nomad_proxy.fault(Silence()):
        failed = project.run(step, *(["--yes"] if step == "up" else []), check=False)
    assert failed.code != 0
    assert re.search(rf"Nomad cannot be reached at {re.escape(nomad_proxy.address)}: no answer in time", failed.text)
    assert project.nomad.job(project.name)["Version"] == 0
