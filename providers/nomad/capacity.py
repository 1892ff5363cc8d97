"""What an instance needs and what the nodes have left, for the dimensions that a placement can run out of."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from providers.nomad.client import Json

DEFAULT_CPU_MHZ = 100
DEFAULT_MEMORY_MB = 300
DEFAULT_DISK_MB = 300
"""What Nomad reserves where a job says nothing (Nomad `resources` and `ephemeral_disk` blocks)."""


DIMENSIONS = {"cpu": "MHz", "memory": "MiB", "disk": "MiB"}
"""What is counted here, as the scheduler names it, and its unit."""


@dataclass(frozen=True)
class Amount:
    """One number for each of DIMENSIONS: processor time in MHz, memory in MiB, disk in MiB."""

    cpu: int = 0
    memory: int = 0
    disk: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.cpu + other.cpu, self.memory + other.memory, self.disk + other.disk)

    def __sub__(self, other: "Amount") -> "Amount":
        return self + other * -1

    def __mul__(self, times: int) -> "Amount":
        return Amount(self.cpu * times, self.memory * times, self.disk * times)


def needed(group: Json) -> Amount:
    """What one instance of a group reserves: the sum of its tasks, and its disk."""
    resources = [task.get("Resources") or {} for task in group.get("Tasks") or []]
    return Amount(
        cpu=sum(int(r.get("CPU") or DEFAULT_CPU_MHZ) for r in resources),
        memory=sum(int(r.get("MemoryMB") or DEFAULT_MEMORY_MB) for r in resources),
        disk=int((group.get("EphemeralDisk") or {}).get("SizeMB") or DEFAULT_DISK_MB),
    )


def may_run(job: Json, node: Json) -> bool:
    """Whether a node is in the job's datacenters and node pool; constraints are the scheduler's."""
    pool = job.get("NodePool") or "default"
    return pool in ("all", node.get("NodePool") or "default") and any(
        fnmatchcase(str(node.get("Datacenter")), datacenter) for datacenter in job.get("Datacenters") or ["*"]
    )


def is_open(node: Json) -> bool:
    """Whether a node takes new instances."""
    return bool(node["Status"] == "ready" and node["SchedulingEligibility"] == "eligible")


def room(nodes: Iterable[Json], allocations: Iterable[Json]) -> list[tuple[Json, Amount]]:
    """What each node has left that takes instances.

    `nodes` and `allocations` as Nomad lists them with `resources=true`.
    """
    used: dict[str, Amount] = {}
    for allocation in allocations:
        if allocation["ClientStatus"] in ("running", "pending", "unknown"):
            node = allocation["NodeID"]
            used[node] = used.get(node, Amount()) + allocated(allocation)
    return [
        (
            node,
            whole(node) - used.get(node["ID"], Amount()),
        )
        for node in nodes
        if is_open(node)
    ]


def whole(node: Json) -> Amount:
    """What a node has for instances when nothing runs on it."""
    return _amount(node.get("NodeResources") or {}) - _amount(node.get("ReservedResources") or {})


def _amount(resources: Json) -> Amount:
    return Amount(
        cpu=int((resources.get("Cpu") or {}).get("CpuShares") or 0),
        memory=int((resources.get("Memory") or {}).get("MemoryMB") or 0),
        disk=int((resources.get("Disk") or {}).get("DiskMB") or 0),
    )


def allocated(allocation: Json) -> Amount:
    """What an allocation holds, as Nomad lists it with `resources=true`."""
    given = allocation.get("AllocatedResources") or {}
    tasks = [_amount(task) for task in (given.get("Tasks") or {}).values()]
    return Amount(
        cpu=sum(task.cpu for task in tasks),
        memory=sum(task.memory for task in tasks),
        disk=int((given.get("Shared") or {}).get("DiskMB") or 0),
    )
