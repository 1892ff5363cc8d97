"""A promoted canary whose predecessor had failed: Nomad stops it, starts another instance, and calls that successful.

Recorded of Nomad 1.11.3. The replacement is what runs in the end, so the rollout ends with it.
"""

from collections.abc import Callable
from dataclasses import replace

from providers.nomad.client import Json
from providers.nomad.verdict import State, judge
from tests.unit.providers.recordings import snapshot
from tests.unit.providers.test_rollout import Moments, clock, moment

__all__ = ["clock"]


def replacement(**changes: object) -> Json:
    """The moment with its one instance that is to run changed."""
    record = moment("canary-replaced-starting")
    (allocation,) = (a for a in record["allocations"] if a["DesiredStatus"] == "run")
    allocation.update(changes)
    return record


def test_recorded() -> None:
    found = snapshot("canary-replaced-starting")
    assert judge(found).state is State.SUCCEEDED
    (new,) = (a for a in found.allocations if a["DesiredStatus"] == "run")
    assert [(a["JobVersion"], a["DesiredDescription"]) for a in found.leaving()] == [
        (1, "alloc not needed due to job update")
    ]
    assert replace(found, unproven=frozenset({new["ID"]})).starting() == [new]
    assert snapshot("canary-replaced").leaving() == []


async def test_the_replacement_is_waited_for() -> None:
    moments = Moments(replacement(ClientStatus="pending"), replacement(), moment("canary-replaced"))
    outcome = await moments.follow()
    assert outcome.succeeded
    assert outcome.notes == []
    assert moments.reports == ["waiting for 1 new instance that Nomad started last"]
    assert moments.hub.waits == 2


async def test_the_canary_that_is_stopped_is_waited_for() -> None:
    moments = Moments(replacement(DeploymentStatus={"Healthy": True}), moment("canary-replaced"))
    assert (await moments.follow()).succeeded
    assert moments.reports == ["waiting for 1 old instance to end"]


async def test_a_replacement_that_does_not_start_is_no_success(clock: Callable[[float], None]) -> None:
    clock(30.0)
    outcome = await Moments(replacement(ClientStatus="pending")).follow()
    assert not outcome.succeeded
    (reason,) = outcome.reasons
    assert "successful, but instances that it started last do not run yet: " in reason
    assert "(pending). Look at them with: nomad job status -namespace default rec-canary-replaced" in reason


async def test_a_replacement_that_fails_is_no_success() -> None:
    outcome = await Moments(replacement(ClientStatus="failed")).follow()
    assert not outcome.succeeded
    assert outcome.reasons[0] == (
        'Job "rec-canary-replaced" version 1 failed: Nomad called its deployment successful, and an instance that it '
        "started then failed."
    )


def test_one_that_nomad_tries_again_is_no_failure() -> None:
    found = snapshot("canary-replaced-starting")
    for allocation in found.allocations:
        if allocation["DesiredStatus"] == "run":
            allocation.update(ClientStatus="failed", FollowupEvalID="of-the-next-try")
    assert judge(found).state is State.SUCCEEDED
