"""Looking at a rollout: what is asked beside the snapshot, and what is remembered."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from providers.nomad.client import Json
from providers.nomad.lookout import Lookout, longest_deadline_s, min_healthy_s
from tests.unit.providers.nomad_stub import FakeHub, FakeNomad
from tests.unit.providers.recordings import recorded


def looking_at(record: Json, **answers: Any) -> tuple[Lookout, FakeNomad]:
    nomad = FakeNomad(
        job={**record["job"], "Version": record["current_version"]},
        deployments=lambda: record["deployments"],
        allocations=lambda: record["allocations"],
        evaluations=lambda: record["evaluations"],
        **answers,
    )

    async def report(text: str) -> None:
        raise AssertionError(text)

    subscription: Any = FakeHub().hub.subscribe("default", record["job"]["ID"])
    lookout = Lookout(nomad.client, record["job"], record["version"], subscription, asyncio.Event(), report)
    return lookout, nomad


@pytest.mark.parametrize(
    ("metrics", "confined"),
    [
        ({"NodesEvaluated": 2}, False),
        ({"NodesEvaluated": 1}, True),
        ({"NodesEvaluated": 3, "NodesFiltered": 1, "NodesExhausted": 1}, True),
        ({"NodesEvaluated": 3, "NodesFiltered": 1}, False),
        (None, True),
    ],
)
async def test_a_failed_instance_that_could_have_run_elsewhere(metrics: Json | None, confined: bool) -> None:
    record = recorded("one-bad-node")
    lookout, nomad = looking_at(record, allocation={"Metrics": metrics})
    (failed,) = record["allocations"]
    for _ in range(2):
        assert (await lookout.look()).confined == ({failed["ID"]} if confined else set())
    assert nomad.made("allocation") == [("default", failed["ID"])]


async def test_healthy_instances_are_not_asked_for() -> None:
    lookout, nomad = looking_at(recorded("going-on"))
    await lookout.look()
    assert nomad.made("allocation") == []


async def test_evaluations_of_versions_before_do_not_count() -> None:
    record = recorded("late-no-place")
    lookout, _ = looking_at(record)
    look = await lookout.look()
    assert len(look.evaluations) < len(record["evaluations"])
    assert [evaluation["TriggeredBy"] for evaluation in look.evaluations] == [
        "job-register",
        "deployment-watcher",
        "queued-allocs",
    ]


async def test_what_had_no_place_is_remembered_when_nomad_has_forgotten_it() -> None:
    record = recorded("late-no-place")
    lookout, _ = looking_at(record)
    told = (await lookout.look()).waits_for_place()
    record |= {part: recorded("late-no-place-failed")[part] for part in ("evaluations", "deployments")}
    assert (await lookout.look()).waits_for_place() == []
    assert lookout.unplaced == told != []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock."""

    def at(seconds: float) -> None:
        monkeypatch.setattr(Lookout, "now", staticmethod(lambda: seconds))

    at(1000.0)
    return at


async def test_an_instance_has_to_run_for_its_min_healthy_time(clock: Callable[[float], None]) -> None:
    record = recorded("no-deployment-max-parallel-0")
    (running,) = record["allocations"]
    seconds = min_healthy_s(record["job"], running["TaskGroup"])
    lookout, _ = looking_at(record)
    assert (await lookout.look()).unproven == {running["ID"]}
    clock(1000.0 + seconds)
    assert (await lookout.look()).unproven == set()

    # A restart begins it anew.
    running["TaskStates"]["app"]["Restarts"] = 1
    assert (await lookout.look()).unproven == {running["ID"]}


@pytest.mark.usefixtures("clock")
async def test_an_instance_that_ran_before_has_proven_itself() -> None:
    record = recorded("no-deployment-max-parallel-0")
    record["allocations"][0]["CreateIndex"] = record["job"]["JobModifyIndex"] - 1
    lookout, _ = looking_at(record)
    assert (await lookout.look()).unproven == set()


def test_times_of_a_job() -> None:
    groups = [
        {"Name": "web", "Update": {"MinHealthyTime": 2 * 10**9, "ProgressDeadline": 30 * 10**9}},
        {"Name": "worker", "Update": {"ProgressDeadline": 0}},
        {"Name": "bare"},
    ]
    job = {"TaskGroups": groups}
    assert [min_healthy_s(job, name) for name in ("web", "worker", "bare")] == [2.0, 10.0, 10.0]
    assert longest_deadline_s(job) == 30.0
    assert longest_deadline_s({"TaskGroups": groups[1:]}) == 600.0


async def test_what_has_found_a_place_is_forgotten() -> None:
    record = recorded("late-no-place")
    lookout, _ = looking_at(record)
    await lookout.look()
    record["evaluations"] = record["evaluations"][:-1]
    await lookout.look()
    assert lookout.unplaced == []


async def test_everything_is_read_again_when_nothing_was_heard_for_long(
    clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lookout, nomad = looking_at(recorded("going-on"))
    await lookout.look()
    monkeypatch.setattr(lookout.subscription, "take", lambda: ([], True))
    for at_s, reads in ((1010.0, 1), (1031.0, 2), (1050.0, 2)):
        clock(at_s)
        await lookout.look()
        assert len(nomad.made("deployments")) == reads
