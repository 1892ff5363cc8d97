"""Conditions for nodes as service.yaml says them; the counterpart of components/jobspec/placement.py."""

from collections.abc import Mapping
from typing import Any

from components.importing.read import parts, said

Block = Mapping[str, Any]


def conditions(job: Block, group: Block, task: Block) -> dict[str, Any]:
    """`constraints`, `affinities` and `spreads` of a job, its group and the service's own task."""
    levels = (("job", job), ("group", group), ("task", task))
    return said(
        constraints=[{**constraint(it), **_at(level)} for level, owner in levels for it in parts(owner, "Constraints")],
        affinities=[{**affinity(it), **_at(level)} for level, owner in levels for it in parts(owner, "Affinities")],
        spreads=[{**spread(it), **_at(level)} for level, owner in levels[:2] for it in parts(owner, "Spreads")],
    )


def _at(level: str) -> dict[str, Any]:
    return {} if level == "group" else {"level": level}


def constraint(block: Block) -> dict[str, Any]:
    """One of `constraints`."""
    operator = block.get("Operand") or "="
    value = None if operator in ("distinct_hosts", "is_set", "is_not_set") else block.get("RTarget")
    return said(attribute=block.get("LTarget"), operator=_unusual(operator, "="), value=value)


def affinity(block: Block) -> dict[str, Any]:
    """One of `affinities`."""
    return said(
        attribute=block.get("LTarget"),
        operator=_unusual(block.get("Operand"), "="),
        value=block.get("RTarget"),
        weight=_unusual(block.get("Weight"), 50),
    )


def spread(block: Block) -> dict[str, Any]:
    """One of `spreads`."""
    targets = {target.get("Value"): target.get("Percent") for target in parts(block, "SpreadTarget")}
    return said(attribute=block.get("Attribute"), weight=_unusual(block.get("Weight"), 50), targets=targets)


def _unusual(value: Any, default: Any) -> Any:
    """The value; None where it goes without saying."""
    return None if value == default else value
