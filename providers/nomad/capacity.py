"""What an instance needs and what the nodes have left, for the dimensions that a placement can run out of."""

from collections.abc import Iterable
from dataclasses import dataclass

from providers.nomad.client import Json

DEFAULT_CPU_MHZ = 100
DEFAULT_MEMORY_MB = 300
DEFAULT_DISK_MB = 300
"""What Nomad reserves where a job says nothing (Nomad `resources` and `ephemeral_disk` blocks)."""


@dataclass(frozen=True)
class Amount:
    """Processor time in MHz, memory in MiB, disk in MiB."""

    cpu: int
    memory: int
    disk: int

    def of(self, dimension: str) -> tuple[int, str] | None:
        """The amount and its unit for a dimension as the scheduler names it; None for one that is not counted here."""
        units = {"cpu": (self.cpu, "MHz"), "memory": (self.memory, "MiB"), "disk": (self.disk, "MiB")}
        return units.get(dimension)


def needed(group: Json) -> Amount:
    """What one instance of a group reserves: the sum of its tasks, and its disk."""
    resources = [task.get("Resources") or {} for task in group.get("Tasks") or []]
    return Amount(
        cpu=sum(int(r.get("CPU") or DEFAULT_CPU_MHZ) for r in resources),
        memory=sum(int(r.get("MemoryMB") or DEFAULT_MEMORY_MB) for r in resources),
        disk=int((group.get("EphemeralDisk") or {}).get("SizeMB") or DEFAULT_DISK_MB),
    )


def freest(nodes: Iterable[Json], allocations: Iterable[Json], dimension: str) -> tuple[str, int] | None:
    """The node with the most left of a dimension, and how much; None where no node is ready.

    `nodes` and `allocations` as Nomad lists them with `resources=true`.
    """
    used: dict[str, list[Amount]] = {}
    for allocation in allocations:
        if allocation["ClientStatus"] in ("running", "pending", "unknown"):
            used.setdefault(allocation["NodeID"], []).append(_allocated(allocation))
    best: tuple[str, int] | None = None
    for node in nodes:
        if node["Status"] != "ready" or node["SchedulingEligibility"] != "eligible":
            continue
        left = _left(node, used.get(node["ID"], []), dimension)
        if left is not None and (best is None or left > best[1]):
            best = (node["Name"], left)
    return best


def _left(node: Json, used: list[Amount], dimension: str) -> int | None:
    total, reserved = _amount(node.get("NodeResources") or {}), _amount(node.get("ReservedResources") or {})
    whole, kept = total.of(dimension), reserved.of(dimension)
    if whole is None or kept is None:
        return None
    taken = sum(amount[0] for amount in (one.of(dimension) for one in used) if amount is not None)
    return whole[0] - kept[0] - taken


def _amount(resources: Json) -> Amount:
    return Amount(
        cpu=int((resources.get("Cpu") or {}).get("CpuShares") or 0),
        memory=int((resources.get("Memory") or {}).get("MemoryMB") or 0),
        disk=int((resources.get("Disk") or {}).get("DiskMB") or 0),
    )


def _allocated(allocation: Json) -> Amount:
    given = allocation.get("AllocatedResources") or {}
    tasks = [_amount(task) for task in (given.get("Tasks") or {}).values()]
    return Amount(
        cpu=sum(task.cpu for task in tasks),
        memory=sum(task.memory for task in tasks),
        disk=int((given.get("Shared") or {}).get("DiskMB") or 0),
    )


def explain(plan: Json, job: Json, nodes: list[Json], allocations: list[Json]) -> list[str]:
    """For each group that a dimension keeps from being placed: what an instance needs and what the freest node has."""
    groups = {group["Name"]: group for group in job.get("TaskGroups") or []}
    lines = []
    for name, metrics in sorted((plan.get("FailedTGAllocs") or {}).items()):
        for dimension in sorted(metrics.get("DimensionExhausted") or {}):
            wanted = needed(groups.get(name, {})).of(dimension)
            best = freest(nodes, allocations, dimension)
            if wanted is not None and best is not None:
                lines.append(
                    f"group {name}: an instance needs {wanted[0]} {wanted[1]} of {dimension}; the freest node, "
                    f"{best[0]}, has {best[1]} {wanted[1]} left"
                )
    return lines
