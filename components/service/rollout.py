"""How instances are replaced, restarted and placed anew, and how many there are."""

from typing import Annotated, Literal

from pydantic import Field

from components.service.base import Json, Model, Seconds


class Rollout(Model):
    """How a new version replaces the old one. Source: update."""

    canary: Annotated[int, Field(ge=0)] = 1
    """Instances of the new version that must be healthy before an old one stops."""
    auto_promote: bool | None = None
    """Go on when the canaries are healthy. Default: true, if there are canaries."""
    auto_revert: bool = True
    """Go back to the last stable version when the new one fails."""
    max_parallel: Annotated[int, Field(ge=1)] = 1
    """Instances replaced at a time. Nomad's 0 would switch deployments off, and with them every safety."""
    min_healthy_s: Seconds = 10
    """How long an instance must be healthy to count: raise it to catch versions that fail after a while."""
    soak_s: Annotated[Seconds, Field(gt=0)] | None = None
    """How long `up` watches healthy canaries before it promotes them and old instances stop, so that a version that
    crashes or fails its check after a while is taken back. Needs a canary. Default: not at all."""
    healthy_deadline_s: Seconds = 120
    """Time for one instance to become healthy, above min_healthy_s."""
    progress_deadline_s: Seconds = 180
    """Time in which one more instance must have become healthy, above healthy_deadline_s. 0: the first unhealthy
    one ends the rollout."""
    stagger_s: Annotated[Seconds, Field(gt=0)] | None = None
    """Time between the moves of instances away from nodes that drain or are lost. Default: Nomad's 30."""
    health_check: Literal["checks", "task_states"] | None = "checks"
    """What healthy means: passing in Consul, or just running. null: Nomad's own rule, by which an instance without any
    check is healthy when it runs."""
    level: Literal["group", "job"] = "group"
    """Where it is in the job: of the group, or of the job as well, by whose max_parallel and stagger_s Nomad replaces
    the instances of a system job."""

    @property
    def promotes(self) -> bool:
        """Whether Nomad promotes by itself: auto_promote, with its default, where nothing soaks before."""
        wanted = self.canary > 0 if self.auto_promote is None else self.auto_promote
        return wanted and self.soak_s is None


class Migrate(Model):
    """How instances leave a node that drains. Source: migrate."""

    max_parallel: Annotated[int, Field(ge=1)] = 1
    """Instances that move at a time."""
    health_check: Literal["checks", "task_states"] = "checks"
    """What healthy means of the new one."""
    min_healthy_s: Seconds = 10
    """How long it must be healthy to count."""
    healthy_deadline_s: Seconds = 300
    """Time for it to become healthy."""


class Disconnect(Model):
    """What becomes of instances on a node that Nomad does not reach. Source: disconnect."""

    lost_after_s: Annotated[Seconds, Field(gt=0)] | None = None
    """How long they may come back, before they count as lost. Default: they are lost at once."""
    stop_after_s: Annotated[Seconds, Field(gt=0)] | None = None
    """After which time the node stops them by itself. Source: disconnect > stop_on_client_after."""
    replace: bool = True
    """Whether others are started meanwhile."""
    reconcile: Literal["best_score", "keep_original", "keep_replacement", "longest_running"] = "best_score"
    """Which of the two stays when the node is back."""


class Restart(Model):
    """What happens on the node when an instance exits. Source: restart."""

    attempts: Annotated[int, Field(ge=0)] = 2
    """Restarts within the interval."""
    interval_s: Annotated[Seconds, Field(ge=5)] = 300
    """5 or more."""
    delay_s: Seconds = 5
    """Time before a restart."""
    mode: Literal["fail", "delay"] = "fail"
    """After the attempts: fail (place the instance anew, see Reschedule), or wait for the interval to end."""
    render_templates: bool = False
    """Whether a restart fills in the templates again."""


class Reschedule(Model):
    """How often a failed instance is placed anew, possibly elsewhere. Source: reschedule.

    Bounded, so that a version that cannot start fails its deployment early rather than at the deadline.
    """

    attempts: Annotated[int, Field(ge=0)] = 2
    """New placements within the interval."""
    interval_s: Annotated[Seconds, Field(ge=15)] = 3600
    """15 or more."""
    delay_s: Annotated[Seconds, Field(ge=5)] = 5
    """Time before a new placement, 5 or more."""
    delay_function: Literal["constant", "exponential", "fibonacci"] = "constant"
    """How the delay grows from one attempt to the next."""
    max_delay_s: Annotated[Seconds, Field(ge=5)] | None = None
    """Where the growth ends, delay_s or more. Default: Nomad's, 3600."""
    unlimited: bool = False
    """Never give up; attempts and interval_s then mean nothing."""


class Scaling(Model):
    """Bounds within which an autoscaler changes the count. Source: scaling."""

    min: Annotated[int, Field(ge=0)] = 1
    """At the most count."""
    max: Annotated[int, Field(ge=1)]
    """At least count."""
    enabled: bool = True
    """While it is, the number that runs is the autoscaler's, and `count` only what the first deployment starts with."""
    policy: Json = Field(default_factory=dict)
    """For the autoscaler, as its documentation has it."""
