"""A version that breaks after its minimum healthy time: caught where a soak is asked for, while the old one serves."""

from typing import Any

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project, interrupt
from tests.cluster.services import PROCESS, Services
from tests.faults.services import SERVER, deploys, service
from tests.observation import Observation
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

SOAK_S = 8
WAIT_S = 120.0


def soaking(name: str, greeting: str, **task: Any) -> dict[str, Any]:
    spec = service(name, greeting, **task)
    group = spec["TaskGroups"][0]
    group["Meta"] = {"caravan_soak_s": str(SOAK_S)}
    group["Update"]["AutoPromote"] = False
    return spec


@pytest.mark.fault(5, "it crashes 4 s after its start, under load of a client that then asks another instance")
def test_a_crash_in_the_soak_is_told_and_taken_back(project: Project, seen: Observation) -> None:
    deploys(project, soaking(project.name, "one"))
    project.up("--skip-preview")
    deploys(project, soaking(project.name, "two", Env={"CRASH_AFTER_S": "4"}))

    with Load(project.consul, project.name, tries_others=True) as load:
        failed = project.up(check=False)
    assert failed.code != 0
    assert f"until 1 canary is healthy and has soaked for {SOAK_S} s" in failed.text
    seen.reads(failed.diagnostics, f"did not last its soak of {SOAK_S} s")
    assert "it ended with exit code 3" in failed.diagnostics
    assert "the connection to the database is lost" in failed.diagnostics
    assert "Nomad went back to version 0" in failed.diagnostics
    load.lost_none()

    deploys(project, soaking(project.name, "three"))
    project.up("--skip-preview")
    (allocation,) = project.nomad.running(project.name)
    assert allocation["JobVersion"] == project.nomad.job(project.name)["Version"]
    project.preview("--expect-no-changes")


@pytest.mark.fault(5, "it crashes after its rollout, and stays ended")
def test_preview_does_not_count_on_instances_that_have_ended(stack: Stack, seen: Observation) -> None:
    """The scheduler's numbers alone still call it one that is left alone."""
    deploys(stack, service(stack.name, "one", Env={"CRASH_AFTER_S": "8"}))
    stack.up()
    assert wait_until(lambda: not stack.nomad.running(stack.name), WAIT_S)
    deploys(stack, service(stack.name, "two"))

    text = stack.preview().text
    assert "scheduler: group web: 1 canary, 1 ignore" in text
    seen.reads(text, "group web: none of its instances runs now; none serves until 1 canary is healthy")
    assert "running instance keeps serving" not in text
    stack.up()
    # Nomad stops the canary that it has promoted and starts another instance: the end of `up` is the end of that.
    assert [it["JobVersion"] for it in stack.nomad.running(stack.name)] == [1]
    assert len(stack.consul.healthy(stack.name)) == 1
    assert stack.preview().unchanged


@pytest.mark.fault(27, "during a soak")
def test_the_next_up_goes_on_with_a_soak(project: Project, seen: Observation) -> None:
    """From a service.yaml; the canaries wait for the next `up`."""
    services = Services(project, "web")
    name = services.name("web")
    process = services.written[name]
    process |= {"args": [str(SERVER), "${NOMAD_PORT_http}", "one"], "check": {"path": "/health"}}
    # Long enough to be interrupted on a machine that is busy.
    process["rollout"] = {"soak_s": 20}
    assert process["command"] == PROCESS["command"]
    services.write()
    project.up("--skip-preview")
    process["args"][2] = "two"
    services.write()

    with Load(project.consul, name) as load:
        up = project.start("up", "--yes", "--skip-preview")
        assert wait_until(lambda: len(project.consul.healthy(name)) == 2, WAIT_S)
        text = interrupt(up)
        assert up.returncode != 0
        seen.reads(text, "Stopped waiting for job")
        assert len(project.nomad.running(name)) == 2
        project.up("--skip-preview")
    load.lost_none()
    assert load.answers == {"one", "two"}
    (allocation,) = project.nomad.running(name)
    assert allocation["JobVersion"] == 1
    project.preview("--expect-no-changes")
