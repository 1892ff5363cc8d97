"""A server's start, told for people when it fails."""

import io
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ports import free_ports
from toolchain.embedded import processes
from toolchain.embedded.agent import LOG_KEPT_BYTES, Agent
from toolchain.embedded.ports import Ports
from toolchain.errors import ToolchainError
from toolchain.progress import Step
from toolchain.waiting import wait_until


@pytest.fixture
def ports() -> Ports:
    [port] = free_ports(1)
    return Ports({"registry": port}, (20000, 21999))


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(
        name="server",
        cluster=tmp_path,
        command=["sleep", "600"],
        address="http://127.0.0.1:1",
        port_names=("registry",),
        lacks=lambda: None,
        start_timeout_s=10,
        stop_grace_s=5,
        config={tmp_path / "config" / "server.json": "{}"},
    )
    yield agent
    agent.stop()


def start(agent: Agent, ports: Ports) -> str:
    stream = io.StringIO()
    with Step(agent.name, stream) as step:
        agent.start(ports, step)
    return stream.getvalue()


def test_it_is_started_once(agent: Agent, ports: Ports) -> None:
    assert "ready at http://127.0.0.1:1" in start(agent, ports)
    first = agent.process()
    assert first is not None

    assert "already runs at http://127.0.0.1:1" in start(agent, ports)
    assert agent.process() == first
    assert (agent.cluster / "config" / "server.json").read_text() == "{}"


def test_one_whose_record_was_lost_is_not_started_twice(agent: Agent, ports: Ports) -> None:
    start(agent, ports)
    first = agent.process()
    # For a moment after exec a process has no environment to be known by.
    assert wait_until(lambda: first in processes.marked(agent.cluster), 30)
    agent.pid_file.unlink()

    assert "already runs" in start(agent, ports)
    assert agent.process() == first


def test_stopping_ends_it_and_is_harmless_twice(agent: Agent, ports: Ports) -> None:
    start(agent, ports)
    process = agent.process()
    assert process is not None

    assert agent.stop()
    assert not process.alive()
    assert not agent.stop()


def test_a_taken_port_is_named(agent: Agent, ports: Ports) -> None:
    with (
        socket.create_server(("127.0.0.1", ports["registry"])),
        pytest.raises(ToolchainError, match=rf"its port {ports['registry']} \(registry\) .* make cluster-reset"),
    ):
        start(agent, ports)
    assert agent.process() is None


def test_one_that_ends_at_its_start_shows_the_end_of_its_log(agent: Agent, ports: Ports) -> None:
    broken = replace(agent, command=["sh", "-c", "echo bad configuration; exit 1"], lacks=lambda: "leader")
    with pytest.raises(ToolchainError, match=r"server ended at its start\. The end of .*server\.log:\n    bad config"):
        start(broken, ports)


def test_one_that_never_gets_ready_says_what_it_lacks(agent: Agent, ports: Ports) -> None:
    with pytest.raises(ToolchainError, match=r"server has no leader after 0\.3 s"):
        start(replace(agent, lacks=lambda: "leader", start_timeout_s=0.3), ports)


def test_a_large_log_is_put_aside_at_a_start(agent: Agent, ports: Ports) -> None:
    agent.log.parent.mkdir()
    agent.log.write_bytes(b"x" * (LOG_KEPT_BYTES + 1))
    start(agent, ports)
    assert agent.log.with_suffix(".log.1").stat().st_size == LOG_KEPT_BYTES + 1
    assert agent.log.stat().st_size < 100
