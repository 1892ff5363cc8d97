"""The escape hatch: the user's own piece of job, merged over the built one."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.jobspec.nomad import Job

PATCH = "$patch"
"""Key in a named part: `$patch: delete` takes the part of that name away. Source: Kubernetes, strategic merge patch."""


def merged(job: Job, override: Mapping[str, Any]) -> Job:
    """The job with the override in it: mappings key by key, lists of parts with different names part by part.

    Anything else replaces. Null takes away what the job has (source: RFC 7396, JSON merge patch). A part with a name
    that the job does not have is added.
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
    return value
