"""What all jobs of a preview need together, in whatever order they come."""

from itertools import permutations
from typing import Any

import pytest

from providers.nomad.capacity import Amount
from providers.nomad.demand import Demand, additional


def job(id: str, memory_mb: int, **changes: Any) -> dict[str, Any]:
    group = {"Name": "g", "EphemeralDisk": {"SizeMB": 1}, "Tasks": [{"Resources": {"CPU": 1, "MemoryMB": memory_mb}}]}
    return {"ID": id, "Namespace": "default", "TaskGroups": [group], **changes}


def plan(**counts: int) -> dict[str, Any]:
    return {"Annotations": {"DesiredTGUpdates": {"g": counts}}}


def node(name: str, memory_mb: int, pool: str = "default") -> dict[str, Any]:
    resources = {"Memory": {"MemoryMB": memory_mb}, "Cpu": {"CpuShares": 1000}, "Disk": {"DiskMB": 9000}}
    ready = {"Status": "ready", "SchedulingEligibility": "eligible"}
    return {"ID": name, "Name": name, "NodePool": pool, "Datacenter": "dc1", "NodeResources": resources, **ready}


@pytest.mark.parametrize(
    ("old_mb", "new_mb", "counts", "more_mb"),
    [
        (None, 100, {"Place": 3}, 300),
        (100, 100, {"Ignore": 3}, 0),
        (100, 100, {"Ignore": 3, "Place": 2}, 200),
        (100, 100, {"Ignore": 1, "Stop": 2}, 0),
        (100, 100, {"Ignore": 3, "Canary": 1}, 100),
        (100, 150, {"Ignore": 3, "Canary": 1}, 150),
        (100, 200, {"Ignore": 5, "Canary": 1}, 500),  # after the promotion
        (100, 150, {"DestructiveUpdate": 1, "Ignore": 2}, 150),
        (100, 50, {"DestructiveUpdate": 1}, 0),
        (100, 100, {"InPlaceUpdate": 3}, 0),
    ],
)
def test_what_a_change_needs_more_than_now(
    old_mb: int | None, new_mb: int, counts: dict[str, int], more_mb: int
) -> None:
    current = None if old_mb is None else job("a", old_mb)
    assert additional(job("a", new_mb), plan(**counts), current).memory == more_mb


def test_a_stopped_job_holds_nothing() -> None:
    assert additional(job("a", 100), plan(Place=1), {**job("a", 100), "Stop": True}) == Amount(1, 100, 1)


def test_the_order_of_the_previews_does_not_matter() -> None:
    jobs = [(job("a", 300), plan(Place=1)), (job("b", 500), plan(Place=1)), (job("c", 400), plan(Place=1))]
    told = set()
    for order in permutations(jobs):
        demand = Demand()
        for one, its_plan in order:
            demand.add(one, its_plan, None)
        told.update(demand.shortages([node("n", 1000)], []))
    (sentence,) = told
    assert "need 1200 MiB of memory more than now, and node n has 1000 MiB left" in sentence
    assert 'in MiB: "b" 500, "c" 400, "a" 300.' in sentence


def test_what_fits_is_not_told() -> None:
    demand = Demand()
    assert not demand
    demand.add(job("a", 400), plan(Place=1), None)
    demand.add(job("b", 600), plan(Place=1), None)
    assert demand
    assert demand.shortages([node("n", 1000)], []) == []


def test_jobs_compete_for_the_nodes_they_may_run_on() -> None:
    demand = Demand()
    demand.add(job("a", 800, NodePool="gpu"), plan(Place=1), None)
    demand.add(job("b", 800, NodePool="gpu"), plan(Place=1), None)
    demand.add(job("c", 800), plan(Place=1), None)
    (sentence,) = demand.shortages([node("n", 1000), node("g", 1000, "gpu")], [])
    assert "node g has 1000 MiB left" in sentence
    assert '"c"' not in sentence


def test_a_single_job_whose_later_steps_do_not_fit() -> None:
    demand = Demand()
    demand.add(job("a", 500), plan(Ignore=5, Canary=1), job("a", 100))
    (sentence,) = demand.shortages([node("n", 1000)], [])
    assert sentence.startswith("The first step of this change fits, but not all of it: it needs 2000 MiB of memory")


def test_the_hungriest_jobs_are_named_and_the_others_counted() -> None:
    demand = Demand()
    for number in range(8):
        demand.add(job(f"j{number}", 200 + number), plan(Place=1), None)
    (sentence,) = demand.shortages([node("n", 1000)], [])
    assert '"j7" 207, "j6" 206, "j5" 205, "j4" 204, "j3" 203 and 3 more' in sentence
