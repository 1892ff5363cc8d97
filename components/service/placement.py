"""Which nodes instances run on."""

from typing import Annotated, Literal

from pydantic import Field

from components.service.base import Model, Text

Comparison = Literal[
    "=",
    "!=",
    ">",
    ">=",
    "<",
    "<=",
    "regexp",
    "version",
    "semver",
    "set_contains",
    "set_contains_all",
    "set_contains_any",
]


Level = Literal["job", "group", "task"]


class Constraint(Model):
    """A condition that a node must meet. Source: constraint."""

    attribute: Text | None = None
    """As ${attr.kernel.name}, ${meta.rack} or ${node.class}. Only distinct_hosts has none."""
    operator: Comparison | Literal["is_set", "is_not_set", "distinct_hosts", "distinct_property"] = "="
    value: Text | None = None
    """What to compare with. For distinct_property: how many instances may share a value, default 1."""
    level: Level = "group"
    """Where it is in the job: of the job, of the group, or of the service's own task. To Nomad it is the same."""


class Affinity(Model):
    """A preference for nodes. Source: affinity."""

    attribute: Text
    """As ${node.class}."""
    operator: Comparison = "="
    value: Text
    """What to compare with."""
    weight: Annotated[int, Field(ge=-100, le=100)] = 50
    """-100 to 100, not 0; below 0 to avoid such nodes."""
    level: Level = "group"
    """Where it is in the job: of the job, of the group, or of the service's own task. To Nomad it is the same."""


class Spread(Model):
    """Spread instances over the values of an attribute. Source: spread."""

    attribute: Text
    """As ${node.datacenter}."""
    weight: Annotated[int, Field(ge=1, le=100)] = 50
    """1 to 100, against other spreads and affinities."""
    targets: dict[Text, Annotated[int, Field(ge=0, le=100)]] = Field(default_factory=dict)
    """Percent of the instances per value, 100 together at the most. Default: evenly."""
    level: Literal["job", "group"] = "group"
    """Where it is in the job: of the job, or of the group. To Nomad it is the same."""
