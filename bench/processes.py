"""What a command and the processes below it used: wall time, peak memory by role, bytes written."""

import os
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

POLL_S = 0.1

ROLES = {
    "provider": ("providers.nomad", "bench.floor", "bench.profiled"),
    "program": ("pulumi-language-python-exec",),
    "engine": ("libexec/pulumi ",),
}
"""What identifies the processes of a Pulumi run in their command lines."""


@dataclass
class Usage:
    """One run of a command."""

    code: int
    lines: list[tuple[float, str]]
    """What it printed, each line with the moment (`time.perf_counter`) at which it came."""
    wall_s: float
    cpu_s: float
    """Processor time of the command and all that it waited for."""
    written_bytes: int
    """What went to the file system, in blocks of 512 bytes (rusage `ru_oublock`)."""
    peak_bytes: dict[str, int] = field(default_factory=dict)
    """Largest resident memory by role (see ROLES)."""

    @property
    def output(self) -> str:
        return "".join(line for _, line in self.lines)


def run(command: list[str], folder: Path, environment: dict[str, str], timeout_s: float) -> Usage:
    """Runs a command to its end. Raises TimeoutError after ending it."""
    started_s = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    sampler = _Sampler(process.pid)
    sampler.start()
    late = threading.Timer(timeout_s, process.terminate)
    late.start()
    with process.stdout as output:
        lines = [(time.perf_counter(), line) for line in output]
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started_s
    process.returncode = os.waitstatus_to_exitcode(status)
    timed_out = not late.is_alive()
    late.cancel()
    sampler.finish()
    if timed_out:
        raise TimeoutError(f"{' '.join(command)} took longer than {timeout_s:g} s")
    return Usage(
        code=process.returncode,
        lines=lines,
        wall_s=wall_s,
        cpu_s=used.ru_utime + used.ru_stime,
        written_bytes=used.ru_oublock * 512,
        peak_bytes=sampler.peak_bytes,
    )


class _Sampler(threading.Thread):
    """Looks at the processes below one every POLL_S: the kernel keeps each one's peak, so only its last look counts."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self._root = root
        self._ended = threading.Event()
        self.peak_bytes: dict[str, int] = {}

    def run(self) -> None:
        while not self._ended.wait(POLL_S):
            for pid in _below(self._root):
                role = role_of(_read(f"/proc/{pid}/cmdline").replace("\0", " "))
                if role:
                    peak = peak_of(_read(f"/proc/{pid}/status"))
                    self.peak_bytes[role] = max(self.peak_bytes.get(role, 0), peak)

    def finish(self) -> None:
        self._ended.set()
        self.join()


def role_of(command_line: str) -> str | None:
    """The role of a process in a Pulumi run, None for others."""
    return next((role for role, marks in ROLES.items() if any(mark in command_line for mark in marks)), None)


def peak_of(status: str) -> int:
    """Peak resident memory in bytes from the text of /proc/PID/status; 0 for a process that has ended."""
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) * 1024


def _below(root: int) -> list[int]:
    found = [root]
    for pid in found:
        for task in _read_children(pid):
            found.append(task)
    return found


def _read_children(pid: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []
    return [int(child) for thread in threads for child in _read(f"{thread}/children").split()]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""  # it has ended
