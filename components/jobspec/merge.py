"""The escape hatch: the user's own piece of job, merged over the built one."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.jobspec.nomad import Job

PATCH = "$patch"
"""Key in a part of a list: `$patch: delete` takes the part of that name away, and `$patch: merge` changes the keys that
are written in it. Source: Kubernetes, strategic merge patch."""

_TELLS_APART = ("Name", "Label", "DestPath", "Destination", "Path")
"""Keys by which parts of a list are told apart: of most, of ports, templates, volume mounts and nameless checks."""


def merged(job: Job, override: Mapping[str, Any]) -> Job:
    """The job with the override in it: mappings key by key, lists of parts with different names part by part.

    Anything else replaces, but for lists in which `$patch: merge` says otherwise. Null takes away what the job has
    (source: RFC 7396, JSON merge patch). A part with a name that the job does not have is added.
    """
    result = dict(job)
    for key, value in override.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged_value(result.get(key), value)
    return result


def named(parts: Any) -> bool:
    """Whether it is a list of parts with names, all different."""
    if not isinstance(parts, Sequence) or isinstance(parts, str):
        return False
    names = [part.get("Name") if isinstance(part, Mapping) else None for part in parts]
    return bool(names) and all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _merged_value(below: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        return merged(dict(below) if isinstance(below, Mapping) else {}, value)
    if named(below) and named(value):
        parts = {part["Name"]: part for part in below}
        for part in value:
            if part.get(PATCH) == "delete":
                parts.pop(part["Name"], None)
            else:
                parts[part["Name"]] = merged(parts.get(part["Name"], {}), part)
        return list(parts.values())
    if isinstance(value, Sequence) and any(isinstance(part, Mapping) and part.get(PATCH) == "merge" for part in value):
        return _patched(list(below or []), value)
    return value


def identity(part: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The key by which the part is told apart from others of its list, and its value."""
    return next(((key, part[key]) for key in _TELLS_APART if part.get(key)), None)


def _patched(parts: list[Any], patches: Sequence[Any]) -> list[Any]:
    """The parts with the patches in them; a part that is not there is added.

    One without a key that tells it apart is the only one of its list, as a network.
    """
    for patch in patches:
        rest = {key: value for key, value in patch.items() if key != PATCH}
        wanted = identity(rest)
        position = next((at for at, part in enumerate(parts) if identity(part) == wanted), None)
        if wanted is None:
            position = 0 if len(parts) == 1 else None
        if patch.get(PATCH) == "delete":
            parts = [part for at, part in enumerate(parts) if at != position]
        elif position is None:
            parts = [*parts, merged({}, rest)]
        else:
            parts = [*parts[:position], merged(parts[position], rest), *parts[position + 1 :]]
    return parts
