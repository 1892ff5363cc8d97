"""The Docker daemon: the running one, or one that we start and that the last of our clusters ends.

It is shared by the user's clusters, so its record is in the cache: its process, and the clusters that use it.
"""

import fcntl
import json
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from toolchain import locks, paths
from toolchain.docker_api import DEFAULT_HOST, Docker, socket_path
from toolchain.embedded import processes
from toolchain.embedded.agent import tail
from toolchain.embedded.ports import LOOPBACK
from toolchain.embedded.processes import Process
from toolchain.errors import ToolchainError
from toolchain.progress import Step
from toolchain.system_packages import SEARCH_PATH, which
from toolchain.waiting import wait_until

_SIOCGIFADDR = 0x8915
START_TIMEOUT_S = 120
STOP_GRACE_S = 30


class _Record:
    """What the file in the cache says, while its lock is held."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            content = json.loads(file.read_text())
            recorded = Process(**content["process"])
            self.process: Process | None = recorded if recorded.alive() else None
            self.users = [Path(user) for user in content["users"]]
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            self.process, self.users = None, []

    def save(self) -> None:
        if self.process is None:
            self._file.unlink(missing_ok=True)
            return
        content = {"process": asdict(self.process), "users": [str(user) for user in self.users]}
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(content, indent=2))
        new.rename(self._file)


def host() -> str:
    """The daemon's address: $DOCKER_HOST, or the default socket. Source: Docker's command line client."""
    return os.environ.get("DOCKER_HOST") or DEFAULT_HOST


def containers_see_us_at(docker: Docker) -> str:
    """This machine's address as containers see it; loopback where they are in a network that this machine is not in.

    That is so where the daemon is rootless or in a virtual machine: there, containers cannot call each other by it.
    """
    bridge = docker.bridge()
    if bridge is None:
        return LOOPBACK
    # Docker's own answer has the address only after a container has run. Source: netdevice(7), struct ifreq.
    request = struct.pack("256s", bridge.encode()[:15])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            answer = fcntl.ioctl(any_socket.fileno(), _SIOCGIFADDR, request)
        except OSError:
            return LOOPBACK
    return socket.inet_ntoa(answer[20:24])


def log() -> Path:
    """Log of the daemon that we started."""
    return _folder() / "dockerd.log"


def own_process() -> Process | None:
    """The daemon that we started, if it runs."""
    return _Record(_folder() / "dockerd.json").process


def use(cluster: Path, step: Step) -> str:
    """Make sure that a daemon answers, and note that the cluster uses it if it is ours. Gives its address.

    Raises ToolchainError where none answers and none can be started.
    """
    address = host()
    docker = Docker(address)
    with _record() as record:
        if not docker.answers():
            if record.process is None:
                record.process = _start(address, step)
                record.users = []
            _wait_until_ready(docker, record.process, step)
            step.done(f"started at {address}")
        else:
            step.done(f"{'already runs' if record.process else 'the running one is used'} at {address}")
        if cluster not in record.users:
            record.users.append(cluster)
    return address


def release(cluster: Path, step: Step) -> None:
    """The cluster needs the daemon no more. If it is ours and no other running cluster uses it, it ends."""
    with _record() as record:
        record.users = [user for user in record.users if user != cluster and _is_running(user)]
        if record.process is None:
            step.done("not ours, left running")
        elif record.users:
            step.done(f"left running for {', '.join(map(str, record.users))}")
        else:
            step.update("ending")
            record.process.end(STOP_GRACE_S)
            record.process = None
            step.done("ended")


@contextmanager
def _record() -> Iterator[_Record]:
    with locks.exclusive(_folder() / "lock"):
        record = _Record(_folder() / "dockerd.json")
        try:
            yield record
        finally:
            record.save()


def _folder() -> Path:
    return paths.cache() / "dockerd"


def _start(address: str, step: Step) -> Process:
    if address != DEFAULT_HOST or socket_path(address) is None:
        raise ToolchainError(
            f"No Docker daemon answers at DOCKER_HOST={address}. "
            "Start it, or unset DOCKER_HOST to use the default socket."
        )
    program = which("dockerd")
    if os.geteuid() != 0 or program is None:
        raise ToolchainError(
            f"No Docker daemon answers at {address}. "
            + ("Start it: sudo systemctl start docker" if program else "Install it: sudo apt-get install docker.io")
        )
    step.update("starting dockerd")
    # A pid file of our own: the usual one may be left from before a reboot, with a pid that belongs to another process
    # now, and dockerd would then refuse to start.
    pid_file = _folder() / "dockerd.pid"
    pid_file.unlink(missing_ok=True)
    command = [program, "--host", address, "--pidfile", str(pid_file)]
    return processes.spawn(command, log(), {**os.environ, "PATH": SEARCH_PATH})


def _wait_until_ready(docker: Docker, process: Process, step: Step) -> None:
    step.update("waiting for dockerd")
    answered = False

    def settled() -> bool:
        nonlocal answered
        answered = docker.answers()
        return answered or not process.alive()

    wait_until(settled, START_TIMEOUT_S)
    if not answered:
        how = f"does not answer after {START_TIMEOUT_S} s" if process.alive() else "ended at its start"
        raise ToolchainError(f"dockerd {how}. The end of {log()}:\n{tail(log())}")


def _is_running(cluster: Path) -> bool:
    """A cluster that was killed, or whose folder is gone, does not hold the daemon."""
    return any(processes.load(pid_file) for pid_file in (cluster / "pids").glob("*.json"))
