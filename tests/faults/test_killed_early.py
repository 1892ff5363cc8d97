"""`pulumi up` killed before it has recorded anything: the next one finds what there is, whatever is declared then."""

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.kills import CHECKPOINTS, command, converges, declared, descendants, kill, kill_when, start
from tests.faults.services import deploys, service
from tests.faults.serving import Serving

pytestmark = pytest.mark.cluster


@pytest.mark.fault(15)
@CHECKPOINTS
def test_killed_while_the_job_is_created(project: Project, skip_checkpoints: str) -> None:
    project.environment["PULUMI_SKIP_CHECKPOINTS"] = skip_checkpoints
    deploys(project, service(project.name, "one"))

    up = start(project)
    left = kill_when(up, lambda: project.nomad.job(project.name) is not None)
    converges(project, left)
    assert project.nomad.job(project.name)["Version"] == 0
    assert len(project.nomad.running(project.name)) == 1


@pytest.mark.fault(15, "before anything has begun")
def test_killed_before_anything_has_begun(serving_by_cli: Serving[Project]) -> None:
    project = declared(serving_by_cli, "false")

    up = start(project)
    left = kill(up)
    converges(project, left)
    assert serving_by_cli.next_runs()


@pytest.mark.fault(15, "when the language host has just started, before the stack is locked")
def test_killed_before_the_stack_is_locked(serving_by_cli: Serving[Project]) -> None:
    """No lock tells of the killed command; its language host would work on for minutes."""
    project = declared(serving_by_cli, "false")

    up = start(project)
    left = kill_when(up, lambda: any("pulumi-language-python " in command(pid) for pid in descendants(up.pid)))
    # The host may have ended by itself by now.
    converges(project, left)
    assert serving_by_cli.next_runs()


@CHECKPOINTS
def test_killed_and_then_changed_again(serving_by_cli: Serving[Project], skip_checkpoints: str) -> None:
    """What the killed command registered is neither recorded nor wanted now, and yet it is nobody else's."""
    project = declared(serving_by_cli, skip_checkpoints)
    left = kill_when(start(project), serving_by_cli.is_registered)

    serving_by_cli.declare()
    with Load(project.consul, project.name) as load:
        converges(project, left)
    load.lost_none()
    assert serving_by_cli.job_version() == serving_by_cli.version + 2
    assert serving_by_cli.runs() == [serving_by_cli.version + 2]


def test_killed_and_then_taken_out(project: Project) -> None:
    """Without checkpoints nothing else remembers the job: it is told of."""
    project.environment["PULUMI_SKIP_CHECKPOINTS"] = "true"
    other = f"{project.name}-other"
    deploys(project, service(other, "one"))
    project.up("--skip-preview")
    deploys(project, service(other, "one"), service(project.name, "one"))
    kill_when(start(project), lambda: project.nomad.job(project.name) is not None)

    deploys(project, service(other, "one"))
    text = project.up().text
    assert f'Job "{project.name}" (namespace default) is registered with the mark of this stack' in text
    project.nomad.call("DELETE", f"/v1/job/{project.name}?purge=true")
    assert "with the mark of this stack" not in project.up("--skip-preview").text
