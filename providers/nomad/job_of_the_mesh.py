"""What Nomad adds to a group's services and ports for the service mesh, taken out of both jobs that are compared.

Sources: Nomad `job_endpoint_hook_connect.go` (a port for each sidecar), `job_endpoint_hook_expose_check.go` (a port and
a path for each exposed check).
"""

import re
from collections.abc import Sequence
from typing import Any

from providers.nomad.client import Json

_PORT_OF_CHECK = re.compile(r"svc_.+_ck_[0-9a-f]{6}")
_TO_THE_SAME = -1
"""What a port that Nomad adds leads to."""


def without_sidecar_ports(group: Json) -> list[Json] | None:
    """The networks of a group without the ports that Nomad adds under the names that its sidecars give theirs."""
    names = {_sidecar(service).get("Port") for service in group.get("Services") or []} - {None, ""}
    networks: list[Json] | None = group.get("Networks")
    if not names or not networks:
        return networks
    return [
        {
            **network,
            "DynamicPorts": [port for port in network.get("DynamicPorts") or [] if not _is_added(port, names)],
        }
        for network in networks
    ]


def is_port_of_check(label: Any) -> bool:
    """Whether a port has the name that Nomad gives it from the place and the content of an exposed check."""
    return bool(_PORT_OF_CHECK.fullmatch(str(label or "")))


def _is_added(port: Json, names: set[Any]) -> bool:
    """Whether a port is as Nomad adds it; one that is written like that is the same."""
    plain = port.get("HostNetwork") in (None, "", "default") and not port.get("IgnoreCollision")
    return port.get("Label") in names and port.get("To") == _TO_THE_SAME and plain


def _sidecar(service: Json) -> Json:
    return (service.get("Connect") or {}).get("SidecarService") or {}


def without_exposed_paths(service: Json, networks: Sequence[Json] | None) -> Json:
    """A service without the ports and the paths that Nomad adds for checks with `expose`."""
    sidecar = _sidecar(service)
    exposed = [check for check in service["Checks"] if check.get("Expose")]
    if not sidecar or not exposed:
        return service
    proxy = dict(sidecar.get("Proxy") or {})
    expose = dict(proxy.get("Expose") or {})
    port = _number(service.get("PortLabel"), networks)
    added = [(check.get("Path"), check.get("Protocol") or "", port, check.get("PortLabel")) for check in exposed]
    paths = [
        path
        for path in expose.get("Paths") or []
        if (path.get("Path"), path.get("Protocol") or "", path.get("LocalPathPort"), path.get("ListenerPort"))
        not in added
    ]
    # Where nothing else is in the blocks that Nomad puts a path in, they may be written or not.
    proxy["Expose"] = {**expose, "Paths": paths} if paths else None
    proxy = {key: value for key, value in proxy.items() if value is not None}
    own = {key: value for key, value in sidecar.items() if key != "Proxy"}
    sidecar = {**own, "Proxy": proxy} if any(proxy.values()) else own
    checks = [_without_added_port(check) for check in service["Checks"]]
    return {**service, "Checks": checks, "Connect": {**service["Connect"], "SidecarService": sidecar}}


def _number(label: Any, networks: Sequence[Json] | None) -> int:
    """The static port of a label, or the label itself where it is a number."""
    for network in networks or []:
        for port in network.get("ReservedPorts") or []:
            if port.get("Label") == label:
                return int(port.get("Value") or 0)
    return int(label) if str(label or "").isdecimal() else 0


def _without_added_port(check: Json) -> Json:
    is_added = check.get("Expose") and is_port_of_check(check.get("PortLabel"))
    return {key: value for key, value in check.items() if key != "PortLabel"} if is_added else check
