"""What does not fit, in numbers."""

from typing import Any

from providers.nomad.capacity import explain, freest, needed


def node(name: str, memory: int, reserved: int = 0, **state: str) -> dict[str, Any]:
    return {
        "ID": f"id-{name}",
        "Name": name,
        "Status": "ready",
        "SchedulingEligibility": "eligible",
        "NodeResources": {"Cpu": {"CpuShares": 4000}, "Memory": {"MemoryMB": memory}, "Disk": {"DiskMB": 50_000}},
        "ReservedResources": {"Memory": {"MemoryMB": reserved}},
        **state,
    }


def allocation(node_name: str, memory: int, status: str = "running") -> dict[str, Any]:
    tasks = {"t": {"Cpu": {"CpuShares": 100}, "Memory": {"MemoryMB": memory}}}
    resources = {"Shared": {"DiskMB": 300}, "Tasks": tasks}
    return {"NodeID": f"id-{node_name}", "ClientStatus": status, "AllocatedResources": resources}


GROUP = {"Name": "web", "Tasks": [{"Resources": {"CPU": 50, "MemoryMB": 900}}, {"Resources": {"MemoryMB": 100}}]}


def test_an_instance_needs_the_sum_of_its_tasks() -> None:
    amount = needed(GROUP)
    assert (amount.cpu, amount.memory, amount.disk) == (150, 1000, 300)


def test_the_freest_node_is_that_with_the_most_left_after_reservations_and_what_runs() -> None:
    nodes = [node("a", 2000, reserved=500), node("b", 1800), node("gone", 9000, Status="down"), node("d", 1000)]
    allocations = [allocation("a", 100), allocation("b", 700), allocation("a", 5000, "complete")]
    assert freest(nodes, allocations, "memory") == ("a", 1400)
    assert freest(nodes, allocations, "cpu") == ("d", 4000)
    assert freest(nodes, allocations, "devices") is None
    assert freest([], [], "memory") is None


def test_the_sentence_names_group_dimension_need_and_rest() -> None:
    plan = {"FailedTGAllocs": {"web": {"DimensionExhausted": {"memory": 2, "network: port collision": 1}}}}
    lines = explain(plan, {"TaskGroups": [GROUP]}, [node("a", 800)], [allocation("a", 200)])
    assert lines == ["group web: an instance needs 1000 MiB of memory; the freest node, a, has 600 MiB left"]
