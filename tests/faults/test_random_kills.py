"""`pulumi up` killed with -9 at any moment, again and again: one plain command converges, and no request is lost."""

import random
import subprocess

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.kills import converges, kill
from tests.faults.services import deploys, service
from tests.observation import Observation

pytestmark = pytest.mark.cluster

LONGEST_S = 9.0
"""An unhurried `up` of such a version takes less: some rounds kill nothing, as it happens in life."""


@pytest.mark.fault(15, "at random moments, with and without checkpoints")
def test_random_kills(project: Project, pytestconfig: pytest.Config, seen: Observation) -> None:
    """`--kill-rounds` of them (50), at moments that `--seed` (1) decides; every second round without checkpoints."""
    moments = random.Random(pytestconfig.getoption("seed"))
    deploys(project, service(project.name, "version 0"))
    project.up("--skip-preview")

    killed = 0
    with Load(project.consul, project.name) as load:
        for number in range(1, pytestconfig.getoption("kill_rounds") + 1):
            project.environment["PULUMI_SKIP_CHECKPOINTS"] = "true" if number % 2 else "false"
            deploys(project, service(project.name, f"version {number}"))
            moment_s = moments.uniform(0.2, LONGEST_S)
            up = project.start("up", "--yes", "--skip-preview")
            try:
                text = up.communicate(timeout=moment_s)[0]
                assert up.returncode == 0, text
            except subprocess.TimeoutExpired:
                converges(project, kill(up))
                killed += 1
            job = project.nomad.job(project.name)
            assert (job["Version"], job["Stable"]) == (number, True), f"round {number}, killed after {moment_s:.2f} s"
            left = project.nomad.call("GET", f"/v1/job/{project.name}/allocations")
            running = [a["JobVersion"] for a in left if a["ClientStatus"] == "running"]
            assert running == [number], f"round {number}, killed after {moment_s:.2f} s: {left}"
    load.lost_none()
    seen.tries = killed
    project.preview("--expect-no-changes")
    assert f"version {pytestconfig.getoption('kill_rounds')}" in load.answers
    assert killed > 0
    print(f"{killed} kills, {load.sent} requests, none lost")
