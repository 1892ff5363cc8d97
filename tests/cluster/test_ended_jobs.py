"""Jobs that have ended, and that Nomad has removed since: no program runs them a second time by itself."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.programs import job
from tests.cluster.project import service_name
from tests.cluster.small_cluster import SmallCluster, small_cluster
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("ended jobs")]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCluster]:
    with small_cluster(tmp_path_factory.mktemp("small")) as found:
        yield found


@pytest.fixture
def stack(small: SmallCluster, tmp_path: Path, request: pytest.FixtureRequest) -> Stack:
    return Stack(tmp_path, small.addresses, service_name(request.node.name))


class Charge:
    """A job that must run once: each run leaves a line in a file."""

    def __init__(self, stack: Stack, small: SmallCluster, *, type_: str = "batch", then: str = "true") -> None:
        """`then` is what a run does; where it is empty, it waits until it is released."""
        self.stack, self.small, self.type = stack, small, type_
        self.name = stack.name[:50]
        self.file = stack.folder / "charged"
        self.released = stack.folder / "released"
        """A run that waits ends when this file is there."""
        self.then = then or f"until test -e {self.released}; do sleep 0.2; done"

    def program(self, *, more: str = "", **changes: object) -> None:
        script = f"echo charged >> {self.file}; {self.then}"
        spec = {**job(self.name, self.type, Config={"command": "/bin/sh", "args": ["-c", script]}), **changes}
        group = spec["TaskGroups"][0]
        group["RestartPolicy"] = {"Attempts": 0, "Mode": "fail"}
        if self.type == "batch":
            group["ReschedulePolicy"] = {"Attempts": 0, "Unlimited": False}
        self.stack.write(f"nomad.Job('j', jobspec={json.dumps(spec)!r}, json=True{more})")

    @property
    def runs(self) -> int:
        return self.file.read_text().count("charged") if self.file.exists() else 0

    def collect(self) -> None:
        """Waits until Nomad has removed the job by itself."""
        self.released.touch()
        assert wait_until(lambda: self.stack.nomad.job(self.name)["Status"] == "dead", 30)
        assert wait_until(self._collected, 30)

    def _collected(self) -> bool:
        self.small.collect_garbage()
        return self.stack.nomad.job(self.name) is None


@pytest.mark.parametrize("type_", ["batch", "sysbatch"])
@pytest.mark.parametrize(
    "then",
    [
        pytest.param("true", marks=pytest.mark.fault(34, "ended and removed"), id="at once"),
        pytest.param("", marks=pytest.mark.fault(34, "ended after `up`, and removed"), id="later"),
    ],
)
def test_what_has_ended_and_is_collected_does_not_run_again(
    stack: Stack, small: SmallCluster, type_: str, then: str
) -> None:
    """RW-29: whether `up` has seen the end or not, before and after a refresh."""
    charge = Charge(stack, small, type_=type_, then=then)
    charge.program()
    stack.up()
    charge.collect()

    shown = stack.preview()
    assert shown.unchanged, shown.text
    assert f'Nomad has removed job "{charge.name}" after it ended' in shown.text
    assert stack.up().unchanged
    assert stack.refresh().unchanged
    assert stack.up().unchanged
    assert charge.runs == 1

    # A setting of the resource alone is no reason either.
    charge.program(more=", purge_on_destroy=True")
    assert stack.up().steps["j"] == "update"
    assert stack.preview().unchanged
    assert charge.runs == 1

    # Another job is, and is told.
    charge.program(more=", purge_on_destroy=True", Priority=60)
    assert "it is registered again and runs again" in stack.preview().text
    stack.up()
    assert charge.runs == 2

    charge.collect()
    charge.program(more=", rerun_if_dead=True", Priority=60)
    stack.up()
    assert charge.runs == 3
    charge.collect()
    stack.destroy()
    assert charge.runs == 3


def test_what_has_ended_and_is_still_there_does_not_run_again(stack: Stack, small: SmallCluster) -> None:
    charge = Charge(stack, small)
    charge.program()
    stack.up()
    assert wait_until(lambda: stack.nomad.job(charge.name)["Status"] == "dead", 30)
    charge.program(more=", purge_on_destroy=True")
    stack.up()
    assert charge.runs == 1
    assert stack.preview().unchanged


@pytest.mark.fault(34, "failed and removed: tried again")
def test_a_run_that_failed_is_tried_again_after_its_collection(stack: Stack, small: SmallCluster) -> None:
    charge = Charge(stack, small, then="exit 4")
    charge.program()
    assert "code 4" in stack.up(check=False).text
    charge.collect()
    assert "removed outside this stack and is registered again" in stack.preview().text
    assert stack.up(check=False).code != 0
    assert charge.runs == 2


def test_one_that_others_purged_while_it_was_running_is_registered_again(stack: Stack, small: SmallCluster) -> None:
    charge = Charge(stack, small, then="sleep 600")
    charge.program()
    stack.up()
    stack.nomad.purge(charge.name)
    assert wait_until(lambda: not stack.nomad.running(charge.name), 30)
    assert "removed outside this stack and is registered again" in stack.preview().text
    stack.up()
    assert charge.runs == 2
    stack.destroy()


def test_a_service_that_was_stopped_and_collected_is_started_again(stack: Stack, small: SmallCluster) -> None:
    charge = Charge(stack, small, type_="service", then="sleep 600")
    charge.program()
    stack.up()
    stack.nomad.call("DELETE", f"/v1/job/{charge.name}")
    charge.collect()
    assert "removed outside this stack and is registered again" in stack.preview().text
    stack.up()
    assert charge.runs == 2
    stack.destroy()


@pytest.mark.fault(34, "ended and removed; on another cluster it runs")
def test_on_another_cluster_it_runs(
    stack: Stack, small: SmallCluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    charge = Charge(stack, small)
    charge.program()
    stack.up()
    charge.collect()
    with small_cluster(tmp_path_factory.mktemp("anew")) as anew:
        stack.environment.update(anew.addresses.environment())
        stack.up()
    assert charge.runs == 2
