"""Conditions and preferences for nodes."""

from components.jobspec.nomad import Job
from components.service.placement import Affinity, Constraint, Spread


def constraint(constraint: Constraint) -> Job:
    """Nomad's constraint."""
    value = "true" if constraint.operator == "distinct_hosts" else constraint.value
    return {"LTarget": constraint.attribute or "", "Operand": constraint.operator, "RTarget": value or ""}


def affinity(affinity: Affinity) -> Job:
    """Nomad's affinity."""
    return {
        "LTarget": affinity.attribute,
        "Operand": affinity.operator,
        "RTarget": affinity.value,
        "Weight": affinity.weight,
    }


def spread(spread: Spread) -> Job:
    """Nomad's spread."""
    targets = [{"Value": value, "Percent": percent} for value, percent in sorted(spread.targets.items())]
    return {"Attribute": spread.attribute, "Weight": spread.weight, "SpreadTarget": targets}
