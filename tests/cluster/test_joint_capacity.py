"""Jobs that fit one by one need not fit together: the preview says so, before the second one waits for a place."""

import re

import pytest

from tests.cluster.programs import job, write_job
from tests.observation import Observation
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


def jobs_of(stack: Stack, number: int, memory_mb: int) -> list[str]:
    """Writes a program of so many jobs; their names."""
    names = [f"{stack.name[:30]}-{index}" for index in range(number)]
    resources = {"CPU": 20, "MemoryMB": memory_mb}
    texts = {name: write_job(stack.folder, name, job(name, "service", Resources=resources)) for name in names}
    stack.write(*(f"nomad.Job({name!r}, jobspec={text}, json=True)" for name, text in texts.items()))
    return names


def memory_left_mb(stack: Stack) -> int:
    (node,) = stack.nomad.call("GET", "/v1/nodes?resources=true")
    taken = sum(
        task["Memory"]["MemoryMB"]
        for allocation in stack.nomad.call("GET", "/v1/allocations?resources=true&namespace=*")
        if allocation["ClientStatus"] in ("running", "pending")
        for task in allocation["AllocatedResources"]["Tasks"].values()
    )
    whole, kept = (int(node[key]["Memory"]["MemoryMB"]) for key in ("NodeResources", "ReservedResources"))
    return whole - kept - int(taken)


@pytest.mark.fault(20, "memory")
def test_jobs_that_fit_one_by_one_but_not_together_are_warned_of(stack: Stack, seen: Observation) -> None:
    left = memory_left_mb(stack)
    each = left * 2 // 5
    names = jobs_of(stack, 3, each)

    text = stack.preview().text
    found = re.search(r"need (\d+) MiB of memory more than now, and node \S+ has (\d+) MiB left", text)
    assert found, text
    assert found.groups() == (str(3 * each), str(left))
    seen.reads(text, "Each of these jobs fits by itself, but not all of them together")
    assert ", ".join(f'"{name}" {each}' for name in names) in text
    assert text.count("not all of them together") == 1

    jobs_of(stack, 2, each)
    assert "not all of them together" not in stack.preview().text
