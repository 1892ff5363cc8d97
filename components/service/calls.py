"""Other services that a service uses."""

from typing import Annotated, Literal

from components.service.base import Model, PortLabel, PortNumber, matching

Scheme = Annotated[str, matching(r"[a-z][a-z0-9+.-]*", 'must be the scheme of an address, as "http" or "redis"')]


class Call(Model):
    """How a service finds another; its key is the other's name in Consul."""

    port: PortLabel | None = None
    """Label of a registered port of the other. Default: its main one."""
    scheme: Scheme | None = None
    """What addresses begin with. Default: the protocol of the other's port, where it is known; otherwise http."""
    deliver: Literal["file", "env"] = "file"
    """file: <NAME>_FILE is the path of a file with the addresses of the healthy instances, one per line, which Nomad
    keeps current. env: <NAME>_URL is the first of them, and the process is restarted whenever that one changes."""
    mesh: bool = False
    """By the mesh's proxy instead: <NAME>_URL is an address on this instance's own loopback."""
    local_port: PortNumber | None = None
    """For mesh: the port on loopback."""


def variable(callee: str, ending: str) -> str:
    """Name of the variable that tells of a callee: API_FILE, API_URL."""
    name = callee.upper().replace("-", "_")
    return f"{'_' if name[0].isdigit() else ''}{name}_{ending}"


def consul_name(service: str, label: str | None) -> str:
    """What Consul knows a port of a service by; None is its main port."""
    return service if label is None else f"{service}-{label.lower().replace('_', '-')}"
