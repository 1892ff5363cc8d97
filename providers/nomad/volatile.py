"""Values of an HCL jobspec that are other ones each time Nomad reads it: uuidv4() and bcrypt()."""

import re
from collections.abc import Iterator
from typing import Any

from providers.nomad.client import Json

_CALL = re.compile(r"\b(?P<function>uuidv4|bcrypt)\s*\(")


def functions(source: str) -> list[str]:
    """The functions that a jobspec seems to call and that never give the same value twice."""
    return sorted({match["function"] for match in _CALL.finditer(source)})


def differing(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Where two readings of one jobspec differ, as `Meta.run_uuid`."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() & other.keys()):
            yield from differing(one[key], other[key], f"{path}.{key}" if path else key)
    elif isinstance(one, list) and isinstance(other, list):
        for number, (before, after) in enumerate(zip(one, other, strict=False)):
            yield from differing(before, after, f"{path}[{number}]")
    elif one != other:
        yield path


def steadied(one: Json, other: Json, registered: Json) -> Json:
    """A reading of a jobspec with the registered values where it differs from another reading."""
    result: Json = _steadied(one, other, registered)
    return result


def _steadied(one: Any, other: Any, registered: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict) and isinstance(registered, dict):
        return {key: _steadied(value, other.get(key), registered.get(key, value)) for key, value in one.items()}
    if isinstance(one, list) and isinstance(other, list) and isinstance(registered, list):
        if len(one) == len(other) == len(registered):
            return [_steadied(*values) for values in zip(one, other, registered, strict=True)]
        return one
    return one if one == other else registered


def text(names: list[str], where: list[str]) -> str:
    """That a preview shows values which nobody is going to register."""
    called = " and ".join(f"{name}()" for name in names)
    return (
        f"{called} gives another value each time the jobspec is read: `pulumi up`, also with a saved plan, registers "
        f"another {', '.join(where)} than the one shown here. As long as the jobspec's text is unchanged, nothing is "
        "registered anew. To decide when it changes, give the value in hcl2.vars."
    )
