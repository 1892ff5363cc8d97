"""Whether a service keeps serving while its job changes, and what the advice is where it does not."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from providers.nomad.client import Json
from providers.nomad.job_context import JobContext
from providers.nomad.meanwhile import Meanwhile, meanwhile, static_ports
from providers.nomad.own_promotion import promoted_by_up
from providers.nomad.spec import Spec
from providers.plugin import Engine
from providers.properties import Properties
from tests.unit.providers.nomad_stub import FakeHub, FakeNomad

PLAIN = "urn:pulumi:dev::caravan::nomad:index/job:Job::web"
OF_COMPONENT = "urn:pulumi:dev::caravan::caravan:index:Microservice$nomad:index/job:Job::web"
RUNNING = {"TaskGroup": "web", "ClientStatus": "running", "DesiredStatus": "run"}
FITS: Json = {}
FULL: Json = {"FailedTGAllocs": {"web": {"DimensionExhausted": {"memory": 1}}}}
REPLACED = {"DestructiveUpdate": 1}
CANARY = {"Canary": 1, "Ignore": 1}
STATIC = [{"ReservedPorts": [{"Label": "http", "Value": 8080}]}]


def planned(**counts: int) -> Json:
    return {"Annotations": {"DesiredTGUpdates": {"web": counts}}}


def job(type_: str = "service", **group: Any) -> Json:
    return {"ID": "web", "Namespace": "default", "Type": type_, "TaskGroups": [{"Name": "web", "Count": 1, **group}]}


async def told(
    of: Json,
    counts: dict[str, int],
    *asked: Json,
    urn: str = PLAIN,
    preview: bool = True,
    refuses: Callable[[str], bool] = lambda _: False,
    **inputs: Any,
) -> tuple[Meanwhile, FakeNomad]:
    """`asked`: the scheduler's answers to what is tried."""
    answers = iter(asked)
    nomad = FakeNomad(allocations=[RUNNING], plan=lambda: next(answers))
    context = JobContext(
        cast(Engine, None), nomad.client, FakeHub().hub, None, asyncio.Event(), refuses_downtime=refuses
    )
    spec = Spec(of, secret=False, by_up=promoted_by_up(of))
    return await meanwhile(context, urn, spec, Properties(inputs), planned(**counts), preview=preview), nomad


async def test_a_job_without_a_canary_is_told_what_to_add() -> None:
    """Finding F5."""
    found, nomad = await told(job(Services=[{"Name": "web-http"}]), REPLACED, FITS)
    (warning,) = found.warnings
    assert warning == (
        'job "web", group web: instances are replaced 1 at a time, each stopped before its successor is healthy; '
        '0 keep serving meanwhile\nTo keep it serving, add to group "web":\n'
        "  update {\n    canary       = 1\n    auto_promote = true\n    auto_revert  = true\n  }\n"
        'and to service "web-http", which counts as healthy as soon as it runs:\n'
        '  check {\n    type     = "http"\n    path     = "/" # one that answers with 200 when the instance can serve\n'
        '    interval = "5s"\n    timeout  = "2s"\n  }'
    )
    assert (found.lines, found.problems) == ([], [])
    ((tried, _),) = nomad.made("plan")
    assert tried["TaskGroups"][0]["Update"] == {"Canary": 1, "AutoPromote": True, "AutoRevert": True}


async def test_the_advice_is_in_the_language_of_the_job() -> None:
    found, _ = await told(job(), REPLACED, FITS, json=True)
    assert found.warnings[0].endswith('"Update": {"Canary": 1, "AutoPromote": true, "AutoRevert": true}')
    found, _ = await told(job(), REPLACED, FITS, urn=OF_COMPONENT, json=True)
    assert found.warnings[0].endswith("To keep it serving, set rollout.canary: 1 in its service.yaml.")


@pytest.mark.parametrize(
    ("group", "answers", "advice"),
    [
        ({}, [FULL], "A canary cannot be placed beside the running instance: with one more node"),
        ({"Networks": STATIC}, [FULL], 'running instance, which holds static port 8080 ("http"): with one more node'),
        (
            {"Volumes": {"d": {"Type": "host", "Source": "db"}}, "Tasks": [{"VolumeMounts": [{"Volume": "d"}]}]},
            [],
            'A canary beside it would write to volume "d" ("db") at the same time, so there is no other way.',
        ),
    ],
)
async def test_no_canary_is_advised_that_would_not_work(group: Json, answers: list[Json], advice: str) -> None:
    """Findings RW-20, RW-54: with canary 0 the warning advised a canary."""
    found, _ = await told(job(**group), REPLACED, *answers)
    assert advice in found.warnings[0]


async def test_a_canary_of_a_static_port_is_tried_on_another_node() -> None:
    _, nomad = await told(job(Networks=STATIC), REPLACED, FITS)
    ((tried, _),) = nomad.made("plan")
    assert tried["TaskGroups"][0]["Constraints"][0]["Operand"] == "distinct_hosts"


async def test_an_update_repeats_what_takes_the_service_down_and_nothing_else() -> None:
    found, nomad = await told(job(), REPLACED, preview=False)
    (warning,) = found.warnings
    assert warning.endswith("0 keep serving meanwhile")
    assert nomad.made("plan") == []
    found, _ = await told(job(), CANARY, preview=False)
    assert found == Meanwhile()


@pytest.mark.parametrize("preview", [True, False])
async def test_downtime_is_refused_where_that_is_asked(preview: bool) -> None:
    found, _ = await told(job(), REPLACED, FITS, preview=preview, refuses=lambda job_id: job_id == "web")
    (problem,) = found.problems
    assert "0 keep serving meanwhile\nnomad:refuseDowntime refuses such a change.\nTo keep it serving" in problem
    assert found.warnings == []
    found, _ = await told(job(), CANARY, preview=preview, refuses=lambda _: True)
    assert found.problems == []


@pytest.mark.parametrize("kind", ["batch", "sysbatch"])
async def test_what_runs_to_its_end_serves_nobody(kind: str) -> None:
    found, nomad = await told(job(kind), REPLACED, refuses=lambda _: True)
    assert found.problems == []
    assert nomad.made("plan") == []


async def test_nobody_promotes_by_the_checks_where_up_does_not_stay() -> None:
    update = {"Canary": 1, "AutoPromote": True, "AutoRevert": True, "HealthCheck": "task_states"}
    services = [{"Name": "web", "Provider": "nomad", "Checks": [{}]}]
    found, _ = await told(job(Update=update, Services=services), CANARY, detach=True, refuses=lambda _: True)
    assert found.problems[0].endswith('To keep it serving, set health_check = "checks" in the update block.')
    found, _ = await told(job(Update=update, Services=services), CANARY, refuses=lambda _: True)
    assert found.problems == []
    assert "`up` promotes, not Nomad" in found.lines[0]


async def test_a_canary_never_gets_another_address_of_the_same_node() -> None:
    """Finding B3: Nomad takes every address of a node's interface for a placement of its own."""
    found, nomad = await told(job(Networks=STATIC), CANARY, FULL, planned(**REPLACED))
    (problem,) = found.problems
    assert problem == (
        'job "web", group web: static port 8080 ("http") is held by the running instance. A canary could be placed '
        "only on the same node, at another of its addresses, and the address of now would end with the old instance.\n"
        "With canary = 0 in the update block (and no auto_promote) it works: instances are replaced 1 at a time, each "
        "stopped before its successor is healthy; 0 keep serving meanwhile."
    )
    apart, without = (tried for tried, _ in nomad.made("plan"))
    assert apart["TaskGroups"][0]["Constraints"] == [{"LTarget": "", "RTarget": "true", "Operand": "distinct_hosts"}]
    assert without["TaskGroups"][0]["Update"] == {"Canary": 0, "AutoPromote": False}


async def test_a_canary_with_a_node_of_its_own_goes_there() -> None:
    found, _ = await told(job(Networks=STATIC), CANARY, FITS)
    assert found.problems == []
    apart = job(Networks=STATIC, Constraints=[{"Operand": "distinct_hosts", "RTarget": "true"}])
    found, nomad = await told(apart, CANARY)
    assert (found.problems, nomad.made("plan")) == ([], [])


async def test_a_canary_never_writes_where_one_may() -> None:
    """Finding RW-54."""
    data = {"Type": "csi", "Source": "db", "AccessMode": "single-node-writer"}
    of = job(Volumes={"data": data}, Tasks=[{"VolumeMounts": [{"Volume": "data"}]}])
    found, _ = await told(of, CANARY, planned(**REPLACED), urn=OF_COMPONENT)
    (problem,) = found.problems
    assert problem == (
        'job "web", group web: a canary would write to volume "data" ("db") beside the running instance.\n'
        "With rollout.canary: 0 in its service.yaml it works: instances are replaced 1 at a time, each stopped before "
        "its successor is healthy; 0 keep serving meanwhile.\n"
        "If several may write to it at once, say so: access: single-node-multi-writer."
    )


async def test_folders_of_the_node_are_warned_of() -> None:
    tasks = [{"Driver": "docker", "Config": {"volumes": ["/srv/db:/data"]}}]
    found, _ = await told(job(Tasks=tasks), CANARY)
    assert 'job "web", group web: the canary and the running instance both write to /srv/db.' in found.warnings[-1]
    found, _ = await told(job(Tasks=tasks), CANARY, preview=False)
    assert found.warnings == []


def test_static_ports_of_groups_and_of_tasks() -> None:
    old = {"Tasks": [{"Resources": {"Networks": [{"ReservedPorts": [{"Label": "db", "Value": 5432}]}]}}]}
    assert static_ports(old) == ['static port 5432 ("db")']
    assert static_ports({"Networks": STATIC}) == ['static port 8080 ("http")']
    assert static_ports({"Networks": [{"DynamicPorts": [{"Label": "http"}]}]}) == []
