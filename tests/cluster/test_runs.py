"""The runs that a periodic or parameterized job has started end with it."""

import json
from typing import Any

import pytest

from providers.words import counted
from tests.cluster.programs import job
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

PERIODIC = {"Periodic": {"Enabled": True, "Specs": ["0 3 1 1 *"], "SpecType": "cron"}}
PARAMETERIZED = {"ParameterizedJob": {"Payload": "optional"}}


def program(stack: Stack, name: str, more: dict[str, Any], purge: bool = True) -> None:
    spec = {**job(name, "batch"), **more}
    stack.write(f"nomad.Job('j', jobspec={json.dumps(spec)!r}, json=True, purge_on_destroy={purge})")


def started(stack: Stack, name: str, more: dict[str, Any]) -> str:
    """Starts a run of the job and waits for its instance; the run's ID."""
    if "ParameterizedJob" in more:
        run = str(stack.nomad.call("POST", f"/v1/job/{name}/dispatch", {})["DispatchedJobID"])
    else:
        run = name
    if "Periodic" in more:
        made = stack.nomad.call("POST", f"/v1/job/{run.replace('/', '%2F')}/periodic/force")["EvalID"]
        run = str(stack.nomad.call("GET", f"/v1/evaluation/{made}")["JobID"])
    assert wait_until(lambda: bool(stack.nomad.running(run.replace("/", "%2F"))), 30)
    return run


def left(stack: Stack, name: str) -> list[tuple[str, str]]:
    """The runs of a job that Nomad knows, with their status."""
    return [(j["ID"], j["Status"]) for j in stack.nomad.call("GET", f"/v1/jobs?prefix={name}") or []]


def instances(stack: Stack, name: str) -> list[str]:
    allocations = stack.nomad.call("GET", "/v1/allocations") or []
    return [a["JobID"] for a in allocations if a["JobID"].startswith(name) and a["ClientStatus"] == "running"]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(more, marks=pytest.mark.fault(34, f"destroyed while runs go on, {kind}"))
        for kind, more in (
            ("periodic", PERIODIC),
            ("parameterized", PARAMETERIZED),
            ("both", {**PERIODIC, **PARAMETERIZED}),
        )
    ],
)
def test_destroy_stops_them_and_says_how_many(stack: Stack, more: dict[str, Any]) -> None:
    """RW-31, RW-32, RW-33, job-files 9: of a job that is both, a dispatched run is periodic itself, and would go on."""
    name = stack.name[:40]
    program(stack, name, more)
    stack.up()
    # Two that are forced within one second are the same run.
    runs = {started(stack, name, more), started(stack, name, more)}
    assert stack.preview().unchanged

    told = stack.destroy().text
    going = len({*runs, *(run.rpartition("/")[0] for run in runs if run.count("/") == 2)})
    assert f'Job "{name}": {counted(going, "run")} that it has started ' in told
    assert f"{counted(len(runs), 'instance')} in all: " in told
    assert all(run in told for run in runs)
    assert instances(stack, name) == []
    assert left(stack, name) == []


def test_without_a_purge_they_are_stopped_and_stay_known(stack: Stack) -> None:
    name = stack.name[:40]
    program(stack, name, PARAMETERIZED, purge=False)
    stack.up()
    run = started(stack, name, PARAMETERIZED)
    stack.destroy()
    assert instances(stack, name) == []
    assert sorted(left(stack, name)) == [(name, "dead"), (run, "dead")]


def test_a_replacement_by_another_id_stops_them_and_the_preview_says_so(stack: Stack) -> None:
    name = stack.name[:40]
    program(stack, name, PARAMETERIZED)
    stack.up()
    run = started(stack, name, PARAMETERIZED)
    program(stack, f"{name}-b", PARAMETERIZED)
    assert f"1 run that it has started stops with it, 1 instance in all: {run}." in stack.preview().text
    stack.up()
    assert left(stack, name) == [(f"{name}-b", "running")]
    stack.destroy()


def test_runs_of_a_job_that_others_have_purged_are_stopped_by_destroy(stack: Stack) -> None:
    name = stack.name[:40]
    program(stack, name, PARAMETERIZED)
    stack.up()
    started(stack, name, PARAMETERIZED)
    stack.nomad.call("DELETE", f"/v1/job/{name}?purge=true")
    stack.destroy()
    assert instances(stack, name) == []
    assert left(stack, name) == []


def test_another_job_below_its_id_is_none_of_them(stack: Stack) -> None:
    name = stack.name[:40]
    program(stack, name, PARAMETERIZED)
    stack.up()
    stack.nomad.register(job(f"{name}/eu", "batch"))
    assert wait_until(lambda: bool(stack.nomad.running(f"{name}%2Feu")), 30)
    stack.destroy()
    assert left(stack, name) == [(f"{name}/eu", "running")]
