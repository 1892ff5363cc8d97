"""Rollouts of every shape that Nomad knows: what `up` waits for, and that it knows success from failure."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project, Result
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

SECOND = 10**9
WAIT_S = 60.0
BAD: dict[str, Any] = {"Config": {"command": "/bin/sh", "args": ["-c", "echo no config >&2; exit 7"]}}
Spec = dict[str, Any]


def deploy(project: Project, spec: Spec, *, fails: bool = False) -> Result:
    """`up` of a program with this one job."""
    text = write_job(project.folder, "job", spec)
    use(project, f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True)\n")
    result = project.up("--skip-preview", check=not fails)
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


def versions(project: Project) -> list[int]:
    """The versions of the running instances."""
    return sorted(allocation["JobVersion"] for allocation in project.nomad.running(project.name))


def test_blue_green(project: Project) -> None:
    update = {"Canary": 2, "MaxParallel": 2, "AutoPromote": True, "AutoRevert": True}
    deploy(project, service(project.name, 2, update))
    deploy(project, service(project.name, 2, update, Env={"V": "2"}))
    assert versions(project) == [1, 1]

    told = deploy(project, service(project.name, 2, update, **BAD), fails=True).diagnostics
    assert "it ended with exit code 7" in told
    assert "no config" in told
    assert "Nomad went back to version 1 (as version 3): 2 instances of it healthy again" in told
    assert versions(project) == [3, 3]


def test_without_deployments_instances_count_once_they_have_run(project: Project) -> None:
    """`max_parallel = 0`: Nomad replaces all at once and judges nothing, so that `up` does."""
    update = {"MaxParallel": 0}
    deploy(project, service(project.name, 2, update))
    assert project.nomad.call("GET", f"/v1/job/{project.name}/deployments") == []
    assert versions(project) == [0, 0]

    dies_later: Spec = {"Config": {"command": "/bin/sh", "args": ["-c", "sleep 0.5; exit 7"]}}
    told = deploy(project, service(project.name, 2, update, **dies_later), fails=True).diagnostics
    assert f'Job "{project.name}" version 1 failed: its instances fail' in told
    # The other instance may still be on its way to the same end.
    assert "it ended with exit code 7" in told
    assert "nothing of the version before runs any more" in told

    deploy(project, service(project.name, 2, update, Env={"V": "3"}))
    assert versions(project) == [2, 2]


def test_an_update_block_of_the_job_and_none_at_all(project: Project) -> None:
    spec = service(project.name)
    of_the_group = spec["TaskGroups"][0].pop("Update")
    deploy(project, {**spec, "Update": of_the_group})
    told = deploy(project, {**service(project.name, **BAD), "Update": of_the_group}, fails=True).diagnostics
    assert "it ended with exit code 7" in told

    without = service(project.name, Env={"V": "3"})
    del without["TaskGroups"][0]["Update"]
    deploy(project, without)
    assert versions(project) == [2]


def test_one_bad_group_of_two_is_named_and_both_go_back(project: Project) -> None:
    def two(**second: Any) -> Spec:
        spec = service(project.name, update={"Canary": 1, "AutoPromote": True, "AutoRevert": True})
        other = service(project.name, update={"Canary": 1, "AutoPromote": True, "AutoRevert": True}, **second)
        spec["TaskGroups"][0]["Meta"] = {"version": str(second)}
        return {**spec, "TaskGroups": [*spec["TaskGroups"], {**other["TaskGroups"][0], "Name": "worker"}]}

    deploy(project, two())
    told = deploy(project, two(**BAD), fails=True).diagnostics
    assert "group worker, task t, allocation" in told
    assert "group g, " not in told
    assert "Nomad went back to version 0 (as version 2): 2 instances of it healthy again" in told


def test_without_a_progress_deadline_the_first_unhealthy_instance_ends_it(project: Project) -> None:
    update = {"ProgressDeadline": 0}
    deploy(project, service(project.name, update=update))
    told = deploy(project, service(project.name, update=update, **BAD), fails=True).diagnostics
    assert "it ended with exit code 7" in told


def test_a_failed_canary_that_waits_for_promotion(project: Project) -> None:
    update = {"Canary": 1, "AutoPromote": False, "AutoRevert": True}
    deploy(project, service(project.name, 2, update))
    told = deploy(project, service(project.name, 2, update, **BAD), fails=True).diagnostics
    assert "it ended with exit code 7" in told
    assert "Promote with" not in told
    assert "Nomad went back to version 0" in told


def test_from_none_to_two_to_none(project: Project) -> None:
    for version, count in enumerate((0, 2, 0)):
        deploy(project, service(project.name, count))
        assert versions(project) == [version] * count


def test_a_bad_version_of_a_system_job(project: Project) -> None:
    def system(**task: Any) -> Spec:
        spec = service(project.name, **task)
        del spec["TaskGroups"][0]["ReschedulePolicy"]
        return {**spec, "Type": "system"}

    deploy(project, system())
    told = deploy(project, system(**BAD), fails=True).diagnostics
    assert "it ended with exit code 7" in told
    assert "no config" in told
    deploy(project, system(Env={"V": "3"}))
    assert versions(project) == [2]


def test_a_batch_job_fails_when_its_tries_are_spent(project: Project) -> None:
    spec = job(project.name, "batch", **BAD)
    group = spec["TaskGroups"][0]
    group["RestartPolicy"] = {"Attempts": 1, "Delay": SECOND, "Interval": 300 * SECOND, "Mode": "fail"}
    group["ReschedulePolicy"] = {
        "Attempts": 1,
        "Delay": 5 * SECOND,
        "DelayFunction": "constant",
        "Interval": 300 * SECOND,
        "Unlimited": False,
    }
    told = deploy(project, spec, fails=True).diagnostics
    assert "it ended with exit code 7, 2 times" in told
    allocations = project.nomad.call("GET", f"/v1/job/{project.name}/allocations")
    assert [allocation["ClientStatus"] for allocation in allocations] == ["failed", "failed"]


def test_a_sysbatch_job_that_fails(project: Project) -> None:
    spec = job(project.name, "sysbatch", **BAD)
    spec["TaskGroups"][0]["RestartPolicy"] = {"Attempts": 0, "Interval": 300 * SECOND, "Mode": "fail"}
    told = deploy(project, spec, fails=True).diagnostics
    assert "it ended with exit code 7" in told
    assert "no config" in told


def test_a_run_of_a_periodic_job_is_no_change(project: Project) -> None:
    spec = job(project.name, "batch", Config={"command": "/bin/true"})
    spec["Periodic"] = {"Enabled": True, "Specs": ["0 3 * * *"], "SpecType": "cron"}
    deploy(project, spec)
    project.nomad.call("POST", f"/v1/job/{project.name}/periodic/force")

    def runs() -> list[str]:
        children = project.nomad.call("GET", f"/v1/jobs?prefix={project.name}/periodic-") or []
        return [child["Status"] for child in children]

    assert wait_until(lambda: runs() == ["dead"], WAIT_S)
    unchanged: Callable[[str], Any] = re.compile(r"Resources:\n\s+\d+ unchanged\n").search
    assert unchanged(project.up("--skip-preview").text)
    assert unchanged(project.run("refresh", "--yes").text)
