"""Jobs that fit one by one need not fit together: the preview says so, before the second one waits for a place."""

import re

import pytest

from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project
from tests.observation import Observation

pytestmark = pytest.mark.cluster


def jobs_of(project: Project, number: int, memory_mb: int) -> list[str]:
    """Writes a program of so many jobs; their names."""
    names = [f"{project.name[:30]}-{index}" for index in range(number)]
    resources = {"CPU": 20, "MemoryMB": memory_mb}
    texts = {name: write_job(project.folder, name, job(name, "service", Resources=resources)) for name in names}
    use(project, "".join(f"nomad.Job({name!r}, jobspec={text}, json=True)\n" for name, text in texts.items()))
    return names


def memory_left_mb(project: Project) -> int:
    (node,) = project.nomad.call("GET", "/v1/nodes?resources=true")
    taken = sum(
        task["Memory"]["MemoryMB"]
        for allocation in project.nomad.call("GET", "/v1/allocations?resources=true&namespace=*")
        if allocation["ClientStatus"] in ("running", "pending")
        for task in allocation["AllocatedResources"]["Tasks"].values()
    )
    whole, kept = (int(node[key]["Memory"]["MemoryMB"]) for key in ("NodeResources", "ReservedResources"))
    return whole - kept - int(taken)


@pytest.mark.fault(20, "memory")
def test_jobs_that_fit_one_by_one_but_not_together_are_warned_of(project: Project, seen: Observation) -> None:
    left = memory_left_mb(project)
    each = left * 2 // 5
    names = jobs_of(project, 3, each)

    text = project.preview().text
    found = re.search(r"need (\d+) MiB of memory more than now, and node \S+ has (\d+) MiB left", text)
    assert found, text
    assert found.groups() == (str(3 * each), str(left))
    seen.reads(text, "Each of these jobs fits by itself, but not all of them together")
    assert ", ".join(f'"{name}" {each}' for name in names) in text
    assert "1 warning" in text

    jobs_of(project, 2, each)
    assert "not all of them together" not in project.preview().text
