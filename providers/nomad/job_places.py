"""Where in a job a change is: its tasks, and which values its groups and tasks hold."""

import re
from collections.abc import Iterator
from typing import Any

from providers.nomad.client import Json
from providers.nomad.job_normal import normal
from providers.nomad.plan import Change

_INDEX = re.compile(r"(?:\[\d+\])+$")
_KEY = re.compile(r"^.*(?:\[([^\]]*)\]|\.([^.]*))$", re.S)
"""The last name in a field: `up` in `Service(s).Check.up` as in `Meta[up]`."""

_UNSET = {"", "0", "false"}
"""What Nomad's diff writes where nothing is set."""


def tasks(job: Json) -> set[tuple[str, ...]]:
    """The paths of a job's tasks."""
    return {
        (f"group {group.get('Name')}", f"task {task.get('Name')}")
        for group in job.get("TaskGroups") or []
        for task in group.get("Tasks") or []
    }


def moved(change: Change, current: Json, wanted: Json) -> bool:
    """Whether both jobs hold both values of a change, so that only elements of a list have changed places.

    Nomad takes those of one name, such as checks without a name, for one.
    """
    key = _KEY.sub(r"\1\2", _INDEX.sub("", change.field))
    before, after = (set(_values(_at(normal(job), change.path), key)) for job in (current, wanted))
    return change.new in before | _UNSET and change.old in after | _UNSET


def _at(job: Json, path: tuple[str, ...]) -> Json:
    found = job
    for step, list_ in zip(path, ("TaskGroups", "Tasks"), strict=False):
        name = step.split(" ", 1)[1]
        found = next((part for part in found.get(list_) or [] if part.get("Name") == name), {})
    return {key: item for key, item in found.items() if key not in ("TaskGroups", "Tasks")}


def _values(value: Any, name: str) -> Iterator[str]:
    """What stands under a key, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from _values(item, name)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == name:
                for one in item if isinstance(item, list) else [item]:
                    yield str(one).lower() if isinstance(one, bool) else str(one)
            yield from _values(item, name)
