"""The example service, as a process of its own on loopback."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SERVER = Path(__file__).parents[3] / "services" / "microservice-example" / "server.py"
DEADLINE_S = 30.0


class Service:
    """A running server.py."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process = process
        self.port = port

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)

    def ask(self, path: str, method: str = "GET") -> tuple[int, str, http.client.HTTPResponse]:
        connection = self.connect()
        connection.request(method, path)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body, response

    def terminate(self) -> None:
        """Send SIGTERM and wait until the server shows that it knows."""
        self.process.send_signal(signal.SIGTERM)
        wait_until(lambda: self.ask("/health")[0] == 503)

    def end_drain(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def exit_status(self) -> int:
        return self.process.wait(timeout=DEADLINE_S)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)


@contextmanager
def running(drain_s: float) -> Iterator[Service]:
    program = f"import sys, server; server.DRAIN_S = {drain_s}; sys.exit(server.main())"
    environment = {**os.environ, "HOST": "127.0.0.1", "PORT": "0", "NOMAD_ALLOC_ID": "a1b2c3"}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment, cwd=SERVER.parent
    ) as process:
        try:
            assert process.stdout is not None
            listening = re.search(r":(\d+)$", process.stdout.readline().strip())
            assert listening is not None
            yield Service(process, int(listening[1]))
        finally:
            process.kill()


@pytest.fixture
def service() -> Iterator[Service]:
    # Long enough for any machine: tests end it with a second SIGTERM.
    with running(drain_s=600) as service:
        yield service


def test_greets_with_its_version_and_allocation(service: Service) -> None:
    status, body, _ = service.ask("/")
    assert (status, body) == (200, "Hello from microservice-example@1.0.0\nallocation a1b2c3\n")


def test_a_query_does_not_change_the_path(service: Service) -> None:
    assert service.ask("/?who=me")[0] == 200


def test_is_healthy(service: Service) -> None:
    assert service.ask("/health")[:2] == (200, "ok\n")


def test_knows_no_other_path(service: Service) -> None:
    assert service.ask("/healthz")[0] == 404


def test_head_answers_without_a_body(service: Service) -> None:
    status, body, response = service.ask("/", "HEAD")
    assert (status, body) == (200, "")
    assert int(response.headers["Content-Length"]) > 0


def test_keeps_connections_alive(service: Service) -> None:
    connection = service.connect()
    for _ in range(3):
        connection.request("GET", "/health")
        assert connection.getresponse().read() == b"ok\n"
    connection.close()


def test_after_sigterm_new_requests_are_answered_while_health_says_to_go_elsewhere(service: Service) -> None:
    service.terminate()
    status, _, response = service.ask("/")
    assert status == 200
    assert response.headers["Connection"] == "close"
    assert service.ask("/health")[:2] == (503, "shutting down\n")
    service.end_drain()
    assert service.exit_status() == 0


def test_a_slow_request_that_is_open_at_sigterm_is_answered(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=DEADLINE_S) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\n")
        service.terminate()
        service.end_drain()
        wait_until(lambda: not accepts(service.port))
        slow.sendall(b"Host: localhost\r\n\r\n")
        answer = b"".join(iter(lambda: slow.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"allocation a1b2c3" in answer
    assert service.exit_status() == 0


def test_an_idle_connection_does_not_delay_the_end(service: Service) -> None:
    connection = service.connect()
    connection.request("GET", "/")
    connection.getresponse().read()
    service.terminate()
    started = time.monotonic()
    service.end_drain()
    assert service.exit_status() == 0
    assert time.monotonic() - started < 30, "idle connections time out after 60 s, so it waited for one"
    connection.close()


def test_sigterm_is_never_missed_and_the_drain_ends() -> None:
    for _ in range(20):
        with running(drain_s=0.05) as service:
            service.process.send_signal(signal.SIGTERM)
            assert service.exit_status() == 0


@pytest.mark.parametrize("port", ["", "http", "-1", "65536", "٣"])
def test_a_bad_port_is_refused(port: str) -> None:
    environment = {**os.environ, "PORT": port}
    result = subprocess.run(
        [sys.executable, SERVER], capture_output=True, text=True, env=environment, timeout=DEADLINE_S
    )
    assert result.returncode == 2
    assert result.stderr == f'PORT is "{port}", but must be a number from 0 to 65535\n'


def accepts(port: int) -> bool:
    """Whether somebody still listens on the port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S).close()
    except ConnectionError:
        return False
    return True
