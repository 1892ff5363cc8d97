"""A Docker daemon of a test's own, to be restarted: the one of the other tests' clusters is the machine's."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.folders import of_the_cluster
from toolchain.docker_api import Docker
from toolchain.embedded import leftovers, processes
from toolchain.system_packages import SEARCH_PATH, which
from toolchain.waiting import wait_until

START_S = 120.0
STOP_S = 60.0


class DockerDaemon:
    """`dockerd` for containers in the host's network; they outlive it where `live_restore` is set."""

    def __init__(self, folder: Path, bridge: str, *, live_restore: bool) -> None:
        self.folder = folder
        self.host = f"unix://{folder / 'docker.sock'}"
        self.docker = Docker(self.host)
        program = which("dockerd")
        assert program is not None
        self._command = [
            *(program, "--host", self.host, "--pidfile", str(folder / "dockerd.pid")),
            *("--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")),
            *("--bridge", bridge, "--iptables=false", f"--live-restore={str(live_restore).lower()}"),
        ]
        self._process: processes.Process | None = None

    def start(self) -> None:
        log = self.folder / "dockerd.log"
        self._process = processes.spawn(self._command, log, {**os.environ, **of_the_cluster(), "PATH": SEARCH_PATH})
        assert wait_until(self.docker.answers, START_S), log.read_text()[-4000:]

    def stop(self) -> None:
        """As a service manager does: SIGTERM, and its end waited for."""
        if self._process is not None:
            self._process.end(STOP_S)
            self._process = None

    def remove_containers(self) -> None:
        leftovers.remove_containers([container["Id"] for container in self.docker.containers()], self.docker)


@contextmanager
def _bridge() -> Iterator[str]:
    """A bridge that nothing is connected to.

    Without one of its own a daemon would use the machine's docker0, and with `--bridge none` it would delete it,
    from under the machine's own daemon (source: moby, `removeDefaultBridgeInterface`).
    """
    name = f"dockerd{os.getpid()}"
    assert len(name) < 16, "Linux takes no longer name for an interface"
    others = _bridges()
    _ip("link", "add", name, "type", "bridge")
    try:
        yield name
    finally:
        _ip("link", "delete", name)
    assert others <= _bridges(), "the test's daemon has deleted a bridge that is not its own"


def _bridges() -> set[str]:
    return {folder.parent.name for folder in Path("/sys/class/net").glob("*/bridge")}


def _ip(*arguments: str) -> None:
    program = which("ip")
    assert program is not None
    subprocess.run([program, *arguments], check=True, timeout=STOP_S)


@contextmanager
def docker_daemon(*, live_restore: bool) -> Iterator[DockerDaemon]:
    """Runs one; at the end nothing of it is left."""
    # Short: the names of containerd's sockets have to fit into 107 bytes. Source: unix(7).
    folder = Path(tempfile.mkdtemp(prefix="dockerd-"))
    with _bridge() as bridge:
        daemon = DockerDaemon(folder, bridge, live_restore=live_restore)
        try:
            daemon.start()
            yield daemon
            daemon.remove_containers()
        finally:
            daemon.stop()
            leftovers.unmount_below(folder)
            shutil.rmtree(folder)
