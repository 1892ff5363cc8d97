"""Who promotes the canaries for whose checks Nomad does not wait: a person, Nomad, or `up`, the next one too."""

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.kills import converges, kill_when
from tests.faults.services import deploys, unawaited
from tests.observation import Observation
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

WITHIN_S = 60.0


def test_a_person_promotes_until_the_program_asks_for_it(stack: Stack) -> None:
    by_hand = unawaited(stack.name, "one")
    by_hand["TaskGroups"][0]["Update"]["AutoPromote"] = False
    deploys(stack, by_hand)
    stack.up()
    by_hand["TaskGroups"][0]["Tasks"][0]["Config"]["args"][2] = "two"
    deploys(stack, by_hand)
    assert "wait for promotion" in stack.up().text
    assert "set auto_promote = true" in stack.preview().text

    by_hand["TaskGroups"][0]["Update"]["AutoPromote"] = True
    deploys(stack, by_hand)
    shown = stack.preview().text
    assert 'Update.AutoPromote "false" → "true"' in shown
    assert "promotes 1 canary of group web" in shown
    stack.up()
    (allocation,) = stack.nomad.running(stack.name)
    assert allocation["JobVersion"] == 1
    assert stack.preview().unchanged
    assert stack.refresh().unchanged
    assert stack.preview().unchanged


def test_what_others_change_of_a_job_that_up_promotes_is_that_change_alone(stack: Stack) -> None:
    spec = unawaited(stack.name, "one")
    deploys(stack, spec)
    stack.up()
    registered = stack.nomad.job(stack.name)
    assert registered["TaskGroups"][0]["Update"]["AutoPromote"] is False
    stack.nomad.register({**registered, "Priority": 70})

    told = stack.preview().text
    assert 'Priority "50" → "70"' in told
    assert "AutoPromote" not in told
    stack.refresh()
    told = stack.preview().text
    assert 'Priority "70" → "50"' in told
    assert "AutoPromote" not in told
    stack.up()
    assert stack.preview().unchanged


def test_where_up_does_not_stay_the_preview_says_that_nomad_promotes(stack: Stack) -> None:
    spec = unawaited(stack.name, "one")
    deploys(stack, spec, detach=True)
    stack.up()
    assert stack.nomad.job(stack.name)["TaskGroups"][0]["Update"]["AutoPromote"] is True
    assert wait_until(lambda: bool(stack.nomad.running(stack.name)), WITHIN_S)
    spec["TaskGroups"][0]["Tasks"][0]["Config"]["args"][2] = "two"
    deploys(stack, spec, detach=True)
    told = stack.preview().text
    assert (
        'Nomad promotes as soon as 1 canary runs, whether its checks pass or not (health_check is "task_states")'
        in told
    )
    assert 'set health_check = "checks" in the update block' in told
    stack.config["nomad:refuseDowntime"] = "true"
    assert "nomad:refuseDowntime refuses such a change." in stack.preview(check=False).text


@pytest.mark.fault(15, "task_states: while its canary does not pass yet")
def test_a_killed_up_is_gone_on_with(project: Project, seen: Observation) -> None:
    """Refreshed in between, so that nothing but the waiting canary tells that the rollout is not over."""
    deploys(project, unawaited(project.name, "one"))
    project.up("--skip-preview")
    deploys(project, unawaited(project.name, "two", Env={"START_AFTER_S": "6"}))

    with Load(project.consul, project.name) as load:
        up = project.start("up", "--yes", "--skip-preview")
        left = kill_when(up, lambda: len(project.nomad.running(project.name)) == 2)
        project.run("refresh", "--yes", "--clear-pending-creates")
        text = project.preview().text
        seen.reads(text, "since an interrupted `pulumi up`; the old instances keep serving")
        load.goes_on()
        assert len(project.nomad.running(project.name)) == 2
        converges(project, left)
        load.goes_on()
    load.lost_none()
    assert load.answers == {"one", "two"}
    (allocation,) = project.nomad.running(project.name)
    assert allocation["JobVersion"] == 1
    project.preview("--expect-no-changes")
