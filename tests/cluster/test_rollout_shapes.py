"""Rollouts of every shape that Nomad knows: what `up` waits for, and that it knows success from failure."""

from typing import Any

import pytest

from tests.cluster.programs import job, one_job
from tests.quick_engine.stack import Result, Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

SECOND = 10**9
WAIT_S = 60.0
BAD: dict[str, Any] = {"Config": {"command": "/bin/sh", "args": ["-c", "echo no config >&2; exit 7"]}}
Spec = dict[str, Any]


def deploy(stack: Stack, spec: Spec, *, fails: bool = False) -> Result:
    """`up` of a program with this one job."""
    one_job(stack, spec)
    result = stack.up(check=not fails)
    assert not fails or result.code != 0, result.text
    return result


def service(name: str, count: int = 1, update: Spec | None = None, **task: Any) -> Spec:
    """A job that neither restarts nor reschedules, and whose times are short."""
    spec = job(name, "service", **task)
    group = spec["TaskGroups"][0]
    group["Count"] = count
    group["RestartPolicy"] = {"Attempts": 0, "Delay": SECOND, "Interval": 300 * SECOND, "Mode": "fail"}
    group["ReschedulePolicy"] = {"Attempts": 0, "Unlimited": False}
    group["Update"] |= update or {}
    return spec


def versions(stack: Stack) -> list[int]:
    """The versions of the running instances."""
    return sorted(allocation["JobVersion"] for allocation in stack.nomad.running(stack.name))


def test_blue_green(stack: Stack) -> None:
    update = {"Canary": 2, "MaxParallel": 2, "AutoPromote": True, "AutoRevert": True}
    deploy(stack, service(stack.name, 2, update))
    deploy(stack, service(stack.name, 2, update, Env={"V": "2"}))
    assert versions(stack) == [1, 1]

    told = deploy(stack, service(stack.name, 2, update, **BAD), fails=True).text
    assert "it ended with exit code 7" in told
    assert "no config" in told
    assert "Nomad went back to version 1 (as version 3): 2 instances of it healthy again" in told
    assert versions(stack) == [3, 3]


def test_without_deployments_instances_count_once_they_have_run(stack: Stack) -> None:
    """`max_parallel = 0`: Nomad replaces all at once and judges nothing, so that `up` does."""
    update = {"MaxParallel": 0}
    deploy(stack, service(stack.name, 2, update))
    assert stack.nomad.call("GET", f"/v1/job/{stack.name}/deployments") == []
    assert versions(stack) == [0, 0]

    dies_later: Spec = {"Config": {"command": "/bin/sh", "args": ["-c", "sleep 0.5; exit 7"]}}
    told = deploy(stack, service(stack.name, 2, update, **dies_later), fails=True).text
    assert f'Job "{stack.name}" version 1 failed: its instances fail' in told
    # The other instance may still be on its way to the same end.
    assert "it ended with exit code 7" in told
    assert "nothing of the version before runs any more" in told

    deploy(stack, service(stack.name, 2, update, Env={"V": "3"}))
    assert versions(stack) == [2, 2]


def test_an_update_block_of_the_job_and_none_at_all(stack: Stack) -> None:
    spec = service(stack.name)
    of_the_group = spec["TaskGroups"][0].pop("Update")
    deploy(stack, {**spec, "Update": of_the_group})
    told = deploy(stack, {**service(stack.name, **BAD), "Update": of_the_group}, fails=True).text
    assert "it ended with exit code 7" in told

    without = service(stack.name, Env={"V": "3"})
    del without["TaskGroups"][0]["Update"]
    deploy(stack, without)
    assert versions(stack) == [2]


def test_one_bad_group_of_two_is_named_and_both_go_back(stack: Stack) -> None:
    def two(**second: Any) -> Spec:
        spec = service(stack.name, update={"Canary": 1, "AutoPromote": True, "AutoRevert": True})
        other = service(stack.name, update={"Canary": 1, "AutoPromote": True, "AutoRevert": True}, **second)
        spec["TaskGroups"][0]["Meta"] = {"version": str(second)}
        return {**spec, "TaskGroups": [*spec["TaskGroups"], {**other["TaskGroups"][0], "Name": "worker"}]}

    deploy(stack, two())
    told = deploy(stack, two(**BAD), fails=True).text
    assert "group worker, task t, allocation" in told
    assert "group g, " not in told
    assert "Nomad went back to version 0 (as version 2): 2 instances of it healthy again" in told


def test_without_a_progress_deadline_the_first_unhealthy_instance_ends_it(stack: Stack) -> None:
    update = {"ProgressDeadline": 0}
    deploy(stack, service(stack.name, update=update))
    told = deploy(stack, service(stack.name, update=update, **BAD), fails=True).text
    assert "it ended with exit code 7" in told


def test_a_failed_canary_that_waits_for_promotion(stack: Stack) -> None:
    update = {"Canary": 1, "AutoPromote": False, "AutoRevert": True}
    deploy(stack, service(stack.name, 2, update))
    told = deploy(stack, service(stack.name, 2, update, **BAD), fails=True).text
    assert "it ended with exit code 7" in told
    assert "Promote with" not in told
    assert "Nomad went back to version 0" in told


def test_from_none_to_two_to_none(stack: Stack) -> None:
    for version, count in enumerate((0, 2, 0)):
        deploy(stack, service(stack.name, count))
        assert versions(stack) == [version] * count


def test_a_bad_version_of_a_system_job(stack: Stack) -> None:
    def system(**task: Any) -> Spec:
        spec = service(stack.name, **task)
        del spec["TaskGroups"][0]["ReschedulePolicy"]
        return {**spec, "Type": "system"}

    deploy(stack, system())
    told = deploy(stack, system(**BAD), fails=True).text
    assert "it ended with exit code 7" in told
    assert "no config" in told
    deploy(stack, system(Env={"V": "3"}))
    assert versions(stack) == [2]


def test_a_batch_job_fails_when_its_tries_are_spent(stack: Stack) -> None:
    spec = job(stack.name, "batch", **BAD)
    group = spec["TaskGroups"][0]
    group["RestartPolicy"] = {"Attempts": 1, "Delay": SECOND, "Interval": 300 * SECOND, "Mode": "fail"}
    group["ReschedulePolicy"] = {
        "Attempts": 1,
        "Delay": 5 * SECOND,
        "DelayFunction": "constant",
        "Interval": 300 * SECOND,
        "Unlimited": False,
    }
    told = deploy(stack, spec, fails=True).text
    assert "it ended with exit code 7, 2 times" in told
    allocations = stack.nomad.call("GET", f"/v1/job/{stack.name}/allocations")
    assert [allocation["ClientStatus"] for allocation in allocations] == ["failed", "failed"]


def test_a_sysbatch_job_that_fails(stack: Stack) -> None:
    spec = job(stack.name, "sysbatch", **BAD)
    spec["TaskGroups"][0]["RestartPolicy"] = {"Attempts": 0, "Interval": 300 * SECOND, "Mode": "fail"}
    told = deploy(stack, spec, fails=True).text
    assert "it ended with exit code 7" in told
    assert "no config" in told


def test_a_run_of_a_periodic_job_is_no_change(stack: Stack) -> None:
    spec = job(stack.name, "batch", Config={"command": "/bin/true"})
    spec["Periodic"] = {"Enabled": True, "Specs": ["0 3 * * *"], "SpecType": "cron"}
    deploy(stack, spec)
    stack.nomad.call("POST", f"/v1/job/{stack.name}/periodic/force")

    def runs() -> list[str]:
        children = stack.nomad.call("GET", f"/v1/jobs?prefix={stack.name}/periodic-") or []
        return [child["Status"] for child in children]

    assert wait_until(lambda: runs() == ["dead"], WAIT_S)
    assert stack.up().unchanged
    assert stack.refresh().unchanged
