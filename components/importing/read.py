"""How values of a job become values of a service; the counterparts of components/jobspec/nomad.py."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from components.service.base import MAX_NAME

_ESCAPED = re.compile(r"\$\$\{|%%\{")


def seconds(nanoseconds: Any) -> float | int | None:
    """A duration; None where there is none."""
    if not isinstance(nanoseconds, int):
        return None
    value = nanoseconds / 1_000_000_000
    return int(value) if value.is_integer() else value


def key_of(name: str) -> str:
    """A name for service.yaml, made of one that others have given; empty where nothing is left of it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:MAX_NAME].strip("-")


def said(**values: Any) -> dict[str, Any]:
    """The keys that say something: nothing empty."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {}, ())}


def unescaped(text: Any) -> Any:
    """A text of a driver's configuration as a process receives it. See components/jobspec/driver.py."""
    return _ESCAPED.sub(lambda found: found[0][1:], text) if isinstance(text, str) else text


def block(value: Any, key: str) -> Mapping[str, Any]:
    """The block under a key; empty where there is none."""
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def parts(value: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    """The blocks in the list under a key."""
    found = value.get(key)
    return [part for part in found if isinstance(part, Mapping)] if isinstance(found, list) else []
