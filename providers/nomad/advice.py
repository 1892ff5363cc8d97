"""What a planned change means for those who use the service: how many instances serve while it happens."""

from collections.abc import Iterator
from typing import Any

from providers.nomad.client import Json
from providers.nomad.soak import soak_s, soaks


def serving(job: Json, plan: Json) -> Iterator[tuple[bool, str]]:
    """For each group that the change touches: whether it is a warning, and the sentence.

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
            text = (
                f"group {name}: all {kept} running {_plural(kept, 'instance keeps', 'instances keep')} serving until "
                f"{canaries} {_plural(canaries, 'canary is', 'canaries are')} healthy"
            )
            if soaks(groups.get(name, {})):
                text += f" and {_plural(canaries, 'has', 'have')} soaked for {soak_s(job):g} s"
            yield False, text
            if not update.get("AutoRevert"):
                text = (
                    f"group {name}: update.auto_revert is off, so Nomad does not go back to the old version "
                    "if this fails"
                )
                yield True, text
        elif replaced:
            # The scheduler counts the first step only: update.max_parallel of them, the others are among the kept ones.
            text = (
                f"group {name}: instances are replaced {replaced} at a time, each stopped before its successor is "
                f"healthy; {kept} {_plural(kept, 'keeps', 'keep')} serving meanwhile"
            )
            yield kept == 0, text + (". Set update.canary to keep it serving" if kept == 0 else "")
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
