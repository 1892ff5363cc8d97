"""What changes between two jobspecs as they are written: for a preview without Nomad, which would compare the jobs."""

from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

from providers.nomad.client import Json
from providers.nomad.plan import SECRET_NAME, Change
from providers.words import MASK

LINES_SHOWN = 20
"""How many lines of a changed HCL jobspec are shown."""

_USERS_KEYS = ("Env", "Meta")
"""Maps whose keys users make up; Nomad's diff writes them as `Env[KEY]`."""

_NAMED = {"TaskGroups": "group", "Tasks": "task"}


def job_changes(old: Json, new: Json) -> list[Change]:
    """Every field that differs between two jobs in Nomad's JSON; groups and tasks are matched by name."""
    return list(_differences((), "", old, new))


def text_changes(old: str, new: str, *, secret: bool) -> list[str]:
    """The lines that an HCL jobspec loses (-) and gains (+); masked where their words say that they hold a secret."""
    if secret:
        return [f"the jobspec's text: {MASK} → {MASK}"]
    found = [
        line[0] + " " + (MASK if SECRET_NAME.search(line) else line[1:].strip())
        for line in list(unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm=""))[2:]
        if not line.startswith("@@") and line[1:].strip()
    ]
    more = len(found) - LINES_SHOWN
    return found[:LINES_SHOWN] + ([f"and {more} more lines"] if more > 0 else [])


def _differences(path: tuple[str, ...], field: str, old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    noun = _NAMED.get(field)
    if noun and isinstance(old, list | None) and isinstance(new, list | None):
        before, after = _by_name(old), _by_name(new)
        for name in sorted(before.keys() | after.keys()):
            inner = (*path, f"{noun} {name}")
            if name in before and name in after:
                yield from _differences(inner, "", before[name], after[name])
            else:
                yield Change(inner, f"the whole {noun}", name, name, "Added" if name in after else "Deleted")
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            below = f"{field}[{key}]" if field in _USERS_KEYS else f"{field}.{key}" if field else key
            yield from _differences(path, below, old.get(key), new.get(key))
    else:
        kind = "Added" if old is None else "Deleted" if new is None else "Edited"
        yield Change(path, field, _text(old), _text(new), kind)


def _by_name(items: list[Any] | None) -> dict[str, Any]:
    return {str(item.get("Name")): {k: v for k, v in item.items() if k != "Name"} for item in items or []}


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
