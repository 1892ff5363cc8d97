"""Processes that outlive the command that starts them, known by pid and start time."""

import contextlib
import json
import os
import signal
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from toolchain.waiting import wait_until

MARKER = "CARAVAN_CLUSTER"
"""Environment variable of whatever a cluster starts, its agents' children included; holds the cluster's folder."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Process:
    """One process of one boot. A later process with the same pid started at another time, so it is never mistaken."""

    pid: int
    start_ticks: int
    """Start time in clock ticks since boot. Source: proc(5), /proc/PID/stat, field 22."""
    boot_id: str

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return find(self.pid) == self

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process is gone."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):  # it ended just now
                os.kill(self.pid, number)

    def end(self, grace_s: float) -> None:
        """Ask it to end, and after `grace_s` make it; returns when it is gone. TimeoutError when even that fails."""
        self.signal(signal.SIGTERM)
        if wait_until(lambda: not self.alive(), grace_s):
            return
        self.signal(signal.SIGKILL)
        if not wait_until(lambda: not self.alive(), 10):
            raise TimeoutError(f"Process {self.pid} does not end, not even after SIGKILL.")


def find(pid: int) -> Process | None:
    """The process that has this pid now. A zombie counts as gone."""
    try:
        # The second field, the program's name in brackets, may itself hold spaces and brackets.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, start_ticks = fields[0], int(fields[19])
    if state == "Z":
        _reap(pid)
        return None
    return Process(pid, start_ticks, _BOOT_ID.read_text().strip())


def spawn(command: list[str], log: Path, env: dict[str, str]) -> Process:
    """Start a process in a session of its own, so that Ctrl-C and a closed terminal do not reach it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd="/", start_new_session=True
        )
    # It is ours and not yet waited for, so /proc still knows it even if it already ended.
    fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    child.returncode = 0  # tells Popen that nobody waits for it
    return Process(child.pid, int(fields[19]), _BOOT_ID.read_text().strip())


def load(pid_file: Path) -> Process | None:
    """The recorded process if it still runs; a stale or damaged record is None."""
    try:
        process = Process(**json.loads(pid_file.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return process if process.alive() else None


def save(process: Process, pid_file: Path) -> None:
    """Record the process."""
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    new = pid_file.with_suffix(".new")
    new.write_text(json.dumps(asdict(process)))
    new.rename(pid_file)


def marked(cluster: Path) -> list[Process]:
    """Every process that the cluster in this folder started, its agents' helpers included."""
    entry = f"{MARKER}={cluster}".encode()
    return [process for process in map(find, _pids()) if process and entry in _environment(process.pid)]


def command_line(process: Process) -> list[str]:
    """Program and arguments; empty when it is gone."""
    return [part.decode(errors="replace") for part in _zero_separated(process.pid, "cmdline")]


def _pids() -> list[int]:
    return [
        int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and int(entry.name) != os.getpid()
    ]


def _environment(pid: int) -> list[bytes]:
    return _zero_separated(pid, "environ")


def _zero_separated(pid: int, name: str) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes().rstrip(b"\0").split(b"\0")
    except (OSError, ProcessLookupError):
        return []  # gone, or another user's


def _reap(pid: int) -> None:
    """A child of this very process stays a zombie until it is waited for."""
    with contextlib.suppress(ChildProcessError):  # somebody else's
        os.waitpid(pid, os.WNOHANG)
