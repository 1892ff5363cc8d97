"""Whether a job that Nomad does not have any more had ended: Nomad removes those by itself (`job_gc_threshold`).

What tells that from a purge: what the state records of the last look at the job, the evaluations that Nomad still has
of it, and whether it is the same cluster at all.
"""

from collections.abc import Awaitable, Callable
from enum import Enum

from providers.nomad.client import Json, NomadClient
from providers.nomad.which_cluster import WhichCluster
from providers.properties import Properties

RUN = "__run"
"""Output: how the run of a batch job stood when it was last looked at. Pulumi shows no name that begins with "__"."""


class Run(Enum):
    """What becomes of a batch job."""

    GOING = "going"
    COMPLETE = "complete"
    FAILED = "failed"


ENDING = frozenset({"batch", "sysbatch"})
"""The types of jobs that end by themselves."""


def ends(job: Json) -> bool:
    """Whether a job ends by itself. Those that only start others never do."""
    return job.get("Type") in ENDING and not job.get("Periodic") and not job.get("ParameterizedJob")


def run_of(job: Json, allocations: list[Json]) -> Run:
    """How the run of a job that ends by itself stands."""
    if job.get("Status") != "dead":
        return Run.GOING
    return Run.COMPLETE if not job.get("Stop") and _all_complete(allocations) else Run.FAILED


def _all_complete(allocations: list[Json]) -> bool:
    """Whether the last try of each instance has completed by itself; one that was stopped is "complete", too."""
    last = [a for a in allocations if not a.get("NextAllocation")]
    newest = max((int(a.get("JobVersion") or 0) for a in last), default=0)
    of_newest = [a for a in last if int(a.get("JobVersion") or 0) == newest]
    return all(a["ClientStatus"] == "complete" and a["DesiredStatus"] == "run" for a in of_newest)


async def has_ended(
    client: NomadClient,
    cluster: WhichCluster,
    namespace: str,
    id: str,
    outputs: Properties,
    recorded: Callable[[], Awaitable[Json]],
) -> bool:
    """Whether the recorded job, which Nomad does not have, had ended. `recorded` gives it.

    One that was still running when it was last looked at has ended, too, unless Nomad still knows that it was purged: a
    purge leaves its evaluation behind, for a day by default, where an ended job goes with all of them.
    """
    if outputs.get("type") not in ENDING or outputs.get("stop") or outputs.get(RUN) == Run.FAILED.value:
        return False
    if not ends(await recorded()):
        return False
    evaluations, index = await client.traces(namespace, id)
    registered = int(outputs.get("modifyIndex") or 0)
    same_cluster = await cluster.is_recorded(outputs)
    if same_cluster is None:
        # An index that has not come so far yet is another cluster's, or this one's made anew.
        same_cluster = index >= registered
    if not same_cluster:
        # There it has never run.
        return False
    purged = any(e["TriggeredBy"] == "job-deregister" and int(e["CreateIndex"]) > registered for e in evaluations)
    return not purged or outputs.get(RUN) == Run.COMPLETE.value
