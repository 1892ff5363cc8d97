"""Of which type each key of a Nomad job is (job_types.json, from Nomad's source), and what a list's order means."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from providers.nomad.client import Json

PLAIN = frozenset({"string", "number", "bool", "duration"})


@dataclass(frozen=True)
class Type:
    """What a key holds.

    `kind`: string, number, bool, duration, list (of plain values), map (free) or struct. `many`: it holds a list
    (`[]`) or a map (`{}`) of them. `unset`: whether "not set" is something else than zero or empty, for the API (`*`:
    only what is not set gets a default) or even for the server (`?`).
    """

    kind: str
    struct: str = ""
    many: str = ""
    unset: str = ""


@cache
def fields(struct: str) -> Mapping[str, Type]:
    """The keys of a struct and their types. None for a struct that is not known."""
    return {key: _type(text) for key, text in _structs().get(struct, {}).items()}


@cache
def spellings(struct: str) -> Mapping[str, str]:
    """The keys of a struct by their names in lower case: Nomad's answers write some in another case than its API."""
    return {key.lower(): key for key in fields(struct)}


def structs() -> frozenset[str]:
    """The names of all structs below a job."""
    return frozenset(_structs())


def _type(text: str) -> Type:
    text = text.removeprefix("-")
    unset = text[-1] if text[-1] in "*?" else ""
    kind = text.removesuffix(unset)
    many = kind[:2] if kind[:2] in ("[]", "{}") else ""
    kind = kind.removeprefix(many)
    if kind in PLAIN or kind in ("list", "map"):
        return Type(kind, unset=unset)
    return Type("struct", kind, many)


@cache
def _structs() -> Mapping[str, Mapping[str, str]]:
    table = json.loads((Path(__file__).parent / "job_types.json").read_text(encoding="utf-8"))
    found: Mapping[str, Mapping[str, str]] = table["structs"]
    return found


SETS = frozenset(
    {
        "ConsulHTTPHeaderModifiers.Remove",
        "ConsulIngressService.Hosts",
        "ConsulSidecarService.Tags",
        "ConsulTransparentProxy.ExcludeInboundPorts",
        "ConsulTransparentProxy.ExcludeOutboundCIDRs",
        "ConsulTransparentProxy.ExcludeOutboundPorts",
        "ConsulTransparentProxy.ExcludeUIDs",
        "Job.Datacenters",
        "MultiregionRegion.Datacenters",
        "NUMAResource.Devices",
        "ParameterizedJobConfig.MetaOptional",
        "ParameterizedJobConfig.MetaRequired",
        "PeriodicConfig.Specs",
        "Service.CanaryTags",
        "Service.Tags",
        "Vault.Policies",
        "WorkloadIdentity.Audience",
        "WorkloadIdentity.ExtraClaims",
    }
)
"""Lists of plain values whose order means nothing. In every other one it counts: arguments, servers, mount flags."""

IDENTITY: Mapping[str, tuple[str, ...]] = {
    "Action": ("Name",),
    "Affinity": ("LTarget",),
    "Constraint": ("LTarget",),
    "ConsulExposePath": ("Path",),
    "ConsulIngressListener": ("Port",),
    "ConsulIngressService": ("Name",),
    "ConsulLinkedService": ("Name",),
    "ConsulUpstream": ("DestinationName",),
    "JobUILink": ("Label",),
    "MultiregionRegion": ("Name",),
    "NetworkResource": (),
    "Port": ("Label",),
    "RequestedDevice": ("Name",),
    "ScalingPolicy": ("Type",),
    "Secret": ("Name",),
    "Service": ("Name",),
    "ServiceCheck": ("Name",),
    "Spread": ("Attribute",),
    "SpreadTarget": ("Value",),
    "Task": ("Name",),
    "TaskArtifact": ("RelativeDest", "GetterSource"),
    "TaskGroup": ("Name",),
    "Template": ("DestPath",),
    "VolumeMount": ("Destination", "Volume"),
    "WorkloadIdentity": ("Name",),
}
"""By what people tell the elements of a list of structs apart. The first key is the one that is shown."""


def _always(one: Json, other: Json) -> bool:
    return True


def _overlap(key: str) -> Callable[[Json, Json], bool]:
    """Whether what one element writes may be written over by another: the same folder, or one inside the other."""

    def overlap(one: Json, other: Json) -> bool:
        here, there = (f"{str(element.get(key, '')).rstrip('/')}/" for element in (one, other))
        return here.startswith(there) or there.startswith(here)

    return overlap


def _both_rendered_into_one(one: Json, other: Json) -> bool:
    if one.get("Envvars") and other.get("Envvars"):
        return True
    return bool(one.get("DestPath") == other.get("DestPath"))


ORDER: Mapping[str, Callable[[Json, Json], bool]] = {
    "JobUIConfig.Links": _always,
    "Multiregion.Regions": _always,
    "SidecarTask.VolumeMounts": _overlap("Destination"),
    "Task.Artifacts": _overlap("RelativeDest"),
    "Task.Templates": _both_rendered_into_one,
    "Task.VolumeMounts": _overlap("Destination"),
}
"""Lists of structs in which order counts, and between which two elements. In every other one it means nothing."""

_SINGULAR = {
    "Affinities": "Affinity",
    "DynamicPorts": "Dynamic Port",
    "EnvoyGatewayBindAddresses": "EnvoyGatewayBindAddress",
    "Identities": "Identity",
    "Paths": "Path",
    "ReservedPorts": "Static Port",
    "ScalingPolicies": "Scaling",
}


def singular(key: str) -> str:
    """What one element of a list is called: `Constraints` holds a `Constraint`."""
    return _SINGULAR.get(key, key.removesuffix("s"))


def label(struct: str, element: Json) -> str:
    """How a reader tells an element from others; "" where it has no name."""
    shown: Any = element.get((IDENTITY.get(struct) or ("",))[0])
    return "" if shown is None else str(shown)
