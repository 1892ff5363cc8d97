"""`pulumi up` killed at every phase: one plain command then converges; no duplicate, no orphan, no repair by hand."""

import subprocess
from collections.abc import Callable

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.kills import command, converges, descendants, kill, kill_when
from tests.faults.proxy import Proxy, Silence
from tests.faults.services import deploys, service
from tests.faults.test_nomad_api import REGISTER

pytestmark = pytest.mark.cluster

CHECKPOINTS = pytest.mark.parametrize("skip_checkpoints", ["false", "true"], ids=["checkpoints", "no-checkpoints"])


def start(project: Project) -> subprocess.Popen[str]:
    return project.start("up", "--yes", "--skip-preview")


def says(up: subprocess.Popen[str], text: str) -> Callable[[], bool]:
    """A condition: the command has printed a line with this text."""
    assert up.stdout is not None
    output = up.stdout

    def said() -> bool:
        # The phase that is waited for comes for sure, and the CLI prints each of its steps as a line at once.
        line = output.readline()
        return text in line

    return said


@pytest.mark.fault(15)
@CHECKPOINTS
@pytest.mark.parametrize("phase", ["RemoteImage", "RegistryImage"], ids=["build", "push"])
def test_killed_while_the_image_is_made(project: Project, phase: str, skip_checkpoints: str) -> None:
    project.environment["PULUMI_SKIP_CHECKPOINTS"] = skip_checkpoints
    project.up()
    project.edit("Hello from", "Good evening from")
    dockerfile = project.service / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text() + "\nRUN python3 -c 'import time; time.sleep(2)'\n")

    with Load(project.consul, project.name) as load:
        up = start(project)
        left = kill_when(up, says(up, f"{phase} "))
        assert project.nomad.job(project.name)["Version"] == 0
        converges(project, left)
    load.lost_none()
    assert project.nomad.job(project.name)["Version"] == 1
    assert len(project.nomad.running(project.name)) == 1


@pytest.mark.fault(15)
@CHECKPOINTS
def test_killed_before_the_registration(project: Project, nomad_proxy: Proxy, skip_checkpoints: str) -> None:
    project.environment["PULUMI_SKIP_CHECKPOINTS"] = skip_checkpoints
    second = second_of(project)

    with Load(project.consul, project.name) as load:
        with nomad_proxy.fault(Silence(on=REGISTER)) as swallowed:
            left = kill_when(start(project), lambda: swallowed.met > 0)
        assert project.nomad.job(project.name)["Version"] == 0
        converges(project, left)
    load.lost_none()
    second()


@pytest.mark.fault(15)
@CHECKPOINTS
@pytest.mark.parametrize("phase", ["registered", "canary-runs", "old-one-leaves"])
def test_killed_during_the_rollout(project: Project, phase: str, skip_checkpoints: str) -> None:
    project.environment["PULUMI_SKIP_CHECKPOINTS"] = skip_checkpoints
    second = second_of(project)
    conditions = {
        "registered": lambda: project.nomad.job(project.name)["Version"] == 1,
        "canary-runs": lambda: len(project.nomad.running(project.name)) == 2,
        "old-one-leaves": lambda: any(
            a["DesiredStatus"] == "stop" for a in project.nomad.call("GET", f"/v1/job/{project.name}/allocations")
        ),
    }

    with Load(project.consul, project.name) as load:
        left = kill_when(start(project), conditions[phase])
        converges(project, left)
    load.lost_none()
    second()


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
def test_killed_before_anything_has_begun(project: Project) -> None:
    second = second_of(project)

    up = start(project)
    left = kill(up)
    converges(project, left)
    second()


@pytest.mark.fault(15, "when the language host has just started, before the stack is locked")
def test_killed_before_the_stack_is_locked(project: Project) -> None:
    """No lock tells of the killed command; its language host would work on for minutes."""
    second = second_of(project)

    up = start(project)
    left = kill_when(up, lambda: any("pulumi-language-python " in command(pid) for pid in descendants(up.pid)))
    assert left
    converges(project, left)
    second()


def second_of(project: Project) -> Callable[[], None]:
    """Deploys a first version and declares a second; the result asserts that the second one runs, made just once."""
    deploys(project, service(project.name, "one"))
    project.up()
    deploys(project, service(project.name, "two"))

    def runs() -> None:
        assert project.nomad.job(project.name)["Version"] == 1
        assert project.nomad.job(project.name)["Stable"]
        (allocation,) = project.nomad.running(project.name)
        assert allocation["JobVersion"] == 1

    return runs


@CHECKPOINTS
def test_killed_and_then_changed_again(project: Project, skip_checkpoints: str) -> None:
    """What the killed command registered is neither recorded nor wanted now, and yet it is nobody else's."""
    project.environment["PULUMI_SKIP_CHECKPOINTS"] = skip_checkpoints
    second_of(project)
    left = kill_when(start(project), lambda: project.nomad.job(project.name)["Version"] == 1)

    deploys(project, service(project.name, "three"))
    with Load(project.consul, project.name) as load:
        converges(project, left)
    load.lost_none()
    assert project.nomad.job(project.name)["Version"] == 2
    (allocation,) = project.nomad.running(project.name)
    assert allocation["JobVersion"] == 2


def test_killed_and_then_taken_out(project: Project) -> None:
    """Without checkpoints nothing else remembers the job: it is told of."""
    project.environment["PULUMI_SKIP_CHECKPOINTS"] = "true"
    other = f"{project.name}-other"
    deploys(project, service(other, "one"))
    project.up()
    deploys(project, service(other, "one"), service(project.name, "one"))
    kill_when(start(project), lambda: project.nomad.job(project.name) is not None)

    deploys(project, service(other, "one"))
    text = project.up().text
    assert f'Job "{project.name}" (namespace default) is registered with the mark of this stack' in text
    project.nomad.call("DELETE", f"/v1/job/{project.name}?purge=true")
    assert "with the mark of this stack" not in project.up().text
