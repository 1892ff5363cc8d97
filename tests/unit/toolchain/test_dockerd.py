"""A Docker daemon of ours ends with the last cluster that uses it; one that is not ours is left alone."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolchain.docker_api import Docker
from toolchain.embedded import dockerd, processes
from toolchain.embedded.processes import Process
from toolchain.errors import ToolchainError
from toolchain.progress import Step


class Daemon:
    """Answers once it was started, like the real one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Process] = []

    def start(self, address: str, step: Step) -> Process:
        self.started.append(processes.spawn(["sleep", "600"], self.folder / "log", dict(os.environ)))
        return self.started[-1]

    def answers(self) -> bool:
        return any(process.alive() for process in self.started)


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(dockerd, "_start", daemon.start)
    monkeypatch.setattr(Docker, "answers", lambda self: daemon.answers())
    yield daemon
    for process in daemon.started:
        process.end(5)


def running_cluster(folder: Path) -> Path:
    """A cluster's folder with a live process (this one) on record."""
    me = processes.find(os.getpid())
    assert me is not None
    processes.save(me, folder / "pids" / "nomad.json")
    return folder


def use(cluster: Path) -> str:
    stream = io.StringIO()
    with Step("docker", stream) as step:
        dockerd.use(cluster, step)
    return stream.getvalue()


def release(cluster: Path) -> str:
    stream = io.StringIO()
    with Step("docker", stream) as step:
        dockerd.release(cluster, step)
    return stream.getvalue()


def test_it_is_started_once_and_ended_by_the_last_cluster(daemon: Daemon, tmp_path: Path) -> None:
    one, two = running_cluster(tmp_path / "one"), running_cluster(tmp_path / "two")

    assert "started at unix:///var/run/docker.sock" in use(one)
    assert "already runs" in use(two)
    assert "already runs" in use(two)
    assert len(daemon.started) == 1

    assert f"left running for {two}" in release(one)
    assert daemon.answers()
    assert "ended" in release(two)
    assert not daemon.answers()
    assert dockerd.own_process() is None


def test_a_killed_cluster_does_not_hold_it(daemon: Daemon, tmp_path: Path) -> None:
    one = running_cluster(tmp_path / "one")
    use(one)
    use(tmp_path / "killed")

    release(one)

    assert not daemon.answers()


def test_the_running_one_is_used_and_left_running(daemon: Daemon, tmp_path: Path) -> None:
    daemon.started.append(processes.spawn(["sleep", "600"], tmp_path / "log", dict(os.environ)))

    assert "the running one is used" in use(tmp_path / "one")
    assert "not ours, left running" in release(tmp_path / "one")
    assert daemon.answers()


def test_one_that_was_killed_is_started_again(daemon: Daemon, tmp_path: Path) -> None:
    use(tmp_path / "one")
    daemon.started[0].end(5)
    assert "started at" in use(tmp_path / "one")
    assert len(daemon.started) == 2


def test_an_address_where_nothing_answers_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(ToolchainError, match=rf"No Docker daemon answers at DOCKER_HOST=unix://{tmp_path}/none\.sock"):
        use(tmp_path / "one")


def test_a_daemon_elsewhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://me@elsewhere")
    with pytest.raises(ToolchainError, match="DOCKER_HOST is ssh://me@elsewhere, but the embedded cluster needs"):
        use(tmp_path / "one")
