"""Jobs for which Nomad does not wait for the checks: `up` does, and the old version serves until they pass."""

from typing import Any

import pytest

from tests.cluster.load import Load
from tests.faults.services import deploys, unawaited
from tests.observation import Observation
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize(
    "ignored",
    [
        pytest.param(False, marks=pytest.mark.fault(3, "task_states: its check fails, and Nomad does not wait for it")),
        pytest.param(True, marks=pytest.mark.fault(3, "on_update = ignore: its check fails, and Nomad does not wait")),
    ],
)
def test_what_does_not_pass_is_not_promoted(stack: Stack, seen: Observation, ignored: bool) -> None:
    """Finding F2: Nomad promoted what ran, the old version ended, and the check of the new one never passed."""
    deploys(stack, unawaited(stack.name, "one", ignored=ignored))
    stack.up()
    deploys(stack, unawaited(stack.name, "two", ignored=ignored, health=503))
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

    deploys(stack, unawaited(stack.name, "three", ignored=ignored))
    stack.up()
    assert stack.preview().unchanged


@pytest.mark.fault(6, "task_states: its check passes after 8 of 15 s, under load")
def test_the_old_version_serves_until_the_new_one_passes(stack: Stack) -> None:
    deploys(stack, unawaited(stack.name, "one"))
    stack.up()
    deploys(stack, unawaited(stack.name, "two", Env={"START_AFTER_S": "8"}))

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

    deploys(stack, version("one"))
    stack.up()
    (before,) = stack.nomad.running(stack.name)
    deploys(stack, version("two", health=503))

    failed = stack.up(check=False)
    assert failed.code != 0
    seen.reads(failed.text, "is failure: HTTP 503")
    assert "did not pass in Nomad within 15 s" in failed.text
    (after,) = stack.nomad.running(stack.name)
    assert after["ID"] == before["ID"]

    deploys(stack, version("three", Env={"START_AFTER_S": "3"}))
    stack.up()
    (after,) = stack.nomad.running(stack.name)
    assert after["JobVersion"] == stack.nomad.job(stack.name)["Version"]


@pytest.mark.fault(8, "task_states: its way back has canaries of its own")
def test_the_canaries_of_the_way_back_are_promoted(stack: Stack, seen: Observation) -> None:
    """The canary serves and is promoted; the instance after it crashes, and there is one old instance left."""

    def version(greeting: str, **settings: Any) -> dict[str, Any]:
        return unawaited(stack.name, greeting, count=2, **settings)

    deploys(stack, version("one"))
    stack.up()
    bad = version("two")
    config = bad["TaskGroups"][0]["Tasks"][0]["Config"]
    mark = stack.folder / "started"
    script = f'test -e {mark} && exit 3; touch {mark}; exec "$0" "$@"'
    config |= {"command": "/bin/sh", "args": ["-c", script, config["command"], *config["args"]]}
    deploys(stack, bad)
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
