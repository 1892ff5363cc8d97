"""Whether the Docker daemon that builds images is there: the plugin finds out only in the middle of an update."""

import os
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

DEFAULT_HOST = "unix:///var/run/docker.sock"
CONNECT_TIMEOUT_S = 5.0
_FALSE = ("0", "f", "F", "false", "FALSE", "False")
"""Source: Go, strconv.ParseBool."""
_DEFAULT_PORTS = {"tcp": 2375, "http": 2375, "https": 2376}


class DockerUnreachableError(Exception):
    """Raised where the daemon cannot be reached; the message is a sentence."""


def require_daemon(environment: Mapping[str, str] = os.environ) -> None:
    """Connects to the daemon of DOCKER_HOST (default: the local socket) and leaves again.

    An `ssh://` address is not tried: only Docker's own client knows how.

    Raises:
        DockerUnreachableError: nothing answers there, or DOCKER_BUILDKIT asks for Docker's former builder, which takes
            other files and modes.
    """
    if environment.get("DOCKER_BUILDKIT") in _FALSE:
        raise DockerUnreachableError(
            f"DOCKER_BUILDKIT is {environment['DOCKER_BUILDKIT']}, but images are built by BuildKit only: unset it."
        )
    host = environment.get("DOCKER_HOST") or DEFAULT_HOST
    address = urlsplit(host)
    try:
        if address.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(CONNECT_TIMEOUT_S)
                connection.connect(address.path)
        elif address.scheme in _DEFAULT_PORTS:
            port = address.port or _DEFAULT_PORTS[address.scheme]
            socket.create_connection((address.hostname or "", port), CONNECT_TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        cause = (os.strerror(error.errno).lower() if isinstance(error, OSError) and error.errno else "") or str(error)
        raise DockerUnreachableError(
            f"Docker cannot be reached at {host}: {cause}. It has to build this image. Start it (`make cluster` "
            "does, for the embedded cluster), or set DOCKER_HOST to where it is."
        ) from error
