"""Two `up`s of one stack at the same time: one wins, and the other changes nothing."""

from pathlib import Path

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.proxy import Hold, Proxy
from tests.faults.services import deploys, service
from tests.faults.serving import Serving
from tests.faults.test_nomad_api import REGISTER
from tests.observation import Observation
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

WAIT_S = 180.0


@pytest.mark.fault(16, "two checkouts, each with a state of its own")
def test_the_index_stops_the_one_that_comes_late(stack: Stack, tmp_path: Path, seen: Observation) -> None:
    deploys(stack, service(stack.name, "one"))
    stack.up()
    (tmp_path / "other").mkdir()
    other = Stack(tmp_path / "other", stack.addresses, stack.name)
    other.states = dict(stack.states)
    deploys(stack, service(stack.name, "two"))
    deploys(other, service(stack.name, "three"))

    with (
        Load(stack.consul, stack.name) as load,
        Proxy(stack.addresses.nomad) as proxy,
        proxy.fault(late := Hold(on=REGISTER)),
    ):
        up = other.start(NOMAD_ADDR=proxy.address)
        assert wait_until(lambda: late.met > 0, WAIT_S)
        stack.up()
        late.released.set()
        stopped = up.result(WAIT_S)
    assert stopped.code != 0
    seen.reads(stopped.text, "was changed by somebody else between the check and the registration")
    load.lost_none()
    assert load.answers == {"one", "two"}
    assert stack.nomad.job(stack.name)["Version"] == 1

    refused = other.up(check=False)
    assert refused.code != 0
    assert "It is not overwritten" in refused.text
    assert stack.nomad.job(stack.name)["Version"] == 1


@pytest.mark.fault(16, "one state: its lock")
def test_the_lock_stops_the_second_and_names_the_first(
    serving_by_cli: Serving[Project], nomad_proxy: Proxy, seen: Observation
) -> None:
    """The first is held back with its registration until the second has been refused."""
    project = serving_by_cli.target
    serving_by_cli.declare()

    with Load(project.consul, project.name) as load, nomad_proxy.fault(late := Hold(on=REGISTER)):
        first = project.start("up", "--yes", "--skip-preview")
        assert wait_until(lambda: late.met > 0, WAIT_S)
        second = project.up("--skip-preview", check=False)
        late.released.set()
        assert second.code != 0
        seen.reads(second.text, f"(pid {first.pid})")
        text = first.communicate(timeout=WAIT_S)[0]
    assert first.returncode == 0, text
    load.lost_none()
    assert serving_by_cli.next_runs()
    project.preview("--expect-no-changes")


@pytest.mark.fault(16, "`pulumi cancel` during one, then another")
def test_pulumi_cancel_during_a_live_up(serving_by_cli: Serving[Project], seen: Observation) -> None:
    project = serving_by_cli.target
    serving_by_cli.declare()

    with Load(project.consul, project.name) as load:
        first = project.start("up", "--yes", "--skip-preview")
        assert wait_until(serving_by_cli.is_registered, WAIT_S)
        seen.reads(project.run("cancel", "--yes").text, "has been canceled")
        second = project.up("--skip-preview", check=False)
        text = first.communicate(timeout=WAIT_S)[0]
    assert 0 in (first.returncode, second.code), text + second.text
    load.lost_none()
    project.up("--skip-preview")
    assert serving_by_cli.next_runs()
    project.preview("--expect-no-changes")
