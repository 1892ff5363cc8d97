"""Others use the cluster too: what they change is never overwritten in silence, and never missed."""

import os
import signal
import subprocess

import pytest

from tests.cluster.project import Project, interrupt
from tests.observation import Observation
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster


@pytest.mark.fault(17, "another memory")
def test_a_job_that_was_changed_by_hand_is_not_overwritten(project: Project, seen: Observation) -> None:
    project.up("--skip-preview")
    project.edit("Hello from", "Good morning from")
    project.preview()
    job = project.nomad.job(project.name)
    job["TaskGroups"][0]["Tasks"][0]["Resources"]["MemoryMB"] = 72
    project.nomad.register(job)

    refused = project.up("--skip-preview", check=False)
    assert refused.code != 0
    assert "was changed outside this stack" in refused.text
    seen.reads(refused.text, f'group {project.name}, task {project.name}: Resources.MemoryMB "64" → "72"')
    assert project.nomad.job(project.name)["Version"] == 1

    # The way out that the message names.
    project.run("refresh", "--yes")
    assert 'Resources.MemoryMB "72" → "64"' in project.preview().text
    project.up()
    assert project.nomad.job(project.name)["TaskGroups"][0]["Tasks"][0]["Resources"]["MemoryMB"] == 64


@pytest.mark.fault(18, "stopped, scaled and purged")
def test_a_job_that_was_stopped_scaled_or_purged_is_put_right(project: Project, seen: Observation) -> None:
    project.up("--skip-preview")
    project.nomad.call("DELETE", f"/v1/job/{project.name}")
    seen.reads(project.preview().text, "was stopped outside this stack")
    project.up()
    assert len(project.nomad.running(project.name)) == 1

    body = {"Count": 2, "Target": {"Group": project.name}, "Message": "by hand"}
    project.nomad.call("POST", f"/v1/job/{project.name}/scale", body)
    assert 'Count "1" → "2"' in project.preview().text
    project.up()
    assert project.nomad.job(project.name)["TaskGroups"][0]["Count"] == 1

    project.nomad.purge(project.name)
    assert "is not in Nomad any more" in project.preview().text
    project.up()
    assert project.nomad.job(project.name)["Version"] == 0


def test_a_job_of_somebody_else_is_not_taken_over(project: Project) -> None:
    foreign = {
        "ID": project.name,
        "Name": project.name,
        "Type": "service",
        "Datacenters": ["dc1"],
        "TaskGroups": [
            {"Name": "other", "Count": 0, "Tasks": [{"Name": "other", "Driver": "docker", "Config": {"image": "x:1"}}]}
        ],
    }
    project.nomad.register(foreign)

    for refused in (project.preview(check=False), project.up("--skip-preview", check=False)):
        assert refused.code != 0
        assert f'Job "{project.name}" already exists in Nomad' in refused.text
        assert "it was not made by this stack" in refused.text
        assert "pulumi import nomad:index/job:Job" in refused.text
    assert project.nomad.job(project.name)["TaskGroups"][0]["Name"] == "other"


def test_destroy_leaves_a_job_that_somebody_else_made_anew(project: Project) -> None:
    project.up("--skip-preview")
    project.nomad.purge(project.name)
    task = {"Name": "other", "Driver": "docker", "Config": {"image": "x:1"}}
    project.nomad.register(
        {
            "ID": project.name,
            "Name": project.name,
            "Type": "service",
            "Datacenters": ["dc1"],
            "TaskGroups": [{"Name": "other", "Count": 0, "Tasks": [task]}],
        }
    )

    result = project.run("destroy", "--yes")
    assert "made anew by somebody else" in result.text
    assert not project.nomad.job(project.name)["Stop"]


@pytest.mark.fault(27, "during a rollout")
def test_an_interrupted_up_says_where_it_stands_and_the_next_goes_on(project: Project, seen: Observation) -> None:
    project.up("--skip-preview")
    project.edit("Hello from", "Good morning from")
    running = project.start("up", "--yes", "--skip-preview")
    assert wait_until(lambda: project.nomad.job(project.name)["Version"] == 1, 120)

    text = interrupt(running)
    seen.reads(text, "Stopped waiting for job")
    assert "the next `pulumi up` goes on from there" in text

    project.up()
    assert project.nomad.job(project.name)["Version"] == 1
    assert project.nomad.job(project.name)["Stable"]


@pytest.mark.fault(15, "the lock that it leaves")
def test_a_killed_up_leaves_no_provider_and_the_next_goes_on(project: Project, seen: Observation) -> None:
    running = project.start("up", "--yes", "--skip-preview")
    assert wait_until(lambda: project.nomad.job(project.name) is not None, 180)
    providers = _providers(running.pid)
    assert providers

    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=60)
    assert wait_until(lambda: not any(_alive(pid) for pid in providers), 30)

    # The file backend's lock names a dead process.
    seen.reads(project.up().text, "the lock is removed")
    assert project.nomad.job(project.name)["Version"] == 0
    assert len(project.nomad.running(project.name)) == 1
    assert len(project.outputs()["urls"]) == 1


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
