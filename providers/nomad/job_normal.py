"""A job in the one form that all ways to write it have in common: defaults filled in, nothing that means nothing.

Both what a user writes and what Nomad has registered come to it, so that the two can be compared key by key.
"""

import json
from typing import Any

from providers.nomad.client import Json
from providers.nomad.job_inherited import SECOND, complete
from providers.nomad.job_types import SETS, Type, fields, spellings

DEFAULTS: dict[str, Json] = {
    "Affinity": {"Weight": 50},
    "ChangeScript": {"Timeout": 5 * SECOND},
    "CheckRestart": {"Grace": SECOND},
    "Consul": {"Cluster": "default"},
    "ConsulGatewayProxy": {"ConnectTimeout": 5 * SECOND},
    "ConsulIngressListener": {"Protocol": "tcp"},
    "DisconnectStrategy": {"Reconcile": "best_score", "Replace": True},
    "EphemeralDisk": {"SizeMB": 300},
    "Job": {"Datacenters": ["*"]},
    "LogConfig": {"MaxFileSizeMB": 10, "MaxFiles": 10},
    "MultiregionRegion": {"Count": 1},
    "NUMAResource": {"Affinity": "none"},
    "ParameterizedJobConfig": {"Payload": "optional"},
    "PeriodicConfig": {"Enabled": True, "SpecType": "cron", "TimeZone": "UTC"},
    "Port": {"HostNetwork": "default"},
    "RequestedDevice": {"Count": 1},
    "Resources": {"MemoryMB": 300},
    "ScalingPolicy": {"Enabled": True, "Max": -1, "Type": "horizontal"},
    "Service": {"AddressMode": "auto", "Cluster": "default", "OnUpdate": "require_healthy", "Provider": "consul"},
    "ServiceCheck": {"OnUpdate": "require_healthy"},
    "ServiceWeights": {"Passing": 1, "Warning": 1},
    "Spread": {"Weight": 50},
    "Task": {"KillTimeout": 5 * SECOND},
    "TaskArtifact": {"GetterMode": "any"},
    "TaskCSIPluginConfig": {"HealthTimeout": 30 * SECOND, "MountDir": "/csi", "StagePublishBaseDir": "/local/csi"},
    "Template": {
        "ChangeMode": "restart",
        "LeftDelim": "{{",
        "Perms": "0644",
        "RightDelim": "}}",
        "Splay": 5 * SECOND,
    },
    "Vault": {"ChangeMode": "restart", "ChangeSignal": "SIGHUP", "Cluster": "default", "Env": True},
    "VolumeMount": {"PropagationMode": "private"},
    "WorkloadIdentity": {"Name": "default"},
}
"""What Nomad fills in where a struct says nothing. What depends on another part of the job is `job_inherited`'s."""

_UPPER = frozenset({"ChangeSignal"})
"""Values that Nomad writes in capitals."""


def normal(job: Json) -> Json:
    """The job in its common form. The given one is not changed."""
    return _struct("Job", complete(job))


def _struct(struct: str, value: Json) -> Json:
    known = fields(struct)
    result: Json = {}
    for key, item in value.items():
        if item is None:
            continue
        name = key if key in known else spellings(struct).get(key.lower(), key)
        type_ = known.get(name)
        if type_ is None:
            # Of a newer Nomad than the table: compared as it is written.
            result[name] = item
        elif (found := _value(type_, item, f"{struct}.{name}")) is not None:
            result[name] = found
    for key, default in DEFAULTS.get(struct, {}).items():
        result.setdefault(key, default)
    return {key: item for key, item in result.items() if not _says_nothing(item, known.get(key))}


def _value(type_: Type, value: Any, where: str) -> Any:
    """A value in its common form; None where it counts as not set. One of a wrong type is left as it is."""
    if type_.kind == "struct":
        return _structs(type_, value)
    if type_.kind == "list" and isinstance(value, list):
        return (sorted(value, key=json.dumps) if where in SETS else value) or None
    if type_.kind == "map" and isinstance(value, dict):
        return {key: item for key, item in value.items() if item is not None} or None
    if not value and not type_.unset:
        return None
    if where.rsplit(".", 1)[1] in _UPPER and isinstance(value, str):
        return value.upper()
    return value


def _structs(type_: Type, value: Any) -> Any:
    if type_.many == "[]" and isinstance(value, list):
        return [
            _struct(type_.struct, item) if isinstance(item, dict) else item for item in value if item is not None
        ] or None
    if type_.many == "{}" and isinstance(value, dict):
        return {key: _struct(type_.struct, item) for key, item in value.items() if isinstance(item, dict)} or None
    return _struct(type_.struct, value) if isinstance(value, dict) else value


def _says_nothing(value: Any, type_: Type | None) -> bool:
    """Whether the server takes a value, once defaults are in, for "not set"."""
    plain = type_ is not None and type_.kind not in ("struct", "list", "map") and type_.unset != "?"
    return plain and not value
