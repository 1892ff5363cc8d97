"""`pulumi up` killed with -9 at any moment, again and again: one plain command converges, and no request is lost."""

import random
import subprocess

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.kills import converges, declared, kill, start
from tests.faults.serving import Serving
from tests.observation import Observation

pytestmark = pytest.mark.cluster

LONGEST_S = 9.0
"""An unhurried `up` of such a version takes less: some rounds kill nothing, as it happens in life."""


@pytest.mark.fault(15, "at random moments, with and without checkpoints")
def test_random_kills(serving_by_cli: Serving[Project], pytestconfig: pytest.Config, seen: Observation) -> None:
    """`--kill-rounds` of them, at moments that `--seed` decides; every second round without checkpoints."""
    project = serving_by_cli.target
    moments = random.Random(pytestconfig.getoption("seed"))
    rounds = pytestconfig.getoption("kill_rounds")

    killed = 0
    with Load(project.consul, project.name) as load:
        for number in range(1, rounds + 1):
            declared(serving_by_cli, "true" if number % 2 else "false")
            # Each part of an `up` has its turn, however few the rounds.
            moment_s = 0.2 + (LONGEST_S - 0.2) * ((number - 1 + moments.random()) / rounds % 1)
            up = start(project)
            try:
                text = up.communicate(timeout=moment_s)[0]
                assert up.returncode == 0, text
            except subprocess.TimeoutExpired:
                converges(project, kill(up))
                killed += 1
            job = project.nomad.job(project.name)
            version = serving_by_cli.version + number
            assert (job["Version"], job["Stable"]) == (version, True), f"round {number}, killed after {moment_s:.2f} s"
            left = project.nomad.call("GET", f"/v1/job/{project.name}/allocations")
            running = [a["JobVersion"] for a in left if a["ClientStatus"] == "running"]
            assert running == [version], f"round {number}, killed after {moment_s:.2f} s: {left}"
    load.lost_none()
    seen.tries = killed
    project.preview("--expect-no-changes")
    assert serving_by_cli.declared in load.answers
    assert killed > 0
    print(f"{killed} kills, {load.sent} requests, none lost")
