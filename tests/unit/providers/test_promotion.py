"""Canaries that wait for a person."""

from typing import Any

import pytest

from providers.nomad.client import Json
from providers.nomad.plan import Change
from providers.nomad.promotion import Waiting, promotion_text, resumed_text, waiting, waiting_text
from providers.nomad.soak import SOAK_KEY
from tests.unit.providers.nomad_stub import FakeNomad
from tests.unit.providers.recordings import recorded

GROUP = {"Name": "g", "Update": {"Canary": 1, "AutoPromote": False}}
JOB = {"ID": "web", "Namespace": "default", "Version": 2, "CreateIndex": 7, "TaskGroups": [GROUP]}
STATE = {"DesiredCanaries": 1, "HealthyAllocs": 1, "AutoPromote": False, "Promoted": False}
ASKS = Change(("group g",), "Update.AutoPromote", "false", "true", "Edited")


def deployment(state: Json | None = None, **changes: Any) -> Json:
    groups = {"g": {**STATE, **(state or {})}}
    return {
        "ID": "d-1",
        "JobVersion": 2,
        "JobCreateIndex": 7,
        "Status": "running",
        "TaskGroups": groups,
        **changes,
    }


async def found(job: Json = JOB, **changes: Any) -> Waiting | None:
    return await waiting(FakeNomad(deployments=[deployment(**changes)]).client, job)


async def test_canaries_that_wait() -> None:
    assert await found() == Waiting("d-1", {"g": 1}, healthy=True)
    assert await found(state={"HealthyAllocs": 0}) == Waiting("d-1", {"g": 1}, healthy=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"Status": "successful"},
        {"JobVersion": 1},
        {"JobCreateIndex": 3},
        {"state": {"Promoted": True}},
        {"state": {"AutoPromote": True}},
        {"state": {"DesiredCanaries": 0}},
    ],
)
async def test_nothing_waits(changes: dict[str, Any]) -> None:
    assert await found(**changes) is None


@pytest.mark.parametrize(
    "changes", [{"Stable": True}, {"Stop": True}, {"TaskGroups": [{"Name": "g", "Update": {"Canary": 0}}]}]
)
async def test_a_job_that_has_no_such_canaries_costs_no_request(changes: dict[str, Any]) -> None:
    nomad = FakeNomad()
    assert await waiting(nomad.client, {**JOB, **changes}) is None
    assert nomad.calls == []


async def test_recorded_from_nomad() -> None:
    record = recorded("waits-for-promotion")
    nomad = FakeNomad(deployments=record["deployments"])
    result = await waiting(nomad.client, {**record["job"], "Stable": False})
    assert result is not None
    assert result.healthy


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ([ASKS], True),
        ([ASKS, Change((), "Priority", "50", "60", "Edited")], False),
        ([ASKS.reversed()], False),
        ([Change(("group other",), "Update.AutoPromote", "false", "true", "Edited")], False),
        ([], False),
    ],
)
def test_the_wish_to_promote_and_nothing_else(changes: list[Change], asked: bool) -> None:
    assert Waiting("d-1", {"g": 1}, healthy=True).asked_for(changes) is asked


async def test_canaries_that_an_up_has_left() -> None:
    waits = await found()
    assert waits is not None
    assert waits.left_by_up(["g"])
    assert not waits.left_by_up([])
    soaking = {**JOB, "TaskGroups": [{**GROUP, "Meta": {SOAK_KEY: "60"}}]}
    soaks = await found(soaking)
    assert soaks is not None
    assert soaks.left_by_up([])
    assert "goes on from there" in resumed_text(JOB, soaks)
    # Nobody has to ask for the promotion of those, and nothing but a wish is one.
    assert Waiting("d-1", {"g": 1, "s": 1}, healthy=True, soaks=frozenset({"s"})).asked_for([ASKS])
    assert not soaks.asked_for([])


def test_the_sentences() -> None:
    two = Waiting("d-1", {"api": 1, "web": 2}, healthy=False)
    assert "1 canary of group api, 2 canaries of group web wait for promotion, but they are not" in waiting_text(
        JOB, two
    )
    shown = promotion_text(JOB, two, [ASKS]).splitlines()
    assert shown[1] == '  ~ group g: Update.AutoPromote "false" → "true"'
    assert shown[2].startswith("  waits until the canaries are healthy, then promotes 1 canary of group api")
