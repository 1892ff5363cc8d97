"""Jobs as people write them: of the full ones, what real job files hold, as often as they hold it.

The shares are those of 113 job files of 22 public repositories.
"""

import random
from copy import deepcopy
from typing import Any

from tests.cluster.full_jobs import FULL, full

Json = dict[str, Any]

KINDS = ("service",) * 12 + ("batch", "periodic", "parameterized", "system", "system", "sysbatch", "sidecar", "native")
"""Kinds as often as they are met."""

SHARES: dict[str, dict[str, float]] = {
    "Job": {
        "Affinities": 0.02,
        "AllAtOnce": 0.01,
        "Constraints": 0.18,
        "Migrate": 0.05,
        "Reschedule": 0.05,
        "Spreads": 0.03,
        "UI": 0.05,
        "Update": 0.25,
    },
    "TaskGroup": {
        "Affinities": 0.02,
        "Constraints": 0.15,
        "Consul": 0.03,
        "Disconnect": 0.05,
        "EphemeralDisk": 0.15,
        "Meta": 0.15,
        "Migrate": 0.05,
        "ReschedulePolicy": 0.15,
        "RestartPolicy": 0.5,
        "Scaling": 0.05,
        "ShutdownDelay": 0.1,
        "Spreads": 0.05,
        "Update": 0.45,
        "Volumes": 0.2,
    },
    "Task": {
        "Actions": 0.05,
        "Affinities": 0.02,
        "Artifacts": 0.14,
        "Constraints": 0.03,
        "Identities": 0.04,
        "Identity": 0.04,
        "Leader": 0.05,
        "Lifecycle": 0.8,
        "LogConfig": 0.04,
        "RestartPolicy": 0.1,
        "ScalingPolicies": 0.03,
        "Secrets": 0.02,
        "Services": 0.15,
        "Templates": 0.35,
        "VolumeMounts": 0.2,
    },
    "Service": {"CanaryMeta": 0.02, "CanaryTags": 0.03, "Identity": 0.02, "Meta": 0.1, "Weights": 0.02},
}
"""How often a job, group, task or service has a key, where that is not nearly always or about as often as not."""

_NEEDED = frozenset(
    {
        "Checks",
        "Command",
        "Config",
        "Connect",
        "Count",
        "DestPath",
        "DispatchPayload",
        "Driver",
        "DynamicPorts",
        "EmbeddedTmpl",
        "GetterSource",
        "ID",
        "Interval",
        "LTarget",
        "Max",
        "Mode",
        "Name",
        "Networks",
        "Operand",
        "ParameterizedJob",
        "Periodic",
        "PortLabel",
        "Provider",
        "RTarget",
        "Services",
        "SidecarService",
        "Source",
        "TaskGroups",
        "Tasks",
        "Timeout",
        "Type",
        "Volume",
        "Volumes",
    }
)


def likely(id: str, chance: random.Random) -> tuple[str, Json]:
    """A kind and a job of it. Not every one of them is valid."""
    kind = chance.choice(KINDS)
    return kind, _thinned("Job", full(kind, id), chance)


def some(id: str, chance: random.Random) -> tuple[str, Json]:
    """A kind and a job of it that holds any part of what it may hold."""
    kind = chance.choice(sorted(FULL))
    return kind, _some(full(kind, id), chance)


def _thinned(struct: str, value: Json, chance: random.Random) -> Json:
    shares = SHARES.get(struct, {})
    kept = {key: item for key, item in value.items() if chance.random() < shares.get(key, _usual(key))}
    for key, inner in (("TaskGroups", "TaskGroup"), ("Tasks", "Task"), ("Services", "Service")):
        if key in kept:
            most = 1 if chance.random() < 0.85 else len(kept[key])
            kept[key] = [_thinned(inner, element, chance) for element in kept[key][:most]]
    return kept


def _usual(key: str) -> float:
    return 1 if key in _NEEDED else 0.7


def _some(value: Any, chance: random.Random) -> Any:
    if isinstance(value, list):
        return [_some(item, chance) for item in value]
    if not isinstance(value, dict):
        return deepcopy(value)
    return {key: _some(item, chance) for key, item in value.items() if key in _NEEDED or chance.random() < 0.6}
