"""What is read while a rollout goes on, and what of it stays."""

from typing import Any

import pytest

from tests.cluster.programs import job, write_job
from tests.cluster.project import Project
from tests.cluster.terminal import UP, approved
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


def test_progress_then_cause(project: Project) -> None:
    """A2, A8: the words before it took the place, and the cause came with the verdict, 45 s after Consul had it."""
    project.up("--skip-preview")
    before = project.run("stack", "output").text
    assert project.name in before
    project.edit('path == "/health"', 'path == "/nohealth"')
    terminal = approved(project, "up", columns=160)
    terminal.press(UP, "\r")
    assert terminal.shows("0/1 canary, 1 old up: /health answers 404"), terminal.text
    result = terminal.result()
    assert result.code != 0
    updated = result.text[result.text.rindex("Do you want to perform this update") :]
    assert "[diff: ~jobspec]" not in updated
    assert "Traceback" not in updated
    # A1: after every failure the outputs read as if the services had been deleted.
    shown = updated[updated.index("Outputs:") :]
    assert f'    {project.name}: "http://127.0.0.1:' in shown
    assert "\n  - " not in shown
    assert project.run("stack", "output").text == before


def stubborn(stack: Stack, priority: int) -> None:
    script = "trap '' INT TERM; while true; do sleep 0.2; done"
    config = {"command": "/bin/sh", "args": ["-c", script]}
    spec: dict[str, Any] = {**job(stack.name, "service", Config=config, KillTimeout=10**9), "Priority": priority}
    spec["TaskGroups"][0]["Tasks"][0]["Env"] = {"V": str(priority)}
    text = write_job(stack.folder, "job", spec)
    stack.write(f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True)")


def test_what_has_to_be_killed_is_said(stack: Stack) -> None:
    """A9: a program that ignores SIGTERM made every rollout longer by its kill_timeout, and nothing said so."""
    killed = "task t: 1 instance did not end on the stop signal and was killed (SIGKILL) after the kill_timeout of 1 s"
    stubborn(stack, 50)
    assert killed not in stack.up().text
    stubborn(stack, 51)
    assert killed in stack.up().text
    assert killed in stack.destroy().text
