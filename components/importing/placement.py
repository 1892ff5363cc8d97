"""Conditions for nodes as service.yaml says them; the counterpart of components/jobspec/placement.py."""

from collections.abc import Mapping
from typing import Any

from components.importing.read import parts, said

Block = Mapping[str, Any]


def conditions(job: Block, group: Block, task: Block) -> dict[str, Any]:
    """`constraints`, `affinities` and `spreads` of a job, its group and the service's own task."""
    levels = (("job", job), ("group", group), ("task", task))
    return said(
        constraints=[
            {**constraint(it), "level": level} for level, owner in levels for it in parts(owner, "Constraints")
        ],
        affinities=[{**affinity(it), "level": level} for level, owner in levels for it in parts(owner, "Affinities")],
        spreads=[{**spread(it), "level": level} for level, owner in levels[:2] for it in parts(owner, "Spreads")],
    )


def constraint(block: Block) -> dict[str, Any]:
    """One of `constraints`."""
    operator = block.get("Operand") or "="
    value = None if operator in ("distinct_hosts", "is_set", "is_not_set") else block.get("RTarget")
    return {**said(attribute=block.get("LTarget"), value=value), "operator": operator}


def affinity(block: Block) -> dict[str, Any]:
    """One of `affinities`."""
    return said(
        attribute=block.get("LTarget"),
        operator=block.get("Operand"),
        value=block.get("RTarget"),
        weight=block.get("Weight"),
    )


def spread(block: Block) -> dict[str, Any]:
    """One of `spreads`."""
    targets = {target.get("Value"): target.get("Percent") for target in parts(block, "SpreadTarget")}
    return said(attribute=block.get("Attribute"), weight=block.get("Weight"), targets=targets)
