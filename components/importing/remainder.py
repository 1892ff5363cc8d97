"""What is left of a job when another one is taken away: the counterpart of components/jobspec/merge.py."""

import json
from collections.abc import Mapping
from typing import Any

from components.jobspec.merge import PATCH, named
from components.jobspec.nomad import Job

SETS = frozenset(
    {
        "Affinities",
        "Checks",
        "Constraints",
        "DynamicPorts",
        "Identities",
        "ReservedPorts",
        "Services",
        "Spreads",
        "Templates",
        "VolumeMounts",
    }
)
"""Lists whose order means nothing to Nomad, or not often: of templates that set variables, the last one wins."""


def remainder(built: Mapping[str, Any], wanted: Mapping[str, Any], sets: frozenset[str] = SETS) -> Job:
    """The override with which `merged(built, override)` is `wanted`, up to the order of sets and parts with names.

    Args:
        built: what the override is laid over.
        wanted: what it is to become.
        sets: keys of lists whose order means nothing.
    """
    override: Job = {}
    for key, value in wanted.items():
        if key not in built:
            override[key] = value
        elif not _same(built[key], value, sets, key):
            override[key] = _difference(built[key], value, sets)
    return {**override, **{key: None for key in built if key not in wanted}}


def _same(one: Any, other: Any, sets: frozenset[str], key: str = "") -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[name], other[name], sets, name) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        if key in sets or (named(one) and named(other)):
            one, other = (sorted(it, key=lambda part: json.dumps(part, sort_keys=True)) for it in (one, other))
        return len(one) == len(other) and all(_same(left, right, sets) for left, right in zip(one, other, strict=True))
    return bool(one == other)


def _difference(built: Any, wanted: Any, sets: frozenset[str]) -> Any:
    if isinstance(built, Mapping) and isinstance(wanted, Mapping):
        return remainder(built, wanted, sets)
    if named(built) and named(wanted):
        below = {part["Name"]: part for part in built}
        above = {part["Name"]: part for part in wanted}
        changed = [
            {"Name": name, **remainder(below.get(name, {}), part, sets)}
            for name, part in above.items()
            if name not in below or not _same(below[name], part, sets)
        ]
        return [{"Name": name, PATCH: "delete"} for name in below if name not in above] + changed
    return wanted
