"""Nodes that are bad, lost or full while a rollout goes on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.programs import job, one_job, use, write_job
from tests.cluster.project import Project
from tests.cluster.second_node import NAME, second_node
from tests.observation import Observation
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

SECOND = 10**9
WAIT_S = 120.0
ON_SECOND = {"LTarget": "${meta.which}", "RTarget": NAME, "Operand": "="}


def service(name: str, update: dict[str, Any], **task: Any) -> dict[str, Any]:
    spec = job(name, "service", **task)
    group = spec["TaskGroups"][0]
    group["RestartPolicy"] = {"Attempts": 0, "Delay": SECOND, "Interval": 300 * SECOND, "Mode": "fail"}
    group["ReschedulePolicy"] = {"Delay": 5 * SECOND, "DelayFunction": "constant", "Unlimited": True}
    group["Update"] |= update
    return spec


def test_one_bad_node_fails_no_rollout_where_another_may_be_tried(stack: Stack, tmp_path: Path) -> None:
    script = f'test "$WHICH" != {NAME} || exit 5; sleep 600'
    task = {"Config": {"command": "/bin/sh", "args": ["-c", script]}, "Env": {"WHICH": "${meta.which}"}}
    spec = service(stack.name, {"HealthyDeadline": 40 * SECOND, "ProgressDeadline": 60 * SECOND}, **task)
    spec["TaskGroups"][0]["Affinities"] = [{**ON_SECOND, "Weight": 100}]
    with second_node(tmp_path, stack.nomad):
        one_job(stack, spec)
        stack.up()
        allocations = stack.nomad.call("GET", f"/v1/job/{stack.name}/allocations")
    assert {a["NodeName"]: a["ClientStatus"] for a in allocations} == {NAME: "failed", "caravan": "running"}


def test_where_it_is_bad_on_every_node_the_rollout_fails(stack: Stack, tmp_path: Path) -> None:
    spec = service(
        stack.name,
        {"HealthyDeadline": 40 * SECOND, "ProgressDeadline": 300 * SECOND},
        Config={"command": "/bin/sh", "args": ["-c", "exit 5"]},
    )
    with second_node(tmp_path, stack.nomad):
        one_job(stack, spec)
        failed = stack.up(check=False)
        nodes = {a["NodeName"] for a in stack.nomad.call("GET", f"/v1/job/{stack.name}/allocations")}
    assert failed.code != 0
    assert f'Job "{stack.name}" version 0 failed: it cannot succeed, so its deployment was ended at once' in failed.text
    assert "(and 1 more allocation alike): it ended with exit code 5" in failed.text
    assert nodes == {NAME, "caravan"}


@pytest.mark.fault(3, "its node is lost meanwhile")
def test_a_node_that_is_lost_during_a_rollout(stack: Stack, tmp_path: Path, seen: Observation) -> None:
    # Nomad knows within 30 s: the longest heartbeat (20 s) and its grace (10 s).
    update = {"MinHealthyTime": 38 * SECOND, "HealthyDeadline": 42 * SECOND, "ProgressDeadline": 45 * SECOND}
    spec = service(stack.name, update)
    spec["TaskGroups"][0]["Constraints"] = [ON_SECOND]
    with second_node(tmp_path, stack.nomad) as node:
        one_job(stack, spec)
        up = stack.start()
        assert wait_until(lambda: bool(stack.nomad.running(stack.name)), WAIT_S)
        node.lose()
        result = up.result()
    assert result.code != 0
    seen.reads(result.text, f"on node {NAME}: its node was lost and does not answer Nomad any more")
    assert 'group g: 1 instance cannot be placed: constraint "${meta.which} = second" filtered 1 node' in result.text


@contextmanager
def no_new_instances(stack: Stack) -> Iterator[None]:
    """The cluster's only node takes nothing new."""
    (node,) = [node for node in stack.nomad.call("GET", "/v1/nodes") if node["Status"] == "ready"]

    def eligible(value: str) -> None:
        path = f"/v1/node/{node['ID']}/eligibility"
        stack.nomad.call("POST", path, {"NodeID": node["ID"], "Eligibility": value})

    eligible("ineligible")
    try:
        yield
    finally:
        eligible("eligible")


def test_what_finds_no_place_late_in_a_rollout_is_told(stack: Stack) -> None:
    spec = service(stack.name, {})
    spec["TaskGroups"][0]["Count"] = 2
    one_job(stack, spec)
    stack.up()
    times = {"MinHealthyTime": 4 * SECOND, "HealthyDeadline": 10 * SECOND, "ProgressDeadline": 12 * SECOND}
    spec["TaskGroups"][0]["Update"] |= {**times, "MaxParallel": 1}
    spec["TaskGroups"][0]["Tasks"][0]["Env"] = {"V": "2"}
    one_job(stack, spec)

    up = stack.start()

    def begun() -> bool:
        return any(a["JobVersion"] == 1 for a in stack.nomad.running(stack.name))

    assert wait_until(begun, WAIT_S)
    with no_new_instances(stack):
        result = up.result()
    assert result.code != 0
    assert "group g: 1 instance cannot be placed: no node was eligible" in result.text
    assert "1 instance of the version before still runs" in result.text


def test_a_job_that_may_wait_for_a_place_is_registered_without_one(stack: Stack) -> None:
    one_job(stack, service(stack.name, {}))
    with no_new_instances(stack):
        refused = stack.up(check=False)
        assert refused.code != 0
        assert "pulumi config set nomad:waitForPlace true" in refused.text
        assert stack.nomad.job(stack.name) is None

        stack.config["nomad:waitForPlace"] = json.dumps([stack.name])
        assert "It is registered all the same (nomad:waitForPlace)" in stack.preview().text
        up = stack.start()
        assert wait_until(lambda: stack.nomad.job(stack.name) is not None, WAIT_S)
    result = up.result()
    assert result.code == 0, result.text
    assert len(stack.nomad.running(stack.name)) == 1


def test_the_jobs_that_may_wait_are_listed_by_pulumi_config(project: Project) -> None:
    spec = {**job(project.name, "service"), "Constraints": [{**ON_SECOND, "RTarget": "nowhere"}]}
    use(project, f"nomad.Job('j', jobspec={write_job(project.folder, 'job', spec)}, json=True)\n")
    project.run("config", "set", "--path", "nomad:waitForPlace[0]", project.name)
    assert "It is registered all the same (nomad:waitForPlace)" in project.preview().diagnostics
