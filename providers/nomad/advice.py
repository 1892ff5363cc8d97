"""What a planned change means for those who use the service: how many instances serve while it happens."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from providers.nomad.client import Json
from providers.nomad.soak import soak_s, soaks


def replaces_instances(plan: Json) -> bool:
    """Whether the change takes the place of instances that the plan counts on to serve meanwhile."""
    updates = (plan.get("Annotations") or {}).get("DesiredTGUpdates") or {}
    return any(counts.get("Canary") or counts.get("DestructiveUpdate") for counts in updates.values())


def running(allocations: Iterable[Json]) -> Counter[str]:
    """How many instances of each group run, canaries that wait for promotion left out: a new version ends them."""
    return Counter(
        allocation["TaskGroup"]
        for allocation in allocations
        if allocation["ClientStatus"] == "running"
        and allocation["DesiredStatus"] == "run"
        and not (allocation.get("DeploymentStatus") or {}).get("Canary")
    )


def serving(job: Json, plan: Json, runs: Mapping[str, int]) -> Iterator[tuple[bool, str]]:
    """For each group that the change touches: whether it is a warning, and the sentence.

    `runs`: how many instances of each group run. The plan alone does not tell: it counts those that have failed and
    are not placed again among the ones it leaves alone ("Ignore").

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
            yield True, text
    for name, counts in sorted(updates.items()):
        kept = sum(counts.get(key) or 0 for key in ("Ignore", "InPlaceUpdate"))
        replaced = counts.get("DestructiveUpdate") or 0
        canaries = counts.get("Canary") or 0
        stopped = counts.get("Stop") or 0
        update = _update(job, groups.get(name, {}))
        if canaries:
            alive = min(kept, runs.get(name, 0))
            if not alive:
                text = "none of its instances runs now; none serves until "
            elif alive < kept:
                text = f"{alive} of {kept} instances {_plural(alive, 'runs and keeps', 'run and keep')} serving until "
            else:
                text = f"all {kept} running {_plural(kept, 'instance keeps', 'instances keep')} serving until "
            text += f"{canaries} {_plural(canaries, 'canary is', 'canaries are')} healthy"
            if soaks(groups.get(name, {})):
                text += f" and {_plural(canaries, 'has', 'have')} soaked for {soak_s(job):g} s"
            yield not alive, f"group {name}: {text}"
            if not update.get("AutoRevert"):
                text = (
                    f"group {name}: update.auto_revert is off, so Nomad does not go back to the old version "
                    "if this fails"
                )
                yield True, text
        elif replaced:
            # The scheduler counts the first step only: update.max_parallel of them, the others are among the kept ones.
            alive = min(kept, runs.get(name, 0))
            text = (
                f"group {name}: instances are replaced {replaced} at a time, each stopped before its successor is "
                f"healthy; {alive} {_plural(alive, 'keeps', 'keep')} serving meanwhile"
            )
            if alive < kept:
                text += f" ({runs.get(name, 0)} of {kept + replaced} run now)"
            yield alive == 0, text + (". Set update.canary to keep it serving" if kept == 0 else "")
        elif stopped and not kept and not counts.get("Place"):
            yield True, f"group {name}: all {stopped} instances stop; none serves afterwards"


def _groups_with_changed_checks(plan: Json) -> set[str]:
    """Groups in whose services (their own or a task's) a check changes, as the plan's diff tells."""
    found = set()
    for group in (plan.get("Diff") or {}).get("TaskGroups") or []:
        for owner in (group, *(group.get("Tasks") or [])):
            services = [part for part in owner.get("Objects") or [] if part["Name"] == "Service"]
            if any(part["Name"] == "Check" for service in services for part in service.get("Objects") or []):
                found.add(group["Name"])
    return found


def _update(job: Json, group: Json) -> Json:
    update: dict[str, Any] = {**(job.get("Update") or {})}
    update.update({key: value for key, value in (group.get("Update") or {}).items() if value is not None})
    return update


def _plural(count: int, one: str, many: str) -> str:
    return one if count == 1 else many
