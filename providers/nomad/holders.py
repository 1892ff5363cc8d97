"""Who holds what an instance lacks: the jobs that have its port, or most of its memory; the job's own among them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from providers.nomad.capacity import Amount, allocated
from providers.nomad.client import Json

JOBS_NAMED = 3
"""How many jobs a sentence names as holders, those that hold the most first."""

ALIVE = ("running", "pending", "unknown")


@dataclass(frozen=True)
class Holder:
    """A job that holds something on a node."""

    namespace: str
    job_id: str

    def text(self, job: Json) -> str:
        """How `job`'s messages call it."""
        if self == Holder(job["Namespace"], job["ID"]):
            return "the running instance of this job"
        where = "" if self.namespace == job["Namespace"] else f" (namespace {self.namespace})"
        return f'job "{self.job_id}"{where}'


def of(job: Json) -> Holder:
    """The holder that a job itself is."""
    return Holder(job["Namespace"], job["ID"])


def is_of(allocation: Json, job: Json) -> bool:
    """Whether an allocation is one of a job."""
    return (allocation["Namespace"], allocation["JobID"]) == (job["Namespace"], job["ID"])


def alive(allocations: Iterable[Json], nodes: Iterable[Json]) -> list[Json]:
    """The allocations that hold something on one of the nodes."""
    ids = {node["ID"] for node in nodes}
    return [a for a in allocations if a["NodeID"] in ids and a["ClientStatus"] in ALIVE]


def port_holders(port: int, allocations: list[Json]) -> list[Holder]:
    """The jobs whose instances have a port of their node, each once."""
    found = {Holder(a["Namespace"], a["JobID"]) for a in allocations if port in _ports(a)}
    return sorted(found, key=lambda holder: (holder.namespace, holder.job_id))


def _ports(allocation: Json) -> set[int]:
    given = allocation.get("AllocatedResources") or {}
    shared = given.get("Shared") or {}
    networks = [*(shared.get("Networks") or [])]
    for task in (given.get("Tasks") or {}).values():
        networks += task.get("Networks") or []
    ports = [*(shared.get("Ports") or [])]
    for network in networks:
        ports += [*(network.get("ReservedPorts") or []), *(network.get("DynamicPorts") or [])]
    return {int(port.get("Value") or 0) for port in ports}


def most(dimension: str, allocations: list[Json]) -> list[tuple[Holder, int]]:
    """The jobs that hold the most of a dimension (capacity.DIMENSIONS), and how much."""
    held: Counter[Holder] = Counter()
    for allocation in allocations:
        amount: Amount = allocated(allocation)
        held[Holder(allocation["Namespace"], allocation["JobID"])] += getattr(amount, dimension)
    return [(holder, amount) for holder, amount in held.most_common(JOBS_NAMED) if amount]
