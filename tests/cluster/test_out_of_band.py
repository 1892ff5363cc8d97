"""Others use the cluster too: what they change is never overwritten in silence, and never missed."""

import os
import signal
import subprocess
from typing import Any

import pytest

from tests.cluster.project import Project, interrupt
from tests.faults.services import deploys, service
from tests.observation import Observation
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

WAIT_S = 180.0


def changed_by_hand(target: Project | Stack) -> None:
    """As `nomad job run` does."""
    job = target.nomad.job(target.name)
    job["TaskGroups"][0]["Tasks"][0]["Resources"]["MemoryMB"] = 72
    target.nomad.register(job)


def memory_mb(target: Project | Stack) -> int:
    return int(target.nomad.job(target.name)["TaskGroups"][0]["Tasks"][0]["Resources"]["MemoryMB"])


@pytest.mark.fault(17, "another memory")
@pytest.mark.fault(18, "stopped, through the CLI")
def test_a_job_that_was_changed_by_hand_is_not_overwritten(project: Project, seen: Observation) -> None:
    deploys(project, service(project.name, "one"))
    project.up("--skip-preview")
    changed_by_hand(project)
    deploys(project, service(project.name, "two"))

    refused = project.up("--skip-preview", check=False)
    assert refused.code != 0
    assert "was changed outside this stack" in refused.text
    seen.reads(refused.text, 'group web, task server: Resources.MemoryMB "32" → "72"')
    assert project.nomad.job(project.name)["Version"] == 1

    # The way out that the message names.
    project.run("refresh", "--yes")
    # With the preview before it.
    assert 'Resources.MemoryMB "72" → "32"' in project.up().text
    assert memory_mb(project) == 32

    project.nomad.call("DELETE", f"/v1/job/{project.name}")
    assert "was stopped outside this stack" in project.up().text
    assert len(project.nomad.running(project.name)) == 1


def test_what_was_changed_after_the_preview_is_not_overwritten_either(stack: Stack) -> None:
    deploys(stack, service(stack.name, "one"))
    stack.up()
    deploys(stack, service(stack.name, "two"))
    stack.preview()
    changed_by_hand(stack)

    refused = stack.up(check=False)
    assert refused.code != 0
    assert "was changed outside this stack" in refused.text
    assert stack.nomad.job(stack.name)["Version"] == 1
    stack.refresh()
    assert 'Resources.MemoryMB "72" → "32"' in stack.preview().text
    stack.up()
    assert memory_mb(stack) == 32


@pytest.mark.fault(18, "stopped, scaled and purged")
def test_a_job_that_was_stopped_scaled_or_purged_is_put_right(stack: Stack, seen: Observation) -> None:
    deploys(stack, service(stack.name, "one"))
    stack.up()
    stack.nomad.call("DELETE", f"/v1/job/{stack.name}")
    seen.reads(stack.preview().text, "was stopped outside this stack")
    stack.up()
    assert len(stack.nomad.running(stack.name)) == 1

    body = {"Count": 2, "Target": {"Group": "web"}, "Message": "by hand"}
    stack.nomad.call("POST", f"/v1/job/{stack.name}/scale", body)
    assert 'Count "1" → "2"' in stack.preview().text
    stack.up()
    assert stack.nomad.job(stack.name)["TaskGroups"][0]["Count"] == 1

    stack.nomad.purge(stack.name)
    assert "is not in Nomad any more" in stack.preview().text
    stack.up()
    assert stack.nomad.job(stack.name)["Version"] == 0


def foreign(name: str) -> dict[str, Any]:
    """A job of somebody else's."""
    task = {"Name": "other", "Driver": "docker", "Config": {"image": "x:1"}}
    groups = [{"Name": "other", "Count": 0, "Tasks": [task]}]
    return {"ID": name, "Name": name, "Type": "service", "Datacenters": ["dc1"], "TaskGroups": groups}


def test_a_job_of_somebody_else_is_not_taken_over(stack: Stack) -> None:
    stack.nomad.register(foreign(stack.name))
    deploys(stack, service(stack.name, "one"))

    for refused in (stack.preview(check=False), stack.up(check=False)):
        assert refused.code != 0
        assert f'Job "{stack.name}" already exists in Nomad' in refused.text
        assert "it was not made by this stack" in refused.text
        assert "pulumi import nomad:index/job:Job" in refused.text
    assert stack.nomad.job(stack.name)["TaskGroups"][0]["Name"] == "other"


def test_destroy_leaves_a_job_that_somebody_else_made_anew(stack: Stack) -> None:
    deploys(stack, service(stack.name, "one"))
    stack.up()
    stack.nomad.purge(stack.name)
    stack.nomad.register(foreign(stack.name))

    assert "made anew by somebody else" in stack.destroy().text
    assert not stack.nomad.job(stack.name)["Stop"]


@pytest.mark.fault(15, "the lock that it leaves")
@pytest.mark.fault(27, "during a rollout")
def test_a_killed_up_and_an_interrupted_one_are_gone_on_with(project: Project, seen: Observation) -> None:
    """Killed in the first deployment it leaves no provider; Ctrl-C in the second says where it stands."""
    deploys(project, service(project.name, "one"))
    running = project.start("up", "--yes", "--skip-preview")
    assert wait_until(lambda: project.nomad.job(project.name) is not None, WAIT_S)
    providers = _providers(running.pid)
    assert providers

    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=60)
    assert wait_until(lambda: not any(_alive(pid) for pid in providers), WAIT_S)

    # The file backend's lock names a dead process.
    seen.reads(project.up("--skip-preview").text, "the lock is removed")
    assert project.nomad.job(project.name)["Version"] == 0
    assert len(project.nomad.running(project.name)) == 1

    deploys(project, service(project.name, "two"))
    running = project.start("up", "--yes", "--skip-preview")
    assert wait_until(lambda: project.nomad.job(project.name)["Version"] == 1, WAIT_S)
    text = interrupt(running)
    seen.reads(text, "Stopped waiting for job")
    assert "the next `pulumi up` goes on from there" in text

    project.up()
    assert project.nomad.job(project.name)["Version"] == 1
    assert project.nomad.job(project.name)["Stable"]


def _providers(parent: int) -> list[int]:
    table = subprocess.run(["ps", "-eww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in table.splitlines()]
    return [int(pid) for pid, ppid, args in rows if int(ppid) == parent and "providers." in args]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
