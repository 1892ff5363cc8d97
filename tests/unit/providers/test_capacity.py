"""What an instance needs, and what is left."""

from typing import Any

import pytest

from providers.nomad.capacity import Amount, explain, freest, needed


def node(name: str, memory_mb: int, **changes: Any) -> dict[str, Any]:
    return {
        "ID": name,
        "Name": name,
        "Status": "ready",
        "SchedulingEligibility": "eligible",
        "NodeResources": {"Memory": {"MemoryMB": memory_mb}, "Cpu": {"CpuShares": 1000}, "Disk": {"DiskMB": 9000}},
        "ReservedResources": {"Memory": {"MemoryMB": 100}},
        **changes,
    }


def allocation(on: str, memory_mb: int, status: str = "running") -> dict[str, Any]:
    resources = {"Tasks": {"app": {"Memory": {"MemoryMB": memory_mb}}}, "Shared": {"DiskMB": 300}}
    return {"NodeID": on, "ClientStatus": status, "AllocatedResources": resources}


def test_an_instance_needs_the_sum_of_its_tasks() -> None:
    group = {"Tasks": [{"Resources": {"CPU": 20, "MemoryMB": 64}}, {}], "EphemeralDisk": {"SizeMB": 50}}
    assert needed(group) == Amount(cpu=120, memory=364, disk=50)


@pytest.mark.parametrize(("status", "left"), [("running", 400), ("pending", 400), ("unknown", 400), ("complete", 900)])
def test_what_live_instances_hold_is_taken(status: str, left: int) -> None:
    assert freest([node("a", 1000)], [allocation("a", 500, status)], "memory") == ("a", left)


def test_the_freest_node_that_may_be_used() -> None:
    nodes = [
        node("a", 1000),
        node("b", 2000),
        node("c", 9000, Status="down"),
        node("d", 9000, SchedulingEligibility="ineligible"),
    ]
    assert freest(nodes, [allocation("b", 300), allocation("b", 300)], "memory") == ("b", 1300)
    assert freest(nodes[2:], [], "memory") is None
    assert freest(nodes, [], "network: reserved port collision http=80") is None


def test_the_sentence() -> None:
    plan = {"FailedTGAllocs": {"web": {"DimensionExhausted": {"memory": 1, "network: bandwidth": 1}}}}
    job = {"TaskGroups": [{"Name": "web", "Tasks": [{"Resources": {"MemoryMB": 4000}}]}]}
    assert explain(plan, job, [node("a", 1000)], []) == [
        "group web: an instance needs 4000 MiB of memory; the freest node, a, has 900 MiB left"
    ]
    assert explain({}, job, [], []) == []
