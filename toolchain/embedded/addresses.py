"""How to reach a running cluster."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from toolchain.docker_api import DEFAULT_HOST


@dataclass(frozen=True)
class Addresses:
    """The servers of a cluster."""

    nomad: str
    """URL, such as `http://127.0.0.1:4646`."""
    consul: str
    """URL, such as `http://127.0.0.1:8500`."""
    registry: str
    """`host:port`, plain HTTP, no credentials."""
    base_image: str | None
    """Reference of the base image that the toolchain made; None where the usual one can be pulled."""
    docker_host: str
    """Address of the Docker daemon, such as `unix:///var/run/docker.sock`."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Finished images that the toolchain made, by the reference that they stand in for."""

    def environment(self) -> dict[str, str]:
        """The variables by which the program and the tools find the cluster."""
        variables = {
            "NOMAD_ADDR": self.nomad,
            "CONSUL_HTTP_ADDR": self.consul,
            "CARAVAN_REGISTRY": self.registry,
        }
        if self.base_image:
            variables["CARAVAN_BASE_IMAGE"] = self.base_image
        if self.images:
            variables["CARAVAN_IMAGES"] = ",".join(f"{usual}={made}" for usual, made in sorted(self.images.items()))
        if self.docker_host != DEFAULT_HOST:
            variables["DOCKER_HOST"] = self.docker_host
        return variables

    def shell_exports(self) -> str:
        """The same as lines for a shell."""
        return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in self.environment().items())
