"""A rollout that cannot succeed, with a token that may not fail its deployment: `up` ends, and nothing is promoted."""

import asyncio
import copy
from collections.abc import Callable

import pytest

from providers.nomad.client import Json
from providers.nomad.soak import SOAK_KEY
from tests.unit.providers.nomad_stub import refusal
from tests.unit.providers.recordings import deployment_of
from tests.unit.providers.test_rollout import GROUPS, Moments, clock, moment, unawaited

__all__ = ["clock"]

NOT_PERMITTED = refusal(403, "Permission denied")


def left_open(record: Json, version: int) -> str:
    """The command that ends the deployment of a version."""
    deployment = deployment_of(record, version)
    assert deployment is not None
    return f"nomad deployment fail -namespace default {deployment['ID']}"


def soaking(record: Json) -> Json:
    record = unawaited(record)
    for group in record["job"]["TaskGroups"]:
        group["Meta"] = {SOAK_KEY: "600"}
        group["Services"] = []
    return record


def crashed(record: Json) -> Json:
    """The canary has ended for good; Nomad still counts it as one that was healthy."""
    record = copy.deepcopy(record)
    for allocation in record["allocations"]:
        if allocation["JobVersion"] == 1:
            allocation["ClientStatus"] = "failed"
    return record


async def test_a_token_that_may_not_fail_a_deployment_does_not_wait_for_ever_in_a_soak() -> None:
    """Nomad never ends a deployment whose canaries were healthy once, so the rollout once did not end."""
    waits = soaking(moment("waits-for-promotion"))
    # What breaks in its soak is not promoted, even where something runs again.
    moments = Moments(waits, crashed(waits), waits)
    moments.nomad.answers["fail_deployment"] = NOT_PERMITTED
    async with asyncio.timeout(5.0):
        outcome = await moments.follow()
    assert outcome.failed
    assert not outcome.succeeded
    assert "version 1 failed: it was healthy, but did not last its soak of 600 s: allocation" in outcome.reasons[0]
    assert (
        f"Its deployment could not be ended, and Nomad does not end it either: {NOT_PERMITTED}" in outcome.reasons[-1]
    )
    assert "its canaries are not promoted (2 instances of the version before still run)" in outcome.reasons[-1]
    assert outcome.reasons[-1].endswith(f"End it with a token that may: {left_open(waits, 1)}")
    assert len(moments.nomad.made("fail_deployment")) == 1
    assert moments.nomad.made("promote_deployment") == []


@pytest.mark.parametrize("later", ["failure", "success"])
async def test_a_token_that_may_not_fail_what_does_not_pass_in_time(clock: Callable[[float], None], later: str) -> None:
    """The same with canaries that `up` promotes; and it does not when the check passes after all, too late."""
    clock(10.0)
    waits = unawaited(moment("waits-for-promotion"))
    check = {"Check": "up", "Status": "failure", "StatusCode": 503, "Output": "no database"}
    moments = Moments(waits)
    moments.nomad.answers["checks"] = lambda: [check]

    def refuse() -> Exception:
        check["Status"] = later
        return NOT_PERMITTED

    moments.nomad.answers["fail_deployment"] = refuse
    async with asyncio.timeout(5.0):
        outcome = await moments.follow(by_up=GROUPS)
    assert outcome.failed
    assert "within 15 s; check up is failure: HTTP 503: no database" in outcome.reasons[0]
    assert outcome.reasons[-1].endswith(left_open(waits, 1))
    assert moments.nomad.made("promote_deployment") == []


async def test_a_token_that_may_not_fail_waits_for_nomads_own_deadline() -> None:
    hopeless = moment("image-unknown")
    failed = copy.deepcopy(hopeless)
    failed["deployments"][0].update(Status="failed", StatusDescription="Failed due to progress deadline")
    moments = Moments(hopeless, hopeless, hopeless, failed)
    moments.nomad.answers["fail_deployment"] = NOT_PERMITTED
    outcome = await moments.follow()
    assert outcome.reasons[0] == 'Job "rec-image-unknown" version 0 failed: Failed due to progress deadline.'
    assert outcome.reasons[1] == f"Its deployment could not be ended at once: {NOT_PERMITTED}"
    assert moments.hub.waits == 3


async def test_a_deadline_of_nomads_that_does_not_come_is_not_waited_for(clock: Callable[[float], None]) -> None:
    """One that moves on with each instance that is healthy, or that nobody keeps while the deployment is paused."""
    clock(3.0)
    hopeless = moment("image-unknown")
    moments = Moments(hopeless)
    moments.nomad.answers["fail_deployment"] = NOT_PERMITTED
    async with asyncio.timeout(5.0):
        outcome = await moments.follow()
    assert outcome.failed
    assert moments.hub.waits > 1
    assert outcome.reasons[0] == 'Job "rec-image-unknown" version 0 failed: it cannot succeed.'
    assert "(there is no earlier version that it could go back to)" in outcome.reasons[-1]
    assert outcome.reasons[-1].endswith(left_open(hopeless, 0))


async def test_a_token_that_may_not_fail_what_has_no_place(clock: Callable[[float], None]) -> None:
    """Nomad has no deadline before the first instance is placed."""
    clock(3.0)
    unplaced = moment("memory-exhausted")
    moments = Moments(unplaced)
    moments.nomad.answers["fail_deployment"] = NOT_PERMITTED
    async with asyncio.timeout(5.0):
        outcome = await moments.follow()
    assert outcome.failed
    assert "no place within its progress deadline" in outcome.reasons[0]
    assert outcome.reasons[-1].endswith(left_open(unplaced, 0))


async def test_what_failed_after_it_was_healthy_is_named_with_its_log() -> None:
    """RW-21: it was healthy for Nomad while the deployment still went on, so only the bare cause was told."""
    hopeless = moment("exit-1")
    hopeless["deployments"][0].update(Status="running", StatusDescription="Deployment is running")
    failed = moment("exit-1")
    failed["deployments"][0].update(Status="failed", StatusDescription="Deployment marked as failed")
    for record in (hopeless, failed):
        for allocation in record["allocations"]:
            allocation["DeploymentStatus"] = {"Healthy": True}
    moments = Moments(hopeless, failed)
    moments.nomad.answers["fail_deployment"] = moments.go_on
    moments.nomad.answers["allocation"] = {"Metrics": {"NodesEvaluated": 1}}
    moments.nomad.answers["log_tail"] = "no configuration given\n"
    outcome = await moments.follow()
    assert outcome.reasons[0].endswith("failed: it cannot succeed, so its deployment was ended at once.")
    assert "group web, task" in outcome.reasons[1]
    assert outcome.reasons[1].endswith(": it ended with exit code 1")
    assert "    no configuration given" in "\n".join(outcome.reasons)
