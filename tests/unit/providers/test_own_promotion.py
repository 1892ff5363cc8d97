"""Which canaries `up` promotes, because Nomad would not wait for their checks."""

import json
from typing import Any

import pytest

from providers.nomad.client import Json
from providers.nomad.own_promotion import can_be_judged, held, held_as, promoted_by_up, reason, released, unawaited
from providers.nomad.spec import parse_json
from providers.properties import Properties

AUTOMATIC = {"Canary": 1, "AutoPromote": True}
CHECKED = {"Name": "web", "Checks": [{"Type": "http"}]}


def group(name: str = "web", update: Json | None = None, *services: Json, **more: Any) -> Json:
    return {"Name": name, "Update": update, "Services": list(services or [CHECKED]), **more}


def job(*groups: Json, **more: Any) -> Json:
    return {"ID": "web", "Type": "service", "TaskGroups": list(groups), **more}


RUNS = {**AUTOMATIC, "HealthCheck": "task_states"}


@pytest.mark.parametrize(
    ("of", "groups"),
    [
        (job(group(update=RUNS)), {"web"}),
        (job(group(update={**AUTOMATIC, "HealthCheck": "manual"})), {"web"}),
        (job(group(update=AUTOMATIC)), set()),
        (job(group(update={**AUTOMATIC, "HealthCheck": "checks"})), set()),
        (job(group(update={**RUNS, "AutoPromote": False})), set()),
        (job(group(update={**RUNS, "Canary": 0})), set()),
        (job(group(update=RUNS), Type="batch"), set()),
        (job(group(update=RUNS), Type="system"), {"web"}),
        (job(group("web", RUNS, {"Name": "web"})), set()),
        (job({"Name": "web", "Update": RUNS, "Tasks": [{"Services": [CHECKED]}]}), {"web"}),
        (job(group("web", AUTOMATIC, {"Name": "web", "Checks": [{"OnUpdate": "ignore"}]})), {"web"}),
        (job(group("web", AUTOMATIC, {"Name": "web", "OnUpdate": "ignore", "Checks": [{"OnUpdate": ""}]})), {"web"}),
        (job(group("web", AUTOMATIC, {"Name": "web", "Checks": [{"OnUpdate": "ignore_warnings"}]})), set()),
        # The job's update block is every group's.
        (job(group(update={"Canary": 1}), Update={"AutoPromote": True, "HealthCheck": "task_states"}), {"web"}),
        # Nomad promotes the canaries of all groups together, or none.
        (job(group(update=RUNS), group("api", AUTOMATIC)), {"web", "api"}),
        (job(group(update=RUNS), group("api", {**AUTOMATIC, "AutoPromote": False})), {"web"}),
        (job(), set()),
        # What is not a job, Nomad refuses.
        ({"TaskGroups": "none"}, set()),
        ({"TaskGroups": [{"Update": "x"}]}, set()),
    ],
)
def test_what_nomad_would_promote_without_the_checks(of: Json, groups: set[str]) -> None:
    assert promoted_by_up(of) == groups


def test_the_reason_is_in_the_words_of_the_job() -> None:
    assert reason(job(), group(update=RUNS)) == 'health_check is "task_states"'
    ignored = group("web", AUTOMATIC, {"Name": "web", "Checks": [{"OnUpdate": "ignore"}]})
    assert unawaited(job(), ignored) == ignored["Services"]
    assert reason(job(), ignored) == 'a check has on_update = "ignore"'


@pytest.mark.parametrize(
    ("service", "consul", "judged"),
    [
        (CHECKED, True, True),
        (CHECKED, False, False),
        ({**CHECKED, "Provider": "nomad"}, False, True),
        ({**CHECKED, "Name": "${NOMAD_JOB_NAME}-web"}, True, False),
    ],
)
def test_somebody_has_to_be_able_to_judge(service: Json, consul: bool, judged: bool) -> None:
    assert can_be_judged(job(group("web", RUNS, service)), consul=consul) is judged


def test_what_is_registered_is_no_change_of_what_is_wanted() -> None:
    wanted = job(group(update=RUNS), group("api", {"Canary": 0}))
    registered = held(wanted, promoted_by_up(wanted))
    assert [g["Update"].get("AutoPromote") for g in registered["TaskGroups"]] == [False, None]
    assert held_as(wanted, frozenset({"web"}), registered) == registered
    assert released(registered, frozenset({"web"})) == wanted
    # Registered by somebody else, or before: nothing is held back there.
    assert held_as(wanted, frozenset({"web"}), wanted) == wanted
    assert held_as(wanted, frozenset({"web"}), None) == wanted
    assert released(registered, frozenset()) == registered


def test_a_spec_knows_the_groups_by_its_wish() -> None:
    of = job(group("g", {**AUTOMATIC, "HealthCheck": "manual"}))
    text = json.dumps(of)
    spec = parse_json(Properties({"jobspec": text, "json": True}), "default")
    assert spec.by_up == {"g"}
    registered = held(spec.job, spec.by_up)
    assert spec.held_as(registered).job == registered
    assert spec.held_as(registered).by_up == {"g"}
