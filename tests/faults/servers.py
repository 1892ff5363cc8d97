"""The servers of the tests' own cluster, stopped and killed as the kernel and people do it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.folders import cluster_folder
from toolchain import cluster
from toolchain.embedded import processes
from toolchain.waiting import wait_until

GONE_S = 30.0


@contextmanager
def stopped(name: str) -> Iterator[None]:
    """SIGSTOP: the server's connections stay open, and nothing is answered, as long as the block lasts."""
    server = _server(name)
    server.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.signal(signal.SIGCONT)


@contextmanager
def killed(name: str) -> Iterator[None]:
    """SIGKILL; started again after the block, with what it has on disk."""
    server = _server(name)
    server.signal(signal.SIGKILL)
    assert wait_until(lambda: not server.alive(), GONE_S)
    try:
        yield
    finally:
        cluster.start(cluster_folder())


def _server(name: str) -> processes.Process:
    server = processes.load(cluster_folder() / "pids" / f"{name}.json")
    assert server is not None, f"{name} does not run"
    return server
