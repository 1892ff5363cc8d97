"""What a planned change means for those who use the service: how many instances serve while it happens."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from providers.nomad.client import Json
from providers.nomad.own_promotion import reason, unawaited, update_of
from providers.nomad.plan import changes
from providers.nomad.snapshot import is_running
from providers.nomad.soak import soak_s, soaks
from providers.words import counted

GOES_ON = "Nomad goes on when a successor runs"
"""Of a group without canaries whose checks Nomad does not wait for."""


class Weight(IntEnum):
    """What a sentence is to the user."""

    NOTE = 0
    WARNING = 1
    DOWNTIME = 2
    """The change takes the service down, or may do so: the old instances end before new ones are known to serve."""


def replaces_instances(plan: Json) -> bool:
    """Whether the change takes the place of instances that the plan counts on to serve meanwhile."""
    updates = (plan.get("Annotations") or {}).get("DesiredTGUpdates") or {}
    return any(counts.get("Canary") or counts.get("DestructiveUpdate") for counts in updates.values())


def running(allocations: Iterable[Json]) -> Counter[str]:
    """How many instances of each group run, canaries that wait for promotion left out: a new version ends them."""
    return Counter(
        allocation["TaskGroup"]
        for allocation in allocations
        if is_running(allocation) and not (allocation.get("DeploymentStatus") or {}).get("Canary")
    )


def serving(
    job: Json, plan: Json, runs: Mapping[str, int], *, by_up: frozenset[str] = frozenset(), promotes: bool = True
) -> Iterator[tuple[Weight, str]]:
    """For each group that the change touches: what weight the sentence has, and the sentence.

    `runs`: how many instances of each group run. The plan alone does not tell: it counts those that have failed and
    are not placed again among the ones it leaves alone ("Ignore"). `by_up`: the groups whose checks Nomad would not
    wait for before it promotes; `promotes`: whether `up` does so in its place.

    A group without canaries replaces `update.max_parallel` instances at a time, stopping each before its successor
    starts (Nomad, "update block").
    """
    updates = (plan.get("Annotations") or {}).get("DesiredTGUpdates") or {}
    groups = {group["Name"]: group for group in job.get("TaskGroups") or []}
    for name in sorted(_groups_with_changed_checks(plan)):
        in_place = (updates.get(name) or {}).get("InPlaceUpdate") or 0
        if in_place:
            text = (
                f"group {name}: its checks change in place, on {in_place} running "
                f"{_plural(in_place, 'instance', 'instances')}: if a new check fails, Consul takes out what serves. "
                "Change the group's meta together with its checks, and they go through a canary"
            )
            yield Weight.DOWNTIME, text
    for name, task, what in _changes_without_effect(plan):
        in_place = (updates.get(name) or {}).get("InPlaceUpdate") or 0
        if in_place:
            text = (
                f"group {name}: {what} of task {task} changes in place, without effect on {in_place} running "
                f"{_plural(in_place, 'instance', 'instances')}"
                + ("; an instance whose task does not fit to it cannot become healthy" if what == "lifecycle" else "")
                + ". Change the group's meta together with it, and new instances start with it"
            )
            yield Weight.WARNING, text
    for name, counts in sorted(updates.items()):
        kept = sum(counts.get(key) or 0 for key in ("Ignore", "InPlaceUpdate"))
        replaced = counts.get("DestructiveUpdate") or 0
        canaries = counts.get("Canary") or 0
        stopped = counts.get("Stop") or 0
        step = _Step(job, groups.get(name, {"Name": name}), kept, runs.get(name, 0))
        if canaries:
            yield from step.with_canaries(canaries, left_out=name in by_up or soaks(step.group), promotes=promotes)
        elif replaced:
            yield step.without_canaries(replaced)
        elif stopped and not kept and not counts.get("Place"):
            yield Weight.WARNING, f"group {name}: all {stopped} instances stop; none serves afterwards"


@dataclass(frozen=True)
class _Step:
    """The first step of a group's change: how many instances the plan keeps meanwhile, and how many run now."""

    job: Json
    group: Json
    kept: int
    runs: int

    @property
    def unawaited(self) -> bool:
        return bool(unawaited(self.job, self.group))

    @property
    def reason(self) -> str:
        return reason(self.job, self.group)

    def said(self, text: str) -> str:
        return f"group {self.group['Name']}: {text}"

    def with_canaries(self, canaries: int, *, left_out: bool, promotes: bool) -> Iterator[tuple[Weight, str]]:
        """`left_out`: whether Nomad or `up` promotes the canaries, not a person; `promotes`: whether `up` can."""
        alive, kept = min(self.kept, self.runs), self.kept
        if not alive:
            text = "none of its instances runs now; none serves until "
        elif alive < kept:
            text = f"{alive} of {kept} instances {_plural(alive, 'runs and keeps', 'run and keep')} serving until "
        else:
            text = f"all {kept} running {_plural(kept, 'instance keeps', 'instances keep')} serving until "
        left_out = left_out and self.unawaited
        promotes = promotes or soaks(self.group)
        if left_out and promotes:
            passes = _plural(canaries, "canary passes its checks", "canaries pass their checks")
            text += f"{canaries} {passes} ({self.reason}, so `up` promotes, not Nomad)"
        else:
            text += f"{canaries} {_plural(canaries, 'canary is', 'canaries are')} healthy"
        if soaks(self.group):
            text += f" and {_plural(canaries, 'has', 'have')} soaked for {soak_s(self.job):g} s"
        yield Weight.NOTE if alive else Weight.WARNING, self.said(text)
        if left_out and alive:
            yield from self._checks_left_out(canaries, promotes=promotes)
        if not update_of(self.job, self.group).get("AutoRevert"):
            text = "update.auto_revert is off, so Nomad does not go back to the old version if this fails"
            yield Weight.WARNING, self.said(text)

    def _checks_left_out(self, canaries: int, *, promotes: bool) -> Iterator[tuple[Weight, str]]:
        those = counted(canaries, "canary", "canaries")
        rest = int(self.group.get("Count") or 1) - canaries
        if not promotes:
            text = (
                f"Nomad promotes as soon as {those} {_plural(canaries, 'runs', 'run')}, whether "
                f"{_plural(canaries, 'its checks pass', 'their checks pass')} or not ({self.reason}); the old "
                "instances end then"
            )
            yield Weight.DOWNTIME, self.said(text)
        elif rest > 0 and self.job.get("Type") != "system":
            text = (
                f"once promoted, Nomad replaces the other {counted(rest, 'instance')} without waiting for checks "
                f"({self.reason}); {those} {_plural(canaries, 'keeps', 'keep')} serving"
            )
            yield Weight.WARNING, self.said(text)

    def without_canaries(self, replaced: int) -> tuple[Weight, str]:
        # The scheduler counts the first step only: update.max_parallel of them, the others are among the kept ones.
        # Those that it replaces run; the others may have failed.
        alive = min(self.kept, max(0, self.runs - replaced))
        text = (
            f"instances are replaced {replaced} at a time, each stopped before its successor is healthy; "
            f"{alive} {_plural(alive, 'keeps', 'keep')} serving meanwhile"
        )
        if alive < self.kept:
            text += f" ({self.runs} of {self.kept + replaced} run now)"
        if self.runs and not alive:
            return Weight.DOWNTIME, self.said(text)
        by_hand = update_of(self.job, self.group).get("HealthCheck") == "manual"
        if self.runs and self.unawaited and not by_hand:
            text += f"; {GOES_ON}, whether its checks pass or not ({self.reason})"
            return Weight.DOWNTIME, self.said(text)
        return Weight.NOTE if alive else Weight.WARNING, self.said(text)


def _groups_with_changed_checks(plan: Json) -> set[str]:
    """Groups in whose services (their own or a task's) a check changes, as the plan's diff tells."""
    found = set()
    for group in (plan.get("Diff") or {}).get("TaskGroups") or []:
        for owner in (group, *(group.get("Tasks") or [])):
            services = [part for part in owner.get("Objects") or [] if part["Name"] == "Service"]
            if any(part["Name"] == "Check" for service in services for part in service.get("Objects") or []):
                found.add(group["Name"])
    return found


def _changes_without_effect(plan: Json) -> list[tuple[str, str, str]]:
    """Group, task and block of each change that a node takes over, but follows only when an instance starts.

    Nomad's diff has no `lifecycle.sidecar`, so it is those of the comparison.
    """
    found = dict.fromkeys(
        (change.path, block)
        for change in changes(plan)
        for block in ("Lifecycle", "Leader")
        if len(change.path) == 2 and change.field.split(".")[0] == block
    )
    return [(group.removeprefix("group "), task.removeprefix("task "), block.lower()) for (group, task), block in found]


def _plural(count: int, one: str, many: str) -> str:
    return one if count == 1 else many
