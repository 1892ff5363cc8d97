"""Clears up after killed `pulumi` commands of a file backend: `python3 -m toolchain.killed_commands FOLDER`.

`pulumi up` locks its stack with a file that names its process. One that is killed leaves the file, and every later
command refuses to start. A lock is removed only when its owner was a process of this machine that is certainly gone;
any other one is left for Pulumi to tell about. A lock that was only begun, as a full disk leaves it, locks nothing, but
Pulumi cannot read it and would say no more than that. Plugins and language hosts whose engine is gone are ended,
whether it had locked anything yet or not: Pulumi's own notice that only after five minutes (`rpcutil.Healthcheck`).
"""

import json
import os
import re
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from toolchain import pending_operations
from toolchain.embedded import processes

CLOCK_MARGIN_S = 5.0
"""How much later than its lock a process may seem to have started and still be its owner: clocks are set."""

BEGUN_S = 2.0
"""How old a lock must be that was begun and not finished: writing one takes a moment."""

GRACE_S = 5.0
"""How long an orphan has to end by itself once it was asked to."""


@dataclass(frozen=True)
class Lock:
    """One lock file (Pulumi `backend/diy/lock.go`)."""

    file: Path
    pid: int
    user: str
    host: str
    taken: datetime

    @property
    def stack(self) -> str:
        """The stack's name: the folder of its locks."""
        return self.file.parent.name

    @property
    def state(self) -> Path:
        """The stack's state: `stacks` has the same folders as `locks/organization`."""
        project = self.file.parent.parent
        return project.parent.parent.parent / "stacks" / project.name / f"{self.stack}.json"

    def is_stale(self) -> bool:
        """Whether its owner was a process of this machine and is gone."""
        if self.host != socket.gethostname():
            return False
        started = _started(self.pid)
        return started is None or started > self.taken.timestamp() + CLOCK_MARGIN_S


def read(file: Path) -> Lock | None:
    """The lock, or None where the file does not say whose it is."""
    try:
        content = json.loads(file.read_text())
        # Go writes nanoseconds, which Python 3.11 and newer cut to microseconds only when they are 6 digits or fewer.
        taken = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", content["timestamp"]))
        lock = Lock(file, int(content["pid"]), str(content["username"]), str(content["hostname"]), taken)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return lock if taken.tzinfo else None


def clear(backend: Path) -> list[str]:
    """Removes the stale locks of a file backend's folder; a sentence for each."""
    told = [sentence for file in sorted(backend.glob(".pulumi/locks/**/*.json.*.tmp")) if (sentence := _begun(file))]
    for file in sorted(backend.glob(".pulumi/locks/**/*.json")):
        lock = read(file)
        if lock is None or not lock.is_stale():
            continue
        begun = pending_operations.settle(lock.state)
        file.unlink(missing_ok=True)
        since = lock.taken.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        told.append(
            f'The lock on stack "{lock.stack}" was left by a `pulumi` command that was killed: process {lock.pid} of '
            f"{lock.user} on this machine, since {since}. That process is gone, so the lock is removed."
            + (f" What it had begun to create is found again or made anew: {', '.join(begun)}." if begun else "")
        )
    return told


def _begun(file: Path) -> str:
    """Removes a lock that was begun and not finished; "" where it is finished or gone meanwhile."""
    with suppress(FileNotFoundError):
        age_s = time.time() - file.stat().st_mtime
        # Not longer where clocks differ and it seems to come from the future.
        time.sleep(min(BEGUN_S, max(0.0, BEGUN_S - age_s)))
        file.unlink()
        return (
            f'A lock on stack "{file.parent.name}" was begun and not finished: the disk was full, or the `pulumi` '
            "command was killed. It locks nothing and is removed."
        )
    return ""


def end_orphans() -> None:
    """Ends the plugins and language hosts of this user whose engine does not listen any more."""
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        try:
            arguments = (folder / "cmdline").read_text().split("\0")
            mine = folder.stat().st_uid == os.getuid()
        except (OSError, UnicodeDecodeError):
            continue  # gone meanwhile, or somebody else's
        engine = next((found for argument in arguments[1:] if (found := _ENGINE.fullmatch(argument))), None)
        if not mine or engine is None or not Path(arguments[0]).name.startswith(_PLUGINS):
            continue
        process = processes.find(pid)
        if process is not None and not _listens(int(engine["port"])):
            process.end(GRACE_S)


_PLUGINS = ("pulumi-language-", "pulumi-resource-")
_ENGINE = re.compile(r"127\.0\.0\.1:(?P<port>\d+)")


def _listens(port: int) -> bool:
    with socket.socket() as connection:
        connection.settimeout(GRACE_S)
        return connection.connect_ex(("127.0.0.1", port)) == 0


def _started(pid: int) -> float | None:
    """When the process with this pid started, seconds since the epoch; None where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = re.search(r"^btime (\d+)$", Path("/proc/stat").read_text(), re.MULTILINE)
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] == "Z" or boot is None:
        return None
    return int(boot[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    for sentence in clear(Path(sys.argv[1])):
        print(sentence, file=sys.stderr)
    end_orphans()
