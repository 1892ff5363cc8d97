"""What is known of a job: read once, then taken from its events."""

import copy
from typing import Any

import pytest

from providers.http_api import Unreachable
from providers.nomad.client import Json
from providers.nomad.job_view import JobView
from tests.unit.providers.nomad_stub import FakeNomad

ALLOCATION = {"ID": "a1", "JobVersion": 1, "ClientStatus": "pending", "ModifyIndex": 10}
DEPLOYMENT = {"ID": "d1", "Status": "running", "ModifyIndex": 10}
EVALUATION = {"ID": "e1", "Status": "pending", "ModifyIndex": 10}
JOB = {"ID": "web", "Version": 1, "Stop": False, "ModifyIndex": 10}
ALL = ["evaluations", "job", "deployments", "allocations"]


def nomad_with(**answers: Any) -> FakeNomad:
    lists = {"evaluations": [EVALUATION], "deployments": [DEPLOYMENT], "allocations": [ALLOCATION]}
    return FakeNomad(**copy.deepcopy({"job": JOB, **lists}) | answers)


async def read(nomad: FakeNomad) -> JobView:
    """A view that has read everything; the requests for that are forgotten."""
    view = JobView(nomad.client, "default", "web")
    await view.update([], complete=False)
    assert asked(nomad) == ALL
    nomad.calls.clear()
    return view


def asked(nomad: FakeNomad) -> list[str]:
    return [call[0] for call in nomad.calls]


def event(topic: str, changed: Json, type_: str = "AllocationUpdated", **payload: Any) -> Json:
    return {"Topic": topic, "Type": type_, "Payload": {topic: changed, **payload}}


async def test_events_that_tell_all_cost_no_request() -> None:
    nomad = nomad_with()
    view = await read(nomad)
    await view.update(
        [
            event("Job", {**JOB, "Version": 2, "Stop": True, "ModifyIndex": 11, "TaskGroups": []}),
            event("Evaluation", {**EVALUATION, "Status": "complete", "ModifyIndex": 12}),
            event("Evaluation", {**EVALUATION, "ID": "e2", "ModifyIndex": 12}),
            event("Deployment", {**DEPLOYMENT, "Status": "successful", "ModifyIndex": 13}),
            event("Allocation", {"ID": "a1", "ClientStatus": "running", "ModifyIndex": 14, "Metrics": {}}),
        ],
        complete=True,
    )
    assert view.current == {"Version": 2, "Stop": True, "ModifyIndex": 11}
    assert {id_: each["Status"] for id_, each in view.evaluations.items()} == {"e1": "complete", "e2": "pending"}
    assert view.deployments["d1"]["Status"] == "successful"
    assert view.allocations == {"a1": {"ID": "a1", "JobVersion": 1, "ClientStatus": "running", "ModifyIndex": 14}}
    assert asked(nomad) == []


async def test_an_event_older_than_what_was_read_changes_nothing() -> None:
    nomad = nomad_with()
    view = await read(nomad)
    await view.update(
        [
            event("Job", {**JOB, "Version": 0, "ModifyIndex": 9}),
            event("Evaluation", {**EVALUATION, "Status": "blocked", "ModifyIndex": 9}),
            event("Deployment", {**DEPLOYMENT, "Status": "failed", "ModifyIndex": 10}),
            event("Allocation", {**ALLOCATION, "ClientStatus": "failed", "ModifyIndex": 9}, "PlanResult"),
        ],
        complete=True,
    )
    assert view.current == {"Version": 1, "Stop": False, "ModifyIndex": 10}
    assert (view.evaluations["e1"], view.deployments["d1"], view.allocations["a1"]) == (
        EVALUATION,
        DEPLOYMENT,
        ALLOCATION,
    )
    assert asked(nomad) == []


@pytest.mark.parametrize(
    "changed",
    [
        event("Allocation", {"ID": "a1", "ModifyIndex": 11}, "PlanResult"),
        event("Allocation", {"ID": "a2", "ModifyIndex": 11}),
    ],
    ids=["placed or updated in place", "not known yet"],
)
async def test_an_allocation_whose_version_is_not_certain_is_read(changed: Json) -> None:
    nomad = nomad_with()
    view = await read(nomad)
    nomad.answers["allocations"] = [{**ALLOCATION, "JobVersion": 2, "ModifyIndex": 11}]
    await view.update([changed], complete=True)
    assert view.allocations["a1"]["JobVersion"] == 2
    assert asked(nomad) == ["allocations"]
    await view.update([], complete=True)
    assert asked(nomad) == ["allocations"]


@pytest.mark.parametrize(
    "odd",
    [
        event("Job", JOB, "JobDeregistered", Deleted=True),
        {"Topic": "Deployment", "Payload": {"Deleted": True}},
        {"Topic": "Job", "Payload": None},
        {"Key": "web"},
    ],
)
async def test_what_is_gone_or_not_understood_is_read(odd: Json) -> None:
    nomad = nomad_with()
    view = await read(nomad)
    nomad.answers["job"] = None
    await view.update([odd], complete=True)
    assert view.current is None
    assert asked(nomad) == ALL


async def test_events_come_on_top_of_what_was_read_too_early() -> None:
    """Nomad commits a change after it has told it."""
    nomad = nomad_with()
    view = await read(nomad)
    nomad.answers["allocations"] = [{**ALLOCATION, "DesiredStatus": "stop", "ModifyIndex": 11}]
    await view.update(
        [
            event("Deployment", {**DEPLOYMENT, "Status": "successful", "ModifyIndex": 11}, "PlanResult"),
            event("Allocation", {"ID": "a1", "DesiredStatus": "stop", "ModifyIndex": 11}, "PlanResult"),
        ],
        complete=False,
    )
    assert view.deployments["d1"]["Status"] == "successful"
    assert view.allocations["a1"]["DesiredStatus"] == "stop"


async def test_allocations_are_read_no_older_than_what_was_told_of_them() -> None:
    nomad = nomad_with()
    view = await read(nomad)
    await view.update(
        [
            event("Allocation", {"ID": "a1", "ModifyIndex": 11}, "PlanResult"),
            event("Allocation", {"ID": "a1", "ClientStatus": "running", "ModifyIndex": 12}),
        ],
        complete=True,
    )
    assert nomad.made("allocations") == [("default", "web", 12)]


async def test_what_was_told_before_the_job_was_purged_does_not_bring_it_back() -> None:
    nomad = nomad_with()
    view = await read(nomad)
    nomad.answers["job"] = None
    await view.update(
        [event("Job", {**JOB, "ModifyIndex": 11}), event("Job", JOB, "JobDeregistered", Deleted=True)], complete=True
    )
    assert view.current is None


async def test_after_a_read_that_failed_everything_is_read() -> None:
    nomad = nomad_with()
    view = await read(nomad)
    nomad.answers["allocations"] = Unreachable("away")
    with pytest.raises(Unreachable):
        await view.update([event("Allocation", {"ID": "a2", "ModifyIndex": 11}, "PlanResult")], complete=True)
    nomad.answers["allocations"] = []
    nomad.calls.clear()
    await view.update([], complete=True)
    assert view.allocations == {}
    assert asked(nomad) == ALL
