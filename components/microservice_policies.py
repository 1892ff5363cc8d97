"""The parts of a Microservice's arguments about where instances run, how they are replaced and how many there are.

Types that Pulumi can offer to other languages are TypedDicts without a base, and their annotations must not be strings:
no `from __future__ import annotations` here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict


class ConstraintArgs(TypedDict):
    """A condition that a node must meet. Source: constraint."""

    attribute: NotRequired[str | None]
    """As ${attr.kernel.name}, ${meta.rack} or ${node.class}. Only distinct_hosts has none."""
    operator: NotRequired[str]
    """One of `=`, `!=`, `>`, `>=`, `<`, `<=`, `regexp`, `version`, `semver`, `set_contains`, `set_contains_all`,
    `set_contains_any`, `is_set`, `is_not_set`, `distinct_hosts`, `distinct_property`. Default `=`."""
    value: NotRequired[str | None]
    """What to compare with. For distinct_property: how many instances may share a value, default 1."""
    level: NotRequired[str]
    """Where it is in the job: of the job, of the group, or of the service's own task. To Nomad it is the same. Default
    `group`. One of `job`, `group`, `task`."""


class AffinityArgs(TypedDict):
    """A preference for nodes. Source: affinity."""

    attribute: str
    """As ${node.class}."""
    operator: NotRequired[str]
    """One of `=`, `!=`, `>`, `>=`, `<`, `<=`, `regexp`, `version`, `semver`, `set_contains`, `set_contains_all`,
    `set_contains_any`. Default `=`."""
    value: str
    """What to compare with."""
    weight: NotRequired[int]
    """-100 to 100, not 0; below 0 to avoid such nodes. Default 50."""
    level: NotRequired[str]
    """Where it is in the job: of the job, of the group, or of the service's own task. To Nomad it is the same. Default
    `group`. One of `job`, `group`, `task`."""


class SpreadArgs(TypedDict):
    """Spread instances over the values of an attribute. Source: spread."""

    attribute: str
    """As ${node.datacenter}."""
    weight: NotRequired[int]
    """1 to 100, against other spreads and affinities. Default 50."""
    targets: NotRequired[Mapping[str, int]]
    """Percent of the instances per value, 100 together at the most. Default: evenly."""
    level: NotRequired[str]
    """Where it is in the job: of the job, or of the group. To Nomad it is the same. Default `group`. One of `job`,
    `group`."""


class MigrateArgs(TypedDict):
    """How instances leave a node that drains. Source: migrate."""

    max_parallel: NotRequired[int]
    """Instances that move at a time. Default 1."""
    health_check: NotRequired[str]
    """What healthy means of the new one. Default `checks`. One of `checks`, `task_states`."""
    min_healthy_s: NotRequired[float]
    """How long it must be healthy to count. In seconds. Default 10."""
    healthy_deadline_s: NotRequired[float]
    """Time for it to become healthy. In seconds. Default 300."""


class DisconnectArgs(TypedDict):
    """What becomes of instances on a node that Nomad does not reach. Source: disconnect."""

    lost_after_s: NotRequired[float | None]
    """How long they may come back, before they count as lost. Default: they are lost at once. In seconds."""
    stop_after_s: NotRequired[float | None]
    """After which time the node stops them by itself. Source: disconnect > stop_on_client_after. In seconds."""
    replace: NotRequired[bool]
    """Whether others are started meanwhile. Default true."""
    reconcile: NotRequired[str]
    """Which of the two stays when the node is back. Default `best_score`. One of `best_score`, `keep_original`,
    `keep_replacement`, `longest_running`."""


class RolloutArgs(TypedDict):
    """How a new version replaces the old one. Source: update."""

    canary: NotRequired[int]
    """Instances of the new version that must be healthy before an old one stops. Default 1."""
    auto_promote: NotRequired[bool | None]
    """Go on when the canaries are healthy. Default: true, if there are canaries."""
    auto_revert: NotRequired[bool]
    """Go back to the last stable version when the new one fails. Default true."""
    max_parallel: NotRequired[int]
    """Instances replaced at a time. Nomad's 0 would switch deployments off, and with them every safety. Default
    1."""
    min_healthy_s: NotRequired[float]
    """How long an instance must be healthy to count: raise it to catch versions that fail after a while. In
    seconds. Default 10."""
    soak_s: NotRequired[float | None]
    """How long `up` watches healthy canaries before it promotes them and old instances stop, so that a version that
    crashes or fails its check after a while is taken back. Needs a canary. Default: not at all. In seconds."""
    healthy_deadline_s: NotRequired[float]
    """Time for one instance to become healthy, above min_healthy_s. In seconds. Default 120."""
    progress_deadline_s: NotRequired[float]
    """Time in which one more instance must have become healthy, above healthy_deadline_s. 0: the first unhealthy one
    ends the rollout. In seconds. Default 180."""
    stagger_s: NotRequired[float | None]
    """Time between the moves of instances away from nodes that drain or are lost. Default: Nomad's 30. In
    seconds."""
    health_check: NotRequired[str | None]
    """What healthy means: passing in Consul, or just running. null: Nomad's own rule, by which an instance without any
    check is healthy when it runs. Default `checks`. One of `checks`, `task_states`."""
    level: NotRequired[str]
    """Where it is in the job: of the group, or of the job as well, by whose max_parallel and stagger_s Nomad replaces
    the instances of a system job. Default `group`. One of `group`, `job`."""


class RestartArgs(TypedDict):
    """What happens on the node when an instance exits. Source: restart."""

    attempts: NotRequired[int]
    """Restarts within the interval. Default 2."""
    interval_s: NotRequired[float]
    """5 or more. In seconds. Default 300."""
    delay_s: NotRequired[float]
    """Time before a restart. In seconds. Default 5."""
    mode: NotRequired[str]
    """After the attempts: fail (place the instance anew, see Reschedule), or wait for the interval to end. One of
    `fail`, `delay`. Default `fail`."""
    render_templates: NotRequired[bool]
    """Whether a restart fills in the templates again. Default false."""


class RescheduleArgs(TypedDict):
    """How often a failed instance is placed anew, possibly elsewhere. Source: reschedule.

    Bounded, so that a version that cannot start fails its deployment early rather than at the deadline."""

    attempts: NotRequired[int]
    """New placements within the interval. Default 2."""
    interval_s: NotRequired[float]
    """15 or more. In seconds. Default 3600."""
    delay_s: NotRequired[float]
    """Time before a new placement, 5 or more. In seconds. Default 5."""
    delay_function: NotRequired[str]
    """How the delay grows from one attempt to the next. One of `constant`, `exponential`, `fibonacci`. Default
    `constant`."""
    max_delay_s: NotRequired[float | None]
    """Where the growth ends, delay_s or more. Default: Nomad's, 3600. In seconds."""
    unlimited: NotRequired[bool]
    """Never give up; attempts and interval_s then mean nothing. Default false."""


class ScalingArgs(TypedDict):
    """Bounds within which an autoscaler changes the count. Source: scaling."""

    min: NotRequired[int]
    """At the most count. Default 1."""
    max: int
    """At least count."""
    enabled: NotRequired[bool]
    """While it is, the number that runs is the autoscaler's, and `count` only what the first deployment starts
    with. Default true."""
    policy: NotRequired[Mapping[str, Any]]
    """For the autoscaler, as its documentation has it."""


class PeriodicArgs(TypedDict):
    """Run at times. Source: periodic."""

    crons: NotRequired[Sequence[str]]
    """One or more: minute, hour, day of the month, month, day of the week; or @daily and the like."""
    cron: NotRequired[str | None]
    """One time instead, as jobs have it that are written for Nomad before 1.6. Source: periodic > cron."""
    time_zone: NotRequired[str]
    """As Europe/Berlin. Default `UTC`."""
    allow_overlap: NotRequired[bool]
    """Start another run while the last one is still going on. Default false."""
    enabled: NotRequired[bool]
    """Whether its times count. Default true."""


class ParameterizedArgs(TypedDict):
    """Run when dispatched. Source: parameterized."""

    payload: NotRequired[str]
    """One of `optional`, `required`, `forbidden`. Default `optional`."""
    meta_required: NotRequired[Sequence[str]]
    """Keys that a dispatch must give; the process finds them as NOMAD_META_<key>."""
    meta_optional: NotRequired[Sequence[str]]
    """Keys that a dispatch may give."""
    payload_file: NotRequired[str | None]
    """Where below local/ the process finds the payload. Default: nowhere."""
