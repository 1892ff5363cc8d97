"""How the job that Nomad runs stands to what this stack recorded: untouched, moved by Nomad, or changed by others."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from providers.nomad.client import Json, NomadClient
from providers.nomad.comparison import compared
from providers.nomad.counts import is_autoscaled
from providers.nomad.drift import content
from providers.nomad.plan import Change, changes


class Standing(Enum):
    """What an update may do with the registered job."""

    OURS = auto()
    """The recorded job, or one of the same content."""
    GONE = auto()
    """Not registered any more."""
    ENDED = auto()
    """Not registered any more, because Nomad has removed it after it had ended, as it removes every batch job."""
    STOPPED = auto()
    """Stopped outside this stack."""
    REVERTED = auto()
    """Nomad itself went back to an earlier version after a failed deployment."""
    SCALED = auto()
    """Only counts differ: scaled by hand or by an autoscaler."""
    FOREIGN = auto()
    """Changed by somebody else; never overwritten."""
    UNRECORDED = auto()
    """Registered by a command of this stack that was killed before its state was written."""


@dataclass(frozen=True)
class Assessment:
    """The standing, and for SCALED, FOREIGN and UNRECORDED what differs (old: recorded, new: running)."""

    standing: Standing
    current: Json | None
    changes: list[Change] = field(default_factory=list)

    @property
    def scaled_by_hand(self) -> bool:
        """Whether counts differ that no autoscaler moves."""
        if self.standing is not Standing.SCALED or self.current is None:
            return False
        scaled = {change.path[0].removeprefix("group ") for change in self.changes}
        return bool(scaled - autoscaled_groups(self.current))


async def assess(
    client: NomadClient,
    current: Json | None,
    recorded: Callable[[], Awaitable[Json]],
    recorded_index: str | None,
) -> Assessment:
    """Compares the registered job with the one that the state records.

    By JobModifyIndex and, where that has moved, by content. `recorded` gives the recorded job, marked; it is asked only
    when it is needed. No request where nobody touched the job.
    """
    if current is None:
        return Assessment(Standing.GONE, None)
    if str(current["JobModifyIndex"]) == recorded_index:
        return Assessment(Standing.STOPPED if _stopped(current) else Standing.OURS, current)
    if _stopped(current):
        return Assessment(Standing.STOPPED, current)
    # Nomad's diff goes from the running job to the one given: turned round it tells what somebody changed.
    found = [change.reversed() for change in changes(await compared(client, await recorded(), current))]
    if not found:
        return Assessment(Standing.OURS, current)
    if (target := await _reverted_to(client, current, recorded_index)) is not None:
        scaled = _scaled(target, current)
        return Assessment(Standing.SCALED, current, scaled) if scaled else Assessment(Standing.REVERTED, current, found)
    if all(change.is_count for change in found):
        return Assessment(Standing.SCALED, current, found)
    return Assessment(Standing.FOREIGN, current, found)


def autoscaled_groups(job: Json) -> set[str]:
    """The groups whose count an autoscaler moves."""
    return {g["Name"] for g in job.get("TaskGroups") or [] if is_autoscaled(g)}


def _stopped(job: Json) -> bool:
    return bool(job.get("Stop"))


async def _reverted_to(client: NomadClient, current: Json, recorded_index: str | None) -> Json | None:
    """The version that Nomad went back to by itself, if nothing but counts has been changed since; otherwise None.

    Its failed deployment must be of the recorded version or of a later one, or the recorded version be the one that
    Nomad went back to: what was registered after a revert that this stack knows of is somebody's.
    """
    namespace, job_id = current["Namespace"], current["ID"]
    versions = {int(job["Version"]): job for job in await client.versions(namespace, job_id)}
    ours = next((v for v, job in versions.items() if str(job["JobModifyIndex"]) == recorded_index), -1)
    for deployment in await client.deployments(namespace, job_id):
        if "rolling back to job version" not in str(deployment.get("StatusDescription")):
            continue
        target = versions.get(int(str(deployment["StatusDescription"]).rsplit(" ", 1)[-1]))
        failed = int(deployment["JobVersion"])
        if target is None or failed >= int(current["Version"]) or not _same_but_counts(target, current):
            continue
        if failed >= ours or content(versions[ours]) == content(target):
            return target
    return None


def _same_but_counts(one: Json, other: Json) -> bool:
    return _without_counts(one) == _without_counts(other)


def _without_counts(job: Json) -> Json:
    return {**content(job), "TaskGroups": [{**group, "Count": None} for group in job.get("TaskGroups") or []]}


def _scaled(before: Json, after: Json) -> list[Change]:
    """The groups of two jobs that are the same but for counts."""
    return [
        Change((f"group {old['Name']}",), "Count", str(old.get("Count")), str(new.get("Count")), "Edited")
        for old, new in zip(before.get("TaskGroups") or [], after.get("TaskGroups") or [], strict=True)
        if old.get("Count") != new.get("Count")
    ]
