"""Jobs for which Nomad does not wait for the checks: `up` does, and the old version serves until they pass."""

from typing import Any

import pytest

from tests.cluster.load import Load
from tests.faults.services import declared, service
from tests.observation import Observation
from tests.quick_engine.stack import Stack

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
