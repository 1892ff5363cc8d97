"""The few calls of the Docker Engine API that the toolchain needs; Debian's docker.io may come without a client.

Source: Docker Engine API, unversioned paths, which the daemon serves with its newest version.
"""

import base64
import http.client
import json
import socket
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from toolchain.errors import ToolchainError

DEFAULT_HOST = "unix:///var/run/docker.sock"
TIMEOUT_S = 60.0


class DockerError(ToolchainError):
    """The daemon refused or failed."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Docker:
    """The daemon at `host`: `unix:///path` or `tcp://address:port` without TLS. ToolchainError for anything else."""

    def __init__(self, host: str = DEFAULT_HOST) -> None:
        self.host = host
        self._url = urllib.parse.urlsplit(host)
        if self._url.scheme not in ("unix", "tcp"):
            raise ToolchainError(
                f"DOCKER_HOST is {host}, but the embedded cluster needs a daemon on this machine: "
                "unix:///path/to/docker.sock or tcp://127.0.0.1:PORT. Unset it to use the default socket."
            )

    def answers(self) -> bool:
        """Whether a daemon answers. Raises DockerError when it is there and we may not talk to it."""
        try:
            with self._call("GET", "/_ping", timeout_s=5):
                return True
        except PermissionError as error:
            raise DockerError(
                f"The Docker daemon at {self.host} may not be used by this user. "
                "Add yourself to its group and log in again: sudo usermod -aG docker $USER"
            ) from error
        except (OSError, DockerError):
            return False

    def containers(self) -> list[dict[str, Any]]:
        """Every container, running or not. Source: GET /containers/json."""
        listed: list[dict[str, Any]] = self._json("GET", "/containers/json?all=true")
        return listed

    def stop_and_remove(self, container: str, grace_s: int) -> None:
        """Ask the container to end, remove it after `grace_s` at most. One that is gone is fine."""
        identifier = urllib.parse.quote(container, safe="")
        for method, path in (
            ("POST", f"/{identifier}/stop?t={grace_s}"),
            ("DELETE", f"/{identifier}?force=true&v=true"),
        ):
            # 304: it did not run; 404: it is gone; 409: its removal is under way.
            with self._call(method, "/containers" + path, allowed=(304, 404, 409)):
                pass

    def bridge(self) -> str | None:
        """The network interface that containers are behind, as `docker0`; None where the daemon has no such network.

        Source: GET /networks/bridge.
        """
        with self._call("GET", "/networks/bridge", allowed=(404,)) as response:
            network = json.loads(response.read()) if response.status == 200 else {}
        name: str | None = (network.get("Options") or {}).get("com.docker.network.bridge.name")
        return name

    def has_image(self, reference: str) -> bool:
        """Whether the daemon holds the image."""
        with self._call("GET", f"/images/{urllib.parse.quote(reference)}/json", allowed=(404,)) as response:
            return response.status == 200

    def remove_images_of(self, registry: str) -> int:
        """Remove the daemon's copies of what `registry` (host:port) holds or held. Gives the number of references."""
        images = self._json("GET", "/images/json")
        # A pushed image has a reference by digest too, which outlives its tag.
        references = [name for image in images for kind in ("RepoTags", "RepoDigests") for name in image[kind] or []]
        ours = [reference for reference in references if reference.startswith(registry + "/")]
        for reference in ours:
            # 404: it went with another reference; 409: somebody's container uses it.
            with self._call("DELETE", f"/images/{urllib.parse.quote(reference)}", allowed=(404, 409)):
                pass
        return len(ours)

    def pull(self, name: str, tag: str, timeout_s: float) -> Iterator[dict[str, Any]]:
        """Pull an image, yielding the daemon's messages. `timeout_s` is for each of them."""
        query = urllib.parse.urlencode({"fromImage": name, "tag": tag})
        yield from self._messages("POST", f"/images/create?{query}", timeout_s=timeout_s)

    def import_tar(self, tar: IO[bytes], name: str, tag: str, changes: list[str]) -> None:
        """Make an image of a root file system. `changes` are Dockerfile instructions such as CMD."""
        query = urllib.parse.urlencode({"fromSrc": "-", "repo": name, "tag": tag, "changes": changes}, doseq=True)
        for _ in self._messages("POST", f"/images/create?{query}", body=tar):
            pass

    def push(self, name: str, tag: str) -> None:
        """Push an image to the registry in its name, which needs no credentials."""
        nobody = base64.urlsafe_b64encode(b"{}").decode()
        path = f"/images/{urllib.parse.quote(name)}/push?tag={urllib.parse.quote(tag)}"
        for _ in self._messages("POST", path, headers={"X-Registry-Auth": nobody}):
            pass

    def _messages(
        self,
        method: str,
        path: str,
        body: IO[bytes] | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Iterator[dict[str, Any]]:
        with self._call(method, path, body, headers, timeout_s=timeout_s) as response:
            for line in response:
                message = json.loads(line)
                if "error" in message:
                    raise DockerError(f"Docker: {message['error']}")
                yield message

    def _json(self, method: str, path: str) -> Any:
        with self._call(method, path) as response:
            return json.loads(response.read())

    @contextmanager
    def _call(
        self,
        method: str,
        path: str,
        body: IO[bytes] | None = None,
        headers: dict[str, str] | None = None,
        allowed: tuple[int, ...] = (),
        timeout_s: float = TIMEOUT_S,
    ) -> Iterator[http.client.HTTPResponse]:
        connection = self._connection(timeout_s)
        try:
            connection.request(method, path, body, headers or {}, encode_chunked=body is not None)
            response = connection.getresponse()
            if response.status >= 300 and response.status not in allowed:
                raise DockerError(f"Docker at {self.host} answered {response.status}: {_message(response.read())}")
            yield response
        finally:
            connection.close()

    def _connection(self, timeout_s: float) -> http.client.HTTPConnection:
        if self._url.scheme == "unix":
            return _UnixConnection(self._url.path, timeout_s)
        return http.client.HTTPConnection(self._url.hostname or "127.0.0.1", self._url.port or 2375, timeout=timeout_s)


def _message(body: bytes) -> str:
    """The text in an error answer, which is {"message": text}."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, TypeError, KeyError):
        return body.decode(errors="replace").strip()


def split_reference(reference: str) -> tuple[str, str]:
    """`name:tag` as (name, tag); the tag is `latest` where there is none."""
    name, colon, tag = reference.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (reference, "latest")


def socket_path(host: str) -> Path | None:
    """The file of a unix socket address."""
    url = urllib.parse.urlsplit(host)
    return Path(url.path) if url.scheme == "unix" else None
