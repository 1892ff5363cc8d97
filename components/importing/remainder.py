"""What is left of a job when another one is taken away: the counterpart of components/jobspec/merge.py."""

import json
from collections.abc import Mapping
from typing import Any

from components.jobspec.merge import PATCH, identity, merged, named
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
            override[key] = _difference(built[key], value, sets, key)
    return {**override, **{key: None for key in built if key not in wanted}}


def _same(one: Any, other: Any, sets: frozenset[str], key: str = "") -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[name], other[name], sets, name) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        if key in sets or (named(one) and named(other)):
            one, other = (sorted(it, key=lambda part: json.dumps(part, sort_keys=True)) for it in (one, other))
        return len(one) == len(other) and all(_same(left, right, sets) for left, right in zip(one, other, strict=True))
    return bool(one == other)


def _difference(built: Any, wanted: Any, sets: frozenset[str], key: str) -> Any:
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
    patch = _patch(built, wanted, sets)
    if patch is None or len(json.dumps(patch)) >= len(json.dumps(wanted)):
        return wanted
    # Parts that were there keep their places, which may count.
    return patch if _same(merged({key: built}, {key: patch})[key], wanted, sets, key) else wanted


def _patch(built: Any, wanted: Any, sets: frozenset[str]) -> list[Job] | None:
    """What changes in a list of parts without names; None where they cannot be told apart."""
    below, above = _told_apart(built), _told_apart(wanted)
    if below is None or above is None:
        return None
    changed = []
    for key, part in above.items():
        if key not in below or not _same(below[key], part, sets):
            own = {key[0]: key[1]} if key else {}
            changed.append({**own, PATCH: "merge", **remainder(below.get(key, {}), part, sets)})
    gone = [{key[0]: key[1], PATCH: "delete"} for key in below if key and key not in above]
    # Without one that is merged, the list would be taken for the whole.
    return [*gone, *changed] if changed else None


def _told_apart(parts: Any) -> dict[tuple[str, Any] | None, Any] | None:
    """The parts of a list by what tells them apart; the only one by None, if it has no such key."""
    if not isinstance(parts, list) or not parts or not all(isinstance(part, Mapping) for part in parts):
        return None
    keys = [identity(part) for part in parts]
    if len(set(keys)) < len(keys) or (None in keys and len(keys) > 1):
        return None
    return dict(zip(keys, parts, strict=True))
