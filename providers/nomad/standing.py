"""How the job that Nomad runs stands to what this stack recorded: untouched, moved by Nomad, or changed by others."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from providers.nomad.client import Json, NomadClient
from providers.nomad.drift import content
from providers.nomad.plan import Change, changes


class Standing(Enum):
    """What an update may do with the registered job."""

    OURS = auto()
    """The recorded job, or one of the same content."""
    GONE = auto()
    """Not registered any more."""
    STOPPED = auto()
    """Stopped outside this stack."""
    REVERTED = auto()
    """Nomad itself went back to an earlier version after a failed deployment."""
    SCALED = auto()
    """Only counts differ: scaled by hand or by an autoscaler."""
    FOREIGN = auto()
    """Changed by somebody else; never overwritten."""


@dataclass(frozen=True)
class Assessment:
    """The standing, and for SCALED and FOREIGN what differs (old: recorded, new: running)."""

    standing: Standing
    current: Json | None
    changes: list[Change] = field(default_factory=list)


async def assess(
    client: NomadClient,
    namespace: str,
    id: str,
    recorded: Callable[[], Awaitable[Json]],
    recorded_index: str | None,
) -> Assessment:
    """Compares the registered job with the one that the state records.

    By JobModifyIndex and, where that has moved, by content. `recorded` gives the recorded job, marked; it is asked only
    when it is needed. One request where nobody touched the job.
    """
    current = await client.job(namespace, id)
    if current is None:
        return Assessment(Standing.GONE, None)
    if str(current["JobModifyIndex"]) == recorded_index:
        return Assessment(Standing.STOPPED if _stopped(current) else Standing.OURS, current)
    if _stopped(current):
        return Assessment(Standing.STOPPED, current)
    # Nomad's diff goes from the running job to the one given: turned round it tells what somebody changed.
    found = [change.reversed() for change in changes(await client.plan(await recorded()))]
    if not found:
        return Assessment(Standing.OURS, current)
    if await _reverted(client, namespace, id, current):
        return Assessment(Standing.REVERTED, current, found)
    if all(change.is_count for change in found):
        return Assessment(Standing.SCALED, current, found)
    return Assessment(Standing.FOREIGN, current, found)


def _stopped(job: Json) -> bool:
    return bool(job.get("Stop"))


async def _reverted(client: NomadClient, namespace: str, id: str, current: Json) -> bool:
    """Whether Nomad registered `current` itself: its content is an earlier version's, and a deployment says so."""
    versions = {int(job["Version"]): job for job in await client.versions(namespace, id)}
    for deployment in await client.deployments(namespace, id):
        if "rolling back to job version" not in str(deployment.get("StatusDescription")):
            continue
        target = int(str(deployment["StatusDescription"]).rsplit(" ", 1)[-1])
        failed = int(deployment["JobVersion"])
        if (
            int(current["Version"]) == failed + 1
            and target in versions
            and content(versions[target]) == content(current)
        ):
            return True
    return False
