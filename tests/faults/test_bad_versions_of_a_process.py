"""Versions that are bad in their own way, and slow ones that are good, under load."""

import shutil
from typing import Any

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.services import SECOND_NS, deploys, service
from tests.faults.serving import Serving
from tests.observation import Observation
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "check-times-out": ({"Env": {"HEALTH_TAKES_S": "60"}}, "no answer within the check's timeout"),
    "nothing-listens": ({"Env": {"START_AFTER_S": "600"}}, "nothing listens on the port"),
    "crashes": ({"Env": {"CRASH_AFTER_S": "0.2", "HEALTH_TAKES_S": "60"}}, "it ended with exit code 3"),
}
CASES = [
    pytest.param("check-times-out", marks=pytest.mark.fault(3, "its check times out, under load")),
    pytest.param("nothing-listens", marks=pytest.mark.fault(3, "nothing listens on its port, under load")),
    pytest.param("crashes", marks=pytest.mark.fault(4, "crashes before it is healthy, under load")),
]


@pytest.mark.parametrize("kind", CASES)
def test_a_bad_version_is_told_and_taken_back(serving: Serving[Stack], seen: Observation, kind: str) -> None:
    task, words = BAD[kind]
    job = service(serving.name, serving.next_greeting(), **task)
    job["TaskGroups"][0]["Update"] |= {"HealthyDeadline": 8 * SECOND_NS, "ProgressDeadline": 10 * SECOND_NS}
    serving.declare_job(job)

    with Load(serving.consul, serving.name) as load:
        failed = serving.target.up(check=False)
    assert failed.code != 0
    seen.reads(failed.text, words)
    assert f"Nomad went back to version {serving.version}" in failed.text
    load.lost_none()
    assert load.answers == {serving.before}


@pytest.mark.fault(6, "it listens after 8 of 15 s, under load")
def test_a_slow_start_within_the_deadline(serving_by_cli: Serving[Project]) -> None:
    serving_by_cli.declare(Env={"START_AFTER_S": "8"})

    with Load(serving_by_cli.consul, serving_by_cli.name) as load:
        serving_by_cli.target.up("--skip-preview")
    load.lost_none()
    assert serving_by_cli.next_runs()


@pytest.mark.fault(8, "what the version before needs is gone meanwhile")
@pytest.mark.fault(9, "after a way back that failed, too")
def test_the_way_back_fails_too(project: Project, seen: Observation) -> None:
    """Without a canary the old instance ends first, and its program is then not there any more."""

    def version(greeting: str, **task: Any) -> dict[str, Any]:
        spec = service(project.name, greeting, **task)
        spec["TaskGroups"][0]["Update"] |= {"Canary": 0, "AutoPromote": False}
        return spec

    first = version("one")
    config = first["TaskGroups"][0]["Tasks"][0]["Config"]
    program = project.folder / "of-the-first.py"
    shutil.copy(config["args"][0], program)
    config["args"][0] = str(program)
    deploys(project, first)
    project.up("--skip-preview")
    program.unlink()
    deploys(project, version("two", Env={"CRASH_AFTER_S": "0.2"}))

    failed = project.up("--skip-preview", check=False)
    assert failed.code != 0
    assert "it ended with exit code 3" in failed.diagnostics
    seen.reads(failed.diagnostics, "Nomad tried to go back to version 0 and failed in that too")
    versions = project.nomad.job(project.name)["Version"]

    deploys(project, version("three"))
    project.up("--skip-preview")
    assert project.nomad.job(project.name)["Version"] == versions + 1
    assert len(project.consul.healthy(project.name)) == 1
    project.preview("--expect-no-changes")
