"""Instances that a rollout is to have and that the scheduler finds no place for."""

from providers.nomad.client import Json
from providers.nomad.obstacles import failed_placements


def shortage(evaluations: list[Json]) -> dict[str, Json]:
    """Why instances cannot be placed now, by group: the scheduler's metrics.

    An instance without a place is waited for by a blocked evaluation, whatever began it: the registration, the
    deployment watcher, a failed allocation, a lost node (Nomad `Evaluation.CreateBlockedEval`).
    """
    blocked = [evaluation for evaluation in evaluations if evaluation["Status"] == "blocked"]
    return {group: why for evaluation in blocked for group, why in (evaluation.get("FailedTGAllocs") or {}).items()}


def waits_for_place(evaluations: list[Json], deployment: Json | None, job: Json) -> list[str]:
    """A sentence for each group that lacks instances for want of a place."""
    if evaluations and evaluations[0]["Status"] == "pending":
        return []
    unplaced = shortage(evaluations)
    never = {
        name
        for name, group in ((deployment or {}).get("TaskGroups") or {}).items()
        if group.get("DesiredTotal") and not group.get("PlacedAllocs")
    }
    told = failed_placements({"FailedTGAllocs": unplaced}, job)
    return told + [f"group {name}: no instance is placed yet" for name in sorted(never - unplaced.keys())]
