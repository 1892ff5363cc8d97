"""Good and bad deployments of five services at random, under load: no request lost, and nothing that only grows."""

import json
from collections import defaultdict

import pytest

from tests.cluster.folders import cluster_folder
from tests.cluster.project import Project
from tests.faults.footprint import Footprint, footprint, quarters
from tests.faults.soak import PROVIDERS, Soak
from tests.observation import Observation
from toolchain.embedded import processes
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

GROWTH_MB, GROWTH_FILES = {"plugin": 10.0, "server": 96.0}, 12
"""How much more the last quarter of the rounds may hold than the first. Of the servers, Nomad and Consul keep each
version, evaluation and allocation for hours, and give memory back to the machine when they like."""
HELPERS_END_S = 60.0


@pytest.mark.fault(29, "missing image or command, never healthy, crash loop, unplaceable, changed by others, good")
def test_soak(project: Project, pytestconfig: pytest.Config, seen: Observation) -> None:
    """`--soak-deployments` of them (8), one for each service that an `up` changes; `--seed` (1) decides which."""
    soak = Soak(project, pytestconfig.getoption("seed"))
    project.up("--skip-preview")
    helpers = len(processes.marked(cluster_folder()))
    held: dict[str, list[Footprint]] = defaultdict(list)
    rounds = 0
    with soak.loaded() as loads:
        while soak.total() < pytestconfig.getoption("soak_deployments"):
            chosen = soak.deal(pytestconfig.getoption("soak_deployments") - soak.total())
            up, watch = soak.up()
            soak.judge(chosen, up, loads)
            rounds += 1
            for name, size in (watch.peaks | servers()).items():
                held[name].append(size)
            # Each instance has helpers of Nomad beside it, which end with it.
            assert wait_until(lambda: len(processes.marked(cluster_folder())) <= helpers, HELPERS_END_S), running()
    for load in loads.values():
        load.lost_none()
    seen.tries = soak.total()
    sent = sum(load.sent for load in loads.values())
    print(f"{soak.total()} deployments in {rounds} rounds: {dict(soak.deployments)}; {sent} requests, none lost")
    assert {*PROVIDERS} <= held.keys()
    for name, series in sorted(held.items()):
        memory_mb = quarters([size.memory_mb for size in series])
        files = quarters([size.files for size in series])
        print(f"{name}: {memory_mb[0]:.0f} → {memory_mb[1]:.0f} MiB, {files[0]:.0f} → {files[1]:.0f} open files")
        growth_mb = GROWTH_MB["plugin" if name in PROVIDERS else "server"]
        assert memory_mb[1] <= memory_mb[0] + growth_mb, (name, series)
        assert files[1] <= files[0] + GROWTH_FILES, (name, series)


def servers() -> dict[str, Footprint]:
    """What the cluster's servers hold now."""
    found = {}
    for file in (cluster_folder() / "pids").glob("*.json"):
        size = footprint(json.loads(file.read_text())["pid"])
        assert size is not None, f"{file.stem} does not run"
        found[file.stem] = size
    return found


def running() -> list[str]:
    """The command lines of all that the cluster has started."""
    return [" ".join(processes.command_line(process)) for process in processes.marked(cluster_folder())]
