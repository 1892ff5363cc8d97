"""Names of images: `registry:port/repository:tag@digest`."""

import ipaddress
import re
from dataclasses import dataclass

# Source of the grammar: github.com/distribution/reference.
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]+\])"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}"

_REFERENCE = re.compile(rf"(?P<name>(?:{_HOST}(?::[0-9]+)?/)?{_PATH})(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?")
_REGISTRY = re.compile(
    rf"(?P<scheme>https?://)?(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?(?P<path>(?:/{_COMPONENT})*)"
)

MAX_TAG = 128
"""Longest tag, characters."""
_MAX_NAME = 255
_DOCKER_HUB = "docker.io"


@dataclass(frozen=True)
class ImageReference:
    """A parsed reference."""

    name: str
    tag: str | None
    digest: str | None

    @staticmethod
    def parse(text: str) -> "ImageReference":
        """Parse it.

        Raises:
            ValueError: it is not a reference; the message is the rest of a sentence.
        """
        match = _REFERENCE.fullmatch(text)
        if match is None or len(match["name"]) > _MAX_NAME:
            hint = ": names of images are lower case" if _REFERENCE.fullmatch(text.lower()) else ""
            raise ValueError(f'must be an image reference such as "registry.example.com/web:1.2.3"{hint}')
        return ImageReference(match["name"], match["tag"], match["digest"])

    @property
    def canonical(self) -> str:
        """The same for all ways to write one reference: `redis` is `docker.io/library/redis:latest`.

        Source: github.com/distribution/reference, normalize.go.
        """
        host, slash, path = self.name.partition("/")
        if not slash or not (host == "localhost" or set(host) & set(".:") or host != host.lower()):
            host, path = _DOCKER_HUB, self.name
        if host == f"index.{_DOCKER_HUB}":
            host = _DOCKER_HUB
        if host == _DOCKER_HUB and "/" not in path:
            path = f"library/{path}"
        tag = self.tag or (None if self.digest else "latest")
        return f"{host}/{path}" + (f":{tag}" if tag else "") + (f"@{self.digest}" if self.digest else "")


@dataclass(frozen=True)
class Registry:
    """Where images are pushed to and pulled from."""

    address: str
    """`host`, `host:port` or either with a path below which the images are: what image names begin with."""
    plain_http: bool
    """Whether it is spoken to without TLS."""

    @staticmethod
    def parse(text: str) -> "Registry":
        """Parse `[http://|https://]host[:port][/path]`.

        Without a scheme a loopback address means plain HTTP, as it does for Docker, and any other TLS.

        Raises:
            ValueError: it is not such an address; the message is the rest of a sentence.
        """
        match = _REGISTRY.fullmatch(text)
        if match is None or (match["port"] is not None and not 0 < int(match["port"]) < 65536):
            raise ValueError(
                'must be the address of a registry such as "127.0.0.1:5000" or "registry.example.com/team"'
            )
        address = text.removeprefix(match["scheme"] or "")
        plain = match["scheme"] == "http://" or (match["scheme"] is None and _is_loopback(match["host"]))
        return Registry(address, plain)

    @property
    def url(self) -> str:
        """The address of its API, without the path."""
        return ("http://" if self.plain_http else "https://") + self.address.partition("/")[0]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
