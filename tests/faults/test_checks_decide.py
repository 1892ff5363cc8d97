"""Jobs for which Nomad does not wait for the checks: `up` does, and the old version serves until they pass."""

from typing import Any

import pytest

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.kills import converges, kill_when
from tests.faults.services import declared, deploys, service
from tests.observation import Observation
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

WITHIN_S = 60.0


def unawaited(name: str, greeting: str, *, ignored: bool = False, **settings: Any) -> dict[str, Any]:
    """A service whose checks Nomad leaves out, for the reason of its update block or (`ignored`) of the check."""
    spec = service(name, greeting, **settings)
    (group,) = spec["TaskGroups"]
    if ignored:
        group["Services"][0]["Checks"][0]["OnUpdate"] = "ignore"
    else:
        group["Update"]["HealthCheck"] = "task_states"
    return spec


def deploy(stack: Stack, spec: dict[str, Any], **settings: Any) -> None:
    stack.write(declared(spec, **settings))


@pytest.mark.parametrize(
    "ignored",
    [
        pytest.param(False, marks=pytest.mark.fault(3, "task_states: its check fails, and Nomad does not wait for it")),
        pytest.param(True, marks=pytest.mark.fault(3, "on_update = ignore: its check fails, and Nomad does not wait")),
    ],
)
def test_what_does_not_pass_is_not_promoted(stack: Stack, seen: Observation, ignored: bool) -> None:
    """Finding F2: Nomad promoted what ran, the old version ended, and the check of the new one never passed."""
    deploy(stack, unawaited(stack.name, "one", ignored=ignored))
    stack.up()
    deploy(stack, unawaited(stack.name, "two", ignored=ignored, health=503))
    assert "keeps serving until 1 canary passes its checks" in stack.preview().text

    with Load(stack.consul, stack.name) as load:
        with seen.timed():
            failed = stack.up(check=False)
        load.goes_on()
    assert failed.code != 0
    seen.reads(failed.text, "503")
    assert "did not pass in Consul within 15 s" in failed.text
    assert "Nomad went back to version 0" in failed.text
    load.lost_none()
    assert load.answers == {"one"}

    deploy(stack, unawaited(stack.name, "three", ignored=ignored))
    stack.up()
    assert stack.preview().unchanged


@pytest.mark.fault(6, "task_states: its check passes after 8 of 15 s, under load")
def test_the_old_version_serves_until_the_new_one_passes(stack: Stack) -> None:
    deploy(stack, unawaited(stack.name, "one"))
    stack.up()
    deploy(stack, unawaited(stack.name, "two", Env={"START_AFTER_S": "8"}))

    with Load(stack.consul, stack.name) as load:
        stack.up()
        load.goes_on()
    load.lost_none()
    assert load.answers == {"one", "two"}
    assert stack.preview().unchanged
    assert stack.refresh().unchanged


@pytest.mark.fault(3, "task_states, checks of Nomad's own: its check fails, and Nomad does not wait for it")
def test_nomads_own_checks_are_asked(stack: Stack, seen: Observation) -> None:
    def version(greeting: str, **settings: Any) -> dict[str, Any]:
        spec = unawaited(stack.name, greeting, **settings)
        spec["TaskGroups"][0]["Services"][0]["Provider"] = "nomad"
        return spec

    deploy(stack, version("one"))
    stack.up()
    (before,) = stack.nomad.running(stack.name)
    deploy(stack, version("two", health=503))

    failed = stack.up(check=False)
    assert failed.code != 0
    seen.reads(failed.text, "is failure: HTTP 503")
    assert "did not pass in Nomad within 15 s" in failed.text
    (after,) = stack.nomad.running(stack.name)
    assert after["ID"] == before["ID"]

    deploy(stack, version("three", Env={"START_AFTER_S": "3"}))
    stack.up()
    (after,) = stack.nomad.running(stack.name)
    assert after["JobVersion"] == stack.nomad.job(stack.name)["Version"]


@pytest.mark.fault(8, "task_states: its way back has canaries of its own")
def test_the_canaries_of_the_way_back_are_promoted(stack: Stack, seen: Observation) -> None:
    """The canary serves and is promoted; the instance after it crashes, and there is one old instance left."""

    def version(greeting: str, **settings: Any) -> dict[str, Any]:
        return unawaited(stack.name, greeting, count=2, **settings)

    deploy(stack, version("one"))
    stack.up()
    bad = version("two")
    config = bad["TaskGroups"][0]["Tasks"][0]["Config"]
    mark = stack.folder / "started"
    script = f'test -e {mark} && exit 3; touch {mark}; exec "$0" "$@"'
    config |= {"command": "/bin/sh", "args": ["-c", script, config["command"], *config["args"]]}
    deploy(stack, bad)
    preview = stack.preview().text
    assert "Nomad replaces the other 1 instance without waiting for checks" in preview

    with Load(stack.consul, stack.name, tries_others=True) as load:
        failed = stack.up(check=False)
        load.goes_on()
    assert failed.code != 0
    assert "it ended with exit code 3" in failed.text
    seen.reads(failed.text, "Nomad went back to version 0 (as version 2): 2 instances of it healthy again.")
    load.lost_none()
    assert {a["JobVersion"] for a in stack.nomad.running(stack.name)} == {2}


def test_a_person_promotes_until_the_program_asks_for_it(stack: Stack) -> None:
    by_hand = unawaited(stack.name, "one")
    by_hand["TaskGroups"][0]["Update"]["AutoPromote"] = False
    deploy(stack, by_hand)
    stack.up()
    by_hand["TaskGroups"][0]["Tasks"][0]["Config"]["args"][2] = "two"
    deploy(stack, by_hand)
    assert "wait for promotion" in stack.up().text
    assert "set auto_promote = true" in stack.preview().text

    by_hand["TaskGroups"][0]["Update"]["AutoPromote"] = True
    deploy(stack, by_hand)
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
    deploy(stack, spec)
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
    deploy(stack, spec, detach=True)
    stack.up()
    assert stack.nomad.job(stack.name)["TaskGroups"][0]["Update"]["AutoPromote"] is True
    assert wait_until(lambda: bool(stack.nomad.running(stack.name)), WITHIN_S)
    spec["TaskGroups"][0]["Tasks"][0]["Config"]["args"][2] = "two"
    deploy(stack, spec, detach=True)
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
