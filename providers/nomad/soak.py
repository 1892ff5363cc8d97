"""What `up` waits for before it promotes canaries: their checks where Nomad does not wait for them, and the soak.

The soak: new instances are watched for a time after Nomad has called them healthy, before the old ones end. A group
asks for it by `meta { caravan_soak_s = "60" }` and canaries that nobody else promotes (`auto_promote = false`). Nomad
itself looks no further than `min_healthy_time`: what breaks after that, breaks with nothing to go back to.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from providers.nomad.client import Json
from providers.nomad.consul_health import ConsulWatch
from providers.nomad.meanings import of_check
from providers.nomad.passing import passing
from providers.nomad.snapshot import Snapshot, is_running, waiting_canaries
from providers.nomad.verdict import State, Verdict

_NONE: Mapping[str, str] = MappingProxyType({})

_SHORTLY_S = 0.1

END_TOLD_S = 1.5
"""How long after a check has failed Nomad may take to tell that the task has ended, which is the better cause."""

SOAK_KEY = "caravan_soak_s"
"""Key in a group's `meta`: how long its new instances are watched, seconds."""


def soak_s(job: Json) -> float:
    """The longest soak that a job's groups ask for, seconds; 0 where none does."""
    return max((_asked(group) or 0.0 for group in job.get("TaskGroups") or []), default=0.0)


def soaks(group: Json) -> bool:
    """Whether a group asks for a soak."""
    return SOAK_KEY in (group.get("Meta") or {})


def wrong_soak(job: Json) -> Iterator[str]:
    """What is wrong with the soaks that a job asks for."""
    for group in job.get("TaskGroups") or []:
        if not soaks(group):
            continue
        where = f"group {group['Name']}: meta.{SOAK_KEY}"
        update = group.get("Update") or job.get("Update") or {}
        seconds = _asked(group)
        if seconds is None or seconds <= 0:
            found = group["Meta"][SOAK_KEY]
            yield f'{where} is "{found}"; it must be a number of seconds above 0, such as "60".'
        if not update.get("Canary"):
            yield f"{where} needs canaries to watch: set update.canary to 1 or more."
        elif update.get("AutoPromote"):
            yield f"{where} needs update.auto_promote = false: the canaries are promoted when they have soaked."


def _asked(group: Json) -> float | None:
    try:
        return float((group.get("Meta") or {}).get(SOAK_KEY, 0))
    except (TypeError, ValueError):
        return None


@dataclass
class Soak:
    """Watches the new instances of one rollout for `seconds` (0: not at all), from when their checks pass.

    `now` is a clock that only goes forward. `by_up`: the groups that `up` promotes without a soak, too. `patience_s`:
    how long the checks of what Nomad calls healthy may take to pass.
    """

    seconds: float
    now: Callable[[], float]
    by_up: frozenset[str] = frozenset()
    patience_s: float = math.inf
    broken: dict[str, str] = field(default_factory=dict)
    """What happened to instances that did not last, by their allocation's ID."""
    unconfirmed: set[str] = field(default_factory=set)
    """The allocations that Nomad calls healthy and whose checks did not pass in time."""
    _since: float | None = None
    _unconfirmed_since: float | None = None
    _restarts: dict[str, int] = field(default_factory=dict)
    _critical_since: dict[str, float] = field(default_factory=dict)
    """Since when a check of an instance fails that soaks, by its allocation's ID."""

    def left_s(self) -> float | None:
        """How much of a running soak is left, seconds; None where none is running."""
        left = 0.0 if self._since is None else self._since + self.seconds - self.now()
        return left if left > 0 else None

    def look_again_s(self) -> float | None:
        """When the verdict changes though nothing happens, in seconds; None where it does not."""
        moments = [since + END_TOLD_S for since in self._critical_since.values()]
        if self._unconfirmed_since is not None:
            moments.append(self._unconfirmed_since + self.patience_s)
        return max(min(moments) - self.now(), _SHORTLY_S) if moments else self.left_s()

    def judge(
        self, snapshot: Snapshot, verdict: Verdict, watch: ConsulWatch | None, failing: Mapping[str, str] = _NONE
    ) -> Verdict:
        """The verdict with the checks and the soak in it. `failing`: Nomad's own checks that fail, by allocation.

        It begins with Nomad's yes: to the canaries, or to a first version that is to soak, which has none. It starts
        anew when the checks do not confirm the instances any more without saying why.
        """
        idle = not self.seconds and not self.by_up
        if idle or verdict.state is State.SUPERSEDED or _promoted(snapshot):
            return verdict
        if found := self._find_broken(snapshot, watch):
            lasted = f"did not last its soak of {self.seconds:g} s" if self.seconds else "did not last"
            return _hopeless(snapshot, f"it was healthy, but {lasted}: {'; '.join(found)}")
        begins = (State.WAITS_FOR_PROMOTION, State.SUCCEEDED) if self.seconds else (State.WAITS_FOR_PROMOTION,)
        if verdict.state not in begins:
            return verdict
        if verdict.state is State.SUCCEEDED and not _new(snapshot):
            return verdict
        if _lacks_canaries(snapshot) or failing or (watch is not None and not passing(snapshot, watch)):
            return self._unconfirmed(snapshot, verdict, failing)
        self._unconfirmed_since = None
        if self._since is None:
            self._since = self.now()
            self._restarts = {a["ID"]: _restarts(a) for a in _new(snapshot)}
        if self.left_s():
            return Verdict(State.GOING_ON, f"the new instances are healthy and soak for {self.seconds:g} s")
        waits = verdict.state is State.WAITS_FOR_PROMOTION and self._promotes_all(snapshot)
        return Verdict(State.PROMOTABLE, "the canaries are to be promoted") if waits else verdict

    def _unconfirmed(self, snapshot: Snapshot, verdict: Verdict, failing: Mapping[str, str]) -> Verdict:
        """What it comes to that Nomad calls instances healthy and their checks do not pass."""
        if not self.seconds and not self._promotes_all(snapshot):
            return verdict
        self._since = None
        now = self.now()
        self._unconfirmed_since = self._unconfirmed_since or now
        where = "in Consul" if not failing else "in Nomad"
        if now - self._unconfirmed_since <= self.patience_s:
            return Verdict(State.GOING_ON, f"the new instances run; their checks do not pass {where} yet")
        self.unconfirmed = {allocation["ID"] for allocation in _made(snapshot)}
        text = f"its new instances run, but their checks did not pass {where} within {self.patience_s:g} s"
        return _hopeless(snapshot, "; ".join([text, *sorted(failing.values())]))

    def _find_broken(self, snapshot: Snapshot, watch: ConsulWatch | None) -> list[str]:
        for allocation in snapshot.of_version():
            id_ = allocation["ID"]
            if id_ not in self._restarts:
                continue
            if _restarts(allocation) > self._restarts[id_] or has_failed(allocation):
                self.broken.setdefault(id_, "it ended")
            instances = watch.of_allocation(id_) if watch is not None and watch.known() else []
            critical = [instance.output for instance in instances if instance.status == "critical"]
            if not critical:
                self._critical_since.pop(id_, None)
            elif self.now() - self._critical_since.setdefault(id_, self.now()) >= END_TOLD_S:
                self.broken.setdefault(id_, f"its check failed: {of_check(critical[0])}")
        return sorted({f"allocation {id_[:8]}: {what}" for id_, what in self.broken.items()})

    def _promotes_all(self, snapshot: Snapshot) -> bool:
        """Whether `up` promotes every group whose canaries wait; otherwise a person promotes them, together."""
        soaking = {group["Name"] for group in snapshot.job.get("TaskGroups") or [] if soaks(group)}
        return waiting_canaries(snapshot.deployment).keys() <= self.by_up | soaking


def _new(snapshot: Snapshot) -> list[Json]:
    """The running instances that were made for this version."""
    return [a for a in _made(snapshot) if is_running(a)]


def _made(snapshot: Snapshot) -> list[Json]:
    """The instances that were made for this version, in whatever state."""
    made_at = int(snapshot.job["JobModifyIndex"])
    return [a for a in snapshot.of_version() if int(a["CreateIndex"]) >= made_at]


def _lacks_canaries(snapshot: Snapshot) -> bool:
    """Whether canaries that Nomad has called healthy do not run any more."""
    groups = waiting_canaries(snapshot.deployment).items()
    wanted = Counter({name: int(group["DesiredCanaries"]) for name, group in groups})
    return bool(wanted - Counter(allocation["TaskGroup"] for allocation in _new(snapshot)))


def _restarts(allocation: Json) -> int:
    return sum(int(state.get("Restarts") or 0) for state in (allocation.get("TaskStates") or {}).values())


def has_failed(allocation: Json) -> bool:
    """Whether it is at its end; Nomad tells that of its tasks before it tells it of the allocation."""
    states = (allocation.get("TaskStates") or {}).values()
    return allocation["ClientStatus"] in ("failed", "lost") or any(state.get("Failed") for state in states)


def _promoted(snapshot: Snapshot) -> bool:
    """Whether canaries have been promoted: they soaked before an interruption, or somebody was sure without."""
    groups = (snapshot.deployment or {}).get("TaskGroups") or {}
    return any(group.get("DesiredCanaries") and group.get("Promoted") for group in groups.values())


def _hopeless(snapshot: Snapshot, text: str) -> Verdict:
    return Verdict(State.HOPELESS if snapshot.going else State.FAILED, text)
