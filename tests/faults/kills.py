"""`pulumi up` killed with -9, and what must be true after the one plain command that follows."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.cluster.project import Project
from toolchain.embedded import processes
from toolchain.embedded.processes import Process
from toolchain.waiting import wait_until

GONE_S = 60.0
WAIT_S = 180.0


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
    state = json.loads((project.folder / "state" / ".pulumi" / "stacks" / "caravan" / "dev.json").read_text())
    assert not state["checkpoint"]["latest"].get("pending_operations")


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
