"""Manual promotion is a change like any other: previewed, applied, and then there is nothing left to do."""

import json

import pytest

from tests.cluster.programs import job
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


def program(stack: Stack, setting: str, *, auto_promote: bool) -> None:
    spec = job(stack.name, "service", Env={"SETTING": setting})
    spec["TaskGroups"][0]["Update"].update(Canary=1, AutoPromote=auto_promote)
    stack.write(f"nomad.Job('j', jobspec={json.dumps(spec)!r}, json=True, purge_on_destroy=True)")


def with_waiting_canary(stack: Stack) -> str:
    """A second version whose canary waits; the ID of its deployment."""
    program(stack, "1", auto_promote=False)
    stack.up()
    program(stack, "2", auto_promote=False)
    stack.up()
    return str(stack.nomad.call("GET", f"/v1/job/{stack.name}/deployment")["ID"])


def test_up_promotes_the_canaries_where_the_program_asks_for_it(stack: Stack) -> None:
    deployment = with_waiting_canary(stack)
    (canary,) = (a["ID"] for a in stack.nomad.running(stack.name) if a["JobVersion"] == 1)

    unchanged = stack.preview()
    assert "1 canary of group g waits for promotion" in unchanged.text
    assert f"nomad deployment promote {deployment}" in unchanged.text
    assert unchanged.unchanged

    program(stack, "2", auto_promote=True)
    assert f"promotes 1 canary of group g (deployment {deployment})" in stack.preview().text
    stack.up()
    assert stack.nomad.call("GET", f"/v1/deployment/{deployment}")["Status"] == "successful"
    assert [a["ID"] for a in stack.nomad.running(stack.name)] == [canary]
    assert stack.nomad.job(stack.name)["TaskGroups"][0]["Update"]["AutoPromote"]
    assert stack.preview().unchanged


def test_what_somebody_promoted_by_hand_is_no_change(stack: Stack) -> None:
    deployment = with_waiting_canary(stack)
    stack.nomad.call("POST", f"/v1/deployment/promote/{deployment}", {"DeploymentID": deployment, "All": True})

    shown = stack.preview()
    assert shown.unchanged
    assert "promotion" not in shown.text
    assert stack.up().unchanged
    stack.refresh()
    assert stack.state("j")["deploymentStatus"] == "successful"


def test_another_version_says_that_the_waiting_canary_goes(stack: Stack) -> None:
    with_waiting_canary(stack)
    program(stack, "3", auto_promote=True)
    assert "1 canary of group g still waiting for promotion; this change stops" in stack.preview().text
    stack.up()
    assert [a["JobVersion"] for a in stack.nomad.running(stack.name)] == [2]
