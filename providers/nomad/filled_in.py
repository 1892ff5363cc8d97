"""What Nomad adds to a registered job by itself, so that its absence from a jobspec is no change.

Sources: Nomad `job_endpoint_hooks.go` (implied constraints), `job_endpoint_hook_connect.go` (tasks and ports of the
service mesh), `job_endpoint_hook_expose_check.go`, `job_endpoint_hook_implicit_identities.go`, `structs.Service`.
"""

import re
from collections.abc import Mapping
from typing import Any

from providers.nomad.client import Json

_SEMVER = r"(?:version\} semver >= (?:0\.6\.1|1\.11\.0|1\.8\.0|1\.4\.0|1\.6\.3-dev|1\.7\.0-a|1\.8\.0-dev))"
IMPLIED = re.compile(
    r"\$\{attr\.(?:vault|consul)\.(?:[\w-]+\.)?" + _SEMVER + r"|\$\{attr\.nomad\." + _SEMVER + r"|"
    r"\$\{attr\.nomad\.service_discovery\} = true|\$\{attr\.consul\.(?:[\w-]+\.)?partition\} = .*|"
    r"\$\{attr\.os\.signals\} set_contains .*|\$\{attr\.plugins\.cni\.version\.[\w-]+\} semver .*|"
    r"\$\{attr\.plugins\.secrets\.[^}]+\} is_set ?"
)
"""Constraints that Nomad implies from what a group or task uses, as `LTARGET OPERAND RTARGET`."""

_PORT = re.compile(r"connect-(?:proxy|terminating|mesh|ingress)-|svc_.+_ck_[0-9a-f]{6}$")
_IDENTITY = re.compile(r"(?:vault|consul)_")

_ALONE: Mapping[str, frozenset[str]] = {
    "Service": frozenset({"Identity", "Kind", "Namespace"}),
    "Task": frozenset({"Kind"}),
    "ScalingPolicy": frozenset({"CreateIndex", "ID", "ModifyIndex", "Namespace", "Target"}),
}
"""Keys that Nomad sets where the jobspec does not."""

_TAGGED = "EnvoyGatewayBindTaggedAddresses"
_BINDS = frozenset({"EnvoyGatewayBindAddresses", _TAGGED, "EnvoyGatewayNoDefaultBind"})
"""What a gateway binds to, which Nomad sets where none of it is set."""

BOOKKEEPING: Mapping[str, frozenset[str]] = {
    "Job": frozenset(
        {
            "CreateIndex",
            "DispatchIdempotencyToken",
            "Dispatched",
            "ID",
            "JobModifyIndex",
            "ModifyIndex",
            "NomadTokenID",
            "ParentID",
            "Payload",
            "Stable",
            "Status",
            "StatusDescription",
            "SubmitTime",
            "Version",
            "VersionTag",
        }
    ),
    "ScalingPolicy": frozenset({"CreateIndex", "ID", "ModifyIndex"}),
}
"""Keys that are Nomad's own, whatever stands in them."""


def without_filled_in(struct: str, registered: Json, wanted: Json) -> Json:
    """A struct of a registered job without what Nomad has added to what is `wanted`."""
    alone = _ALONE.get(struct, frozenset())
    if struct == "ConsulGatewayProxy" and not wanted.keys() & _BINDS and _is_nomads_bind(registered):
        alone = _BINDS
    found = {key: value for key, value in registered.items() if key in wanted or key not in alone}
    for key, (is_added, name) in _ADDED.items():
        if key not in found:
            continue
        given = wanted.get(key) or []
        changed = {one.get(name) for one in given if one not in found[key]}
        kept = [one for one in found[key] if one in given or one.get(name) in changed or not is_added(one)]
        found = {other: value for other, value in found.items() if other != key} | ({key: kept} if kept else {})
    return found


def _is_nomads_bind(proxy: Json) -> bool:
    """Whether a gateway binds to what Nomad has it bind to where its job says nothing."""
    addresses = (proxy.get("EnvoyGatewayBindAddresses") or {}).values()
    everywhere = all(address.get("Address") == "0.0.0.0" for address in addresses)  # noqa: S104 - compared only
    return bool(proxy.get("EnvoyGatewayNoDefaultBind") and everywhere and not proxy.get(_TAGGED))


def _is_implied(constraint: Any) -> bool:
    text = " ".join(str(constraint.get(key, "")) for key in ("LTarget", "Operand", "RTarget"))
    return bool(IMPLIED.fullmatch(text))


def _is_port_of_the_mesh(port: Any) -> bool:
    return port.get("To") == -1 and bool(_PORT.match(str(port.get("Label", ""))))


def _is_identity_for_vault_or_consul(identity: Any) -> bool:
    return bool(_IDENTITY.match(str(identity.get("Name", ""))))


_ADDED = {
    "Constraints": (_is_implied, "LTarget"),
    "DynamicPorts": (_is_port_of_the_mesh, "Label"),
    "Identities": (_is_identity_for_vault_or_consul, "Name"),
}
"""Lists to which Nomad adds elements, which ones, and by which key these are told apart."""
