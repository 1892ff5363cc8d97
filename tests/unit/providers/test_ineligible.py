"""The constraint behind "computed class ineligible"."""

from typing import Any

import pytest

from providers.nomad.client import Json
from providers.nomad.ineligible import FORGOTTEN, with_constraints
from tests.unit.providers.nomad_stub import FakeNomad

WINDOWS = "${attr.kernel.name} = windows"
ARM = "${attr.cpu.arch} = arm64"


def plan(**filtered: Any) -> Json:
    return {"FailedTGAllocs": {"web": {"ConstraintFiltered": filtered, "NodesEvaluated": 3}}}


@pytest.mark.parametrize(
    ("said", "fresh", "told"),
    [
        ({FORGOTTEN: 3}, {WINDOWS: 1, FORGOTTEN: 2}, {WINDOWS: 3}),
        ({FORGOTTEN: 3}, {WINDOWS: 1, ARM: 1, FORGOTTEN: 1}, {WINDOWS: 1, ARM: 1, FORGOTTEN: 1}),
        ({FORGOTTEN: 2, "missing drivers": 1}, {WINDOWS: 2}, {"missing drivers": 1, WINDOWS: 2}),
        ({FORGOTTEN: 3}, {FORGOTTEN: 3}, {FORGOTTEN: 3}),
        ({FORGOTTEN: 3}, {}, {FORGOTTEN: 3}),
    ],
)
async def test_it_is_taken_from_the_same_job_without_instances(
    said: dict[str, int], fresh: dict[str, int], told: dict[str, int]
) -> None:
    nomad = FakeNomad(plan=plan(**fresh))
    result = await with_constraints(nomad.client, {"ID": "web"}, plan(**said), policy_override=True)

    assert result["FailedTGAllocs"]["web"] == {"ConstraintFiltered": told, "NodesEvaluated": 3}
    ((job, override),) = nomad.made("plan")
    assert job["ID"].startswith("web-")
    assert override


async def test_a_copy_that_can_be_placed_changes_nothing() -> None:
    nomad = FakeNomad(plan={"FailedTGAllocs": None})
    given = plan(**{FORGOTTEN: 1})
    assert await with_constraints(nomad.client, {"ID": "web"}, given, policy_override=False) == given


@pytest.mark.parametrize("given", [plan(**{WINDOWS: 1}), {"FailedTGAllocs": None}, {}])
async def test_nothing_is_asked_where_nomad_says_it(given: Json) -> None:
    nomad = FakeNomad()
    assert await with_constraints(nomad.client, {"ID": "web"}, given, policy_override=False) == given
    assert nomad.made("plan") == []
