"""Finding the Docker daemon, or saying where it was looked for."""

import socket
from pathlib import Path

import pytest

from components.docker_daemon import DockerUnreachableError, require_daemon


def test_a_socket_that_somebody_listens_on(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(tmp_path / "docker.sock"))
        daemon.listen()
        require_daemon({"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"})


def test_a_port_that_somebody_listens_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as daemon:
        require_daemon({"DOCKER_HOST": f"tcp://127.0.0.1:{daemon.getsockname()[1]}"})


@pytest.mark.parametrize(
    ("host", "cause"),
    [
        ("unix:///nowhere/docker.sock", "no such file or directory"),
        ("tcp://127.0.0.1:1", "connection refused"),
        ("tcp://127.0.0.1:port", "Port could not be cast"),
    ],
)
def test_nobody_there(host: str, cause: str) -> None:
    with pytest.raises(DockerUnreachableError, match=cause) as raised:
        require_daemon({"DOCKER_HOST": host})
    assert f"Docker cannot be reached at {host}: " in str(raised.value)


def test_ssh_is_left_to_docker() -> None:
    require_daemon({"DOCKER_HOST": "ssh://nobody@nowhere"})
