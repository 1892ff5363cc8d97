"""Constraints on what a node is: the operators that compare texts. Versions and patterns are left to the scheduler."""

import re

from providers.nomad.client import Json

_TARGET = re.compile(r"\$\{(?P<name>[^}]+)\}")
_NODE = {
    "node.unique.id": "ID",
    "node.unique.name": "Name",
    "node.datacenter": "Datacenter",
    "node.class": "NodeClass",
    "node.pool": "NodePool",
}
_HELD = {"attr": "Attributes", "meta": "Meta"}
_EQUAL = frozenset({"=", "==", "is"})
_UNEQUAL = frozenset({"!=", "not"})


def unmet(node: Json, left: str, operand: str, right: str) -> str | None:
    """What a node has where it does not meet a constraint, in quotes ("nothing" where it has none).

    None where it meets it, and where only the scheduler can say. Source: Nomad `checkConstraint`, `resolveTarget`.
    """
    if not (knows(node, left) and knows(node, right)):
        return None
    one, other = value(node, left), value(node, right)
    has = "nothing" if one is None else f'"{one}"'
    if operand in _EQUAL:
        return None if one is not None and one == other else has
    if operand in _UNEQUAL:
        return None if one != other else has
    if operand == "is_set":
        return None if one is not None else has
    if operand == "is_not_set":
        return None if one is None else has
    return None


def value(node: Json, target: str) -> str | None:
    """What a side of a constraint is on a node: a text stands for itself; None where the node has no such thing."""
    found = _TARGET.fullmatch(target)
    if found is None:
        return target
    name = found["name"]
    if name in _NODE:
        return str(node.get(_NODE[name]) or "")
    kind, _, key = name.partition(".")
    return (node.get(_HELD.get(kind, "")) or {}).get(key)


def knows(node: Json, target: str) -> bool:
    """Whether a side of a constraint can be told of what is known of a node. `${NOMAD_META_x}` is known to a run."""
    found = _TARGET.fullmatch(target)
    if found is None:
        return "${" not in target
    if found["name"] in _NODE:
        return True
    kind = found["name"].partition(".")[0]
    return _HELD.get(kind, "") in node


def of_a_run(text: str) -> bool:
    """Whether something is known only when a run is dispatched: it holds a variable of the run's environment."""
    return "${NOMAD_" in text
