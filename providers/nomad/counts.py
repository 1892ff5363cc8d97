"""The counts of a job's groups that are not the program's: an autoscaler's, and those that `preserve_counts` keeps."""

from collections.abc import Iterator
from dataclasses import replace

from providers.nomad.client import Json
from providers.nomad.spec import Spec


def with_kept_counts(spec: Spec, current: Json | None, *, preserve: bool) -> Spec:
    """The job as it is registered over `current`: groups that are not the program's to count keep their counts.

    An autoscaler's stay within the bounds of the group's `scaling` block. A group that it has not scaled so far begins
    with the program's count, where there is one. `preserve` keeps all counts, as Nomad does it (`PreserveCounts`).
    """
    before = {group["Name"]: group for group in (current or {}).get("TaskGroups") or []}

    def kept(group: Json) -> Json:
        known = before.get(group.get("Name"))
        count = None if known is None else known.get("Count")
        if known is None or count is None:
            return group
        if preserve:
            return {**group, "Count": count}
        if not is_autoscaled(group) or (group.get("Count") is not None and not is_autoscaled(known)):
            return group
        least, most = group["Scaling"].get("Min") or 0, group["Scaling"].get("Max")
        return {**group, "Count": max(least, count if most is None else min(count, most))}

    return replace(spec, job={**spec.job, "TaskGroups": [kept(group) for group in spec.job.get("TaskGroups") or []]})


def is_autoscaled(group: Json) -> bool:
    """Whether an autoscaler moves a group's count (Nomad `scaling` block; `enabled` defaults to true)."""
    scaling = group.get("Scaling")
    return scaling is not None and scaling.get("Enabled") is not False


def overruled(recorded: Json, wanted: Json, kept: Json) -> Iterator[str]:
    """A sentence for each count that the program changes from `recorded` to `wanted` and that stays as in `kept`."""
    before = {group.get("Name"): group.get("Count") for group in recorded.get("TaskGroups") or []}
    for group, registered in zip(wanted.get("TaskGroups") or [], kept.get("TaskGroups") or [], strict=True):
        name, count = group.get("Name"), group.get("Count")
        if name not in before or count is None or count in (before[name], registered.get("Count")):
            continue
        why = (
            "its scaling block is enabled, so the count is the autoscaler's"
            if is_autoscaled(group)
            else "preserve_counts is on"
        )
        job = f"-namespace {wanted['Namespace']} {wanted['ID']}"
        yield (
            f"group {name}: the program's count is {count} now (it was {_shown(before[name])}), and the group keeps "
            f"{registered.get('Count')}: {why}. To scale it: nomad job scale {job} {name} {count}"
        )


def _shown(count: int | None) -> str:
    return "not given" if count is None else str(count)
