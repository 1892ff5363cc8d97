"""Nodes that are bad, lost or full while a rollout goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project, Result
from tests.cluster.second_node import NAME, second_node
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

SECOND = 10**9
WAIT_S = 120.0
ON_SECOND = {"LTarget": "${meta.which}", "RTarget": NAME, "Operand": "="}


def write(project: Project, spec: dict[str, Any]) -> None:
    text = write_job(project.folder, "job", spec)
    use(project, f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True)\n")


def service(name: str, update: dict[str, Any], **task: Any) -> dict[str, Any]:
    spec = job(name, "service", **task)
    group = spec["TaskGroups"][0]
    group["RestartPolicy"] = {"Attempts": 0, "Delay": SECOND, "Interval": 300 * SECOND, "Mode": "fail"}
    group["ReschedulePolicy"] = {"Delay": 5 * SECOND, "DelayFunction": "constant", "Unlimited": True}
    group["Update"] |= update
    return spec


def test_one_bad_node_fails_no_rollout_where_another_may_be_tried(project: Project, tmp_path: Path) -> None:
    script = f'test "$WHICH" != {NAME} || exit 5; sleep 600'
    task = {"Config": {"command": "/bin/sh", "args": ["-c", script]}, "Env": {"WHICH": "${meta.which}"}}
    spec = service(project.name, {"HealthyDeadline": 40 * SECOND, "ProgressDeadline": 60 * SECOND}, **task)
    spec["TaskGroups"][0]["Affinities"] = [{**ON_SECOND, "Weight": 100}]
    with second_node(tmp_path, project.nomad):
        write(project, spec)
        project.up("--skip-preview")
        allocations = project.nomad.call("GET", f"/v1/job/{project.name}/allocations")
    assert {a["NodeName"]: a["ClientStatus"] for a in allocations} == {NAME: "failed", "caravan": "running"}


def test_where_it_is_bad_on_every_node_the_rollout_fails(project: Project, tmp_path: Path) -> None:
    spec = service(
        project.name,
        {"HealthyDeadline": 40 * SECOND, "ProgressDeadline": 300 * SECOND},
        Config={"command": "/bin/sh", "args": ["-c", "exit 5"]},
    )
    with second_node(tmp_path, project.nomad):
        write(project, spec)
        failed = project.up(check=False)
        nodes = {a["NodeName"] for a in project.nomad.call("GET", f"/v1/job/{project.name}/allocations")}
    assert failed.code != 0
    assert (
        f'Job "{project.name}" version 0 failed: it cannot succeed, so its deployment was ended at once'
        in failed.diagnostics
    )
    assert "(and 1 more allocation alike): it ended with exit code 5" in failed.diagnostics
    assert nodes == {NAME, "caravan"}


@pytest.mark.fault(3, "its node is lost meanwhile")
def test_a_node_that_is_lost_during_a_rollout(project: Project, tmp_path: Path) -> None:
    update = {"MinHealthyTime": 40 * SECOND, "HealthyDeadline": 50 * SECOND, "ProgressDeadline": 55 * SECOND}
    spec = service(project.name, update)
    spec["TaskGroups"][0]["Constraints"] = [ON_SECOND]
    with second_node(tmp_path, project.nomad) as node:
        write(project, spec)
        up = project.start("up", "--yes", "--skip-preview")
        assert wait_until(lambda: bool(project.nomad.running(project.name)), WAIT_S)
        node.lose()
        told = Result(0, up.communicate(timeout=WAIT_S)[0]).diagnostics
    assert up.returncode != 0
    assert f"on node {NAME}: its node was lost and does not answer Nomad any more" in told
    assert 'group g: 1 instance cannot be placed: constraint "${meta.which} = second" filtered 1 node' in told


@contextmanager
def no_new_instances(project: Project) -> Iterator[None]:
    """The cluster's only node takes nothing new."""
    (node,) = [node for node in project.nomad.call("GET", "/v1/nodes") if node["Status"] == "ready"]

    def eligible(value: str) -> None:
        path = f"/v1/node/{node['ID']}/eligibility"
        project.nomad.call("POST", path, {"NodeID": node["ID"], "Eligibility": value})

    eligible("ineligible")
    try:
        yield
    finally:
        eligible("eligible")


def test_what_finds_no_place_late_in_a_rollout_is_told(project: Project) -> None:
    update = {"MinHealthyTime": 4 * SECOND, "MaxParallel": 1}
    spec = service(project.name, update)
    spec["TaskGroups"][0]["Count"] = 2
    write(project, spec)
    project.up("--skip-preview")
    spec["TaskGroups"][0]["Tasks"][0]["Env"] = {"V": "2"}
    write(project, spec)

    up = project.start("up", "--yes", "--skip-preview")

    def begun() -> bool:
        return any(a["JobVersion"] == 1 for a in project.nomad.running(project.name))

    assert wait_until(begun, WAIT_S)
    with no_new_instances(project):
        told = Result(0, up.communicate(timeout=WAIT_S)[0]).text
    assert up.returncode != 0
    assert "group g: 1 instance cannot be placed: no node was eligible" in told
    assert "1 instance of the version before still runs" in told


def test_a_job_that_may_wait_for_a_place_is_registered_without_one(project: Project) -> None:
    write(project, service(project.name, {}))
    with no_new_instances(project):
        refused = project.up(check=False)
        assert refused.code != 0
        assert "pulumi config set nomad:waitForPlace true" in refused.diagnostics
        assert project.nomad.job(project.name) is None

        project.run("config", "set", "--path", "nomad:waitForPlace[0]", project.name)
        assert "It is registered all the same (nomad:waitForPlace)" in project.preview().diagnostics
        up = project.start("up", "--yes", "--skip-preview")
        assert wait_until(lambda: project.nomad.job(project.name) is not None, WAIT_S)
    text = up.communicate(timeout=WAIT_S)[0]
    assert up.returncode == 0, text
    assert len(project.nomad.running(project.name)) == 1
