"""What an instance needs, and what is left."""

from typing import Any

import pytest

from providers.nomad.capacity import Amount, may_run, needed, room


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
    ((_, amount),) = room([node("a", 1000)], [allocation("a", 500, status)])
    assert amount.memory == left


def test_only_nodes_that_take_instances_have_room() -> None:
    nodes = [node("a", 1000), node("c", 9000, Status="down"), node("d", 9000, SchedulingEligibility="ineligible")]
    assert [one["Name"] for one, _ in room(nodes, [])] == ["a"]


@pytest.mark.parametrize(
    ("job", "may"),
    [
        ({}, True),
        ({"Datacenters": ["eu-*"]}, True),
        ({"Datacenters": ["us-1"]}, False),
        ({"NodePool": "gpu"}, False),
        ({"NodePool": "all"}, True),
    ],
)
def test_where_a_job_may_run(job: dict[str, Any], may: bool) -> None:
    assert may_run(job, node("a", 1000, Datacenter="eu-1", NodePool="default")) is may
