"""How the running job stands to the recorded one."""

from typing import Any, cast

import pytest

from providers.nomad.client import Json
from providers.nomad.spec import OWNER_KEY
from providers.nomad.standing import Assessment, Standing, assess
from tests.unit.providers.nomad_stub import FakeNomad
from tests.unit.providers.recordings import recorded

JOB = {"ID": "web", "Namespace": "default", "Version": 3, "JobModifyIndex": 30, "Stop": False}
MARK = {"Type": "Edited", "Name": f"Meta[{OWNER_KEY}]", "Old": "a", "New": "b"}


def plan(*fields: Json, count: tuple[str, str] | None = None) -> Json:
    groups = []
    if count:
        field = {"Type": "Edited", "Name": "Count", "Old": count[0], "New": count[1]}
        groups = [{"Type": "Edited", "Name": "web", "Fields": [field]}]
    return {"Diff": {"Type": "Edited" if fields or groups else "None", "Fields": list(fields), "TaskGroups": groups}}


PRIORITY = {"Type": "Edited", "Name": "Priority", "Old": "70", "New": "50"}


async def assessed(index: str | None = "20", **answers: Any) -> tuple[Assessment, FakeNomad]:
    async def wanted() -> Json:
        return {"ID": "web", "Namespace": "default"}

    nomad = FakeNomad(**{"job": JOB, **answers})
    return await assess(nomad.client, cast(Json | None, nomad.answers["job"]), wanted, index), nomad


async def test_untouched_costs_no_request() -> None:
    found, nomad = await assessed("30")
    assert found == Assessment(Standing.OURS, JOB)
    assert nomad.calls == []


async def test_gone() -> None:
    found, _ = await assessed(job=None)
    assert found == Assessment(Standing.GONE, None)


@pytest.mark.parametrize("index", ["20", "30"])
async def test_stopped(index: str) -> None:
    found, nomad = await assessed(index, job={**JOB, "Stop": True})
    assert found.standing is Standing.STOPPED
    assert nomad.calls == []


@pytest.mark.parametrize("same", [plan(), plan(MARK)])
async def test_registered_anew_with_the_same_content(same: Json) -> None:
    found, _ = await assessed(plan=same)
    assert (found.standing, found.changes) == (Standing.OURS, [])


async def test_scaled() -> None:
    found, _ = await assessed(plan=plan(count=("5", "2")))
    assert found.standing is Standing.SCALED
    # The plan goes from the running job to the recorded one; people read what somebody did.
    assert [change.text() for change in found.changes] == ['group web: Count "2" → "5"']


@pytest.mark.parametrize("change", [plan(PRIORITY), plan(PRIORITY, count=("5", "2"))])
async def test_foreign(change: Json) -> None:
    found, _ = await assessed(plan=change)
    assert found.standing is Standing.FOREIGN
    assert found.changes[0].text() == 'Priority "50" → "70"'


async def test_without_a_recorded_index_the_content_decides() -> None:
    assert (await assessed(None, plan=plan()))[0].standing is Standing.OURS
    assert (await assessed(None, plan=plan(PRIORITY)))[0].standing is Standing.FOREIGN


def reverted(**changes: Any) -> dict[str, Any]:
    """What Nomad has after it went back to version 0 by itself, as version 2."""
    record = recorded("versions-after-revert")
    newest = max(record["versions"], key=lambda job: job["Version"])
    return {
        "job": {**newest, **changes},
        "versions": record["versions"],
        "deployments": record["deployments"],
        "plan": recorded("plan-update"),
    }


async def test_reverted_by_nomad_itself() -> None:
    found, _ = await assessed(**reverted())
    assert found.standing is Standing.REVERTED
    assert found.changes


async def test_reverted_by_nomad_itself_after_others_changed_it_too() -> None:
    """Somebody's version came between, and is gone again."""
    answers = reverted(Version=4, JobModifyIndex=99)
    answers["versions"] = [*answers["versions"], {**answers["job"], "Version": 3, "Priority": 90}, answers["job"]]
    assert (await assessed(**answers))[0].standing is Standing.REVERTED


async def test_scaled_after_a_revert() -> None:
    answers = reverted()
    groups = [{**group, "Count": group["Count"] + 2} for group in answers["job"]["TaskGroups"]]
    answers["job"] = {**answers["job"], "Version": 3, "JobModifyIndex": 99, "TaskGroups": groups}
    found, _ = await assessed(**answers)
    assert found.standing is Standing.SCALED
    assert [change.is_count for change in found.changes] == [True]


async def test_put_back_by_hand_after_a_later_version_of_ours() -> None:
    """Nomad's own revert is long over: what this stack has registered since was taken back by somebody."""
    answers = reverted(Version=4, JobModifyIndex=99)
    ours = {**answers["job"], "Version": 3, "Priority": 90, "JobModifyIndex": 77}
    answers["versions"] = [*answers["versions"], ours, answers["job"]]
    assert (await assessed("77", **answers))[0].standing is Standing.FOREIGN


@pytest.mark.parametrize("change", [{"Priority": 90}, {"TaskGroups": []}])
async def test_changed_by_hand_after_a_revert(change: dict[str, Any]) -> None:
    found, _ = await assessed(**reverted(**change))
    assert found.standing is Standing.FOREIGN


async def test_the_version_that_a_revert_went_to_is_no_longer_known() -> None:
    answers = reverted()
    answers["versions"] = [job for job in answers["versions"] if job["Version"] != 0]
    assert (await assessed(**answers))[0].standing is Standing.FOREIGN
