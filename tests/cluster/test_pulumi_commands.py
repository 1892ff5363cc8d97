"""Pulumi's other commands and options: what they do to a part of a stack must not leave the rest untrue."""

import urllib.request

import pytest

from tests.cluster.programs import use
from tests.cluster.project import Project
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

SECRET_SERVICE = """
from components import Microservice
Microservice("{name}", {{
    "version": "1", "driver": "raw_exec", "command": "/bin/sh", "args": ["-c", "echo got $TOKEN; exec sleep 600"],
    "secrets": {{"TOKEN": os.environ["TOKEN"]}}, "resources": {{"cpu_mhz": 20, "memory_mb": 16}},
    "rollout": {{"health_check": "task_states", "min_healthy_s": 1, "healthy_deadline_s": 15, "progress_deadline_s": 20}}, "kill_timeout_s": 1,
}})
"""


def log(project: Project, allocation_id: str) -> str:
    url = f"{project.addresses.nomad}/v1/client/fs/logs/{allocation_id}?task={project.name}&type=stdout&plain=true"
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode()).strip()


def said(project: Project) -> list[str]:
    """What the running instances have printed: the value that each has started with."""
    running = [allocation["ID"] for allocation in project.nomad.running(project.name)]
    assert wait_until(lambda: all(log(project, id_) for id_ in running), 30)
    return [log(project, id_) for id_ in running]


def test_a_rotated_secret_arrives_whatever_the_targets(project: Project) -> None:
    """RW-42: after an update of a part, the process kept the old secret for good, and all was "unchanged"."""
    use(project, SECRET_SERVICE.format(name=project.name))
    project.up("--skip-preview", TOKEN="one")
    assert said(project) == ["got one"]

    # The job without its variable keeps the values that it has.
    project.up("--skip-preview", "--target", f"**{project.name}-job", TOKEN="two")
    assert said(project) == ["got one"]
    assert project.nomad.job(project.name)["Version"] == 0
    project.up("--skip-preview", TOKEN="two")
    assert said(project) == ["got two"]

    # The variable without its job: the next preview shows what is still to come.
    project.up("--skip-preview", "--target", f"**{project.name}-secrets", TOKEN="three")
    assert said(project) == ["got two"]
    shown = project.preview(TOKEN="three").text
    assert "the values of its secrets" in shown
    project.up("--skip-preview", TOKEN="three")
    assert said(project) == ["got three"]
    assert project.run("preview", "--expect-no-changes", TOKEN="three").code == 0
