"""`pulumi up` killed with -9, and what must be true after the one plain command that follows."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.project import Project
from tests.faults.serving import Serving
from toolchain.embedded import processes
from toolchain.embedded.processes import Process
from toolchain.waiting import wait_until

CHECKPOINTS = pytest.mark.parametrize("skip_checkpoints", ["false", "true"], ids=["checkpoints", "no-checkpoints"])

GONE_S = 60.0
WAIT_S = 180.0


def start(project: Project) -> subprocess.Popen[str]:
    """Starts the `up` that is to be killed."""
    return project.start("up", "--yes", "--skip-preview")


def declared(serving: Serving[Project], skip_checkpoints: str) -> Project:
    """Declares the next version, to be deployed with or without checkpoints."""
    serving.target.environment["PULUMI_SKIP_CHECKPOINTS"] = skip_checkpoints
    serving.declare()
    return serving.target


def kill(up: subprocess.Popen[str]) -> list[Process]:
    """kill -9 of the command alone, as the kernel or an impatient user does it; what it started, left behind."""
    left = [process for pid in descendants(up.pid) if (process := processes.find(pid))]
    up.send_signal(signal.SIGKILL)
    up.wait(GONE_S)
    if up.stdout is not None:
        up.stdout.close()
    return left


def kill_when(up: subprocess.Popen[str], condition: Callable[[], bool]) -> list[Process]:
    """Kills the command as soon as `condition` holds. Fails when it ends before."""
    assert wait_until(lambda: up.poll() is not None or condition(), WAIT_S)
    assert up.poll() is None, up.communicate()[0]
    return kill(up)


def converges(project: Project, left: list[Process]) -> None:
    """One plain `pulumi up` succeeds; nothing is left of the killed one, and nothing to repair."""
    project.up()
    ended = wait_until(lambda: not any(process.alive() for process in left), GONE_S)
    assert ended, [command(process.pid) for process in left if process.alive()]
    assert not project.state().get("pending_operations")


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    table = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in table.splitlines())}
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found[1:]


def command(pid: int) -> str:
    """A process's command line; "" where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""
