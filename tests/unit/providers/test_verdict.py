"""What recorded moments of rollouts mean."""

from dataclasses import replace
from typing import Any

import pytest

from providers.nomad.client import Json
from providers.nomad.snapshot import Snapshot
from providers.nomad.verdict import State, hopeless, judge, progress
from tests.unit.providers.recordings import snapshot

GOING_ON, SUCCEEDED, FAILED, HOPELESS = State.GOING_ON, State.SUCCEEDED, State.FAILED, State.HOPELESS
UNHEALTHY = "Failed due to unhealthy allocations"
NO_PLACE = "group web: 1 instance cannot be placed: "
NO_NODE = "no node was eligible in node pool default; ready nodes by the job's datacenters: none"


@pytest.mark.parametrize(
    ("name", "state", "text"),
    [
        ("going-on", GOING_ON, "web: 3/3 healthy"),
        ("canary-going-on", GOING_ON, "web: 0/1 canaries healthy, 1 of the version before still up"),
        ("system-running", GOING_ON, "web: 0/1 healthy"),
        ("template-waits", GOING_ON, "web: 0/1 healthy"),
        ("crash-loop-with-restarts-left", GOING_ON, "web: 0/1 healthy"),
        ("job-meta-changed", GOING_ON, "web: 1/2 healthy, 1 of the version before still up"),
        ("successful", SUCCEEDED, "web: 2/2 healthy"),
        ("scaled-in-place", SUCCEEDED, "web: 2/2 healthy"),
        ("scaled-down", SUCCEEDED, "web: 1/1 healthy"),
        ("pull-failed-then-started", SUCCEEDED, "web: 1/1 healthy"),
        ("two-groups-successful", SUCCEEDED, "web: 1/1 healthy, worker: 2/2 healthy"),
        ("no-deployment-max-parallel-0", SUCCEEDED, "1 of 1 instances started"),
        ("count-0", SUCCEEDED, "0 of 0 instances started"),
        ("batch-complete", SUCCEEDED, "1 of 1 instances started"),
        ("sysbatch-complete", SUCCEEDED, "1 of 1 instances started"),
        ("periodic", SUCCEEDED, "registered; it starts instances when it is due or dispatched"),
        ("parameterised", SUCCEEDED, "registered; it starts instances when it is due or dispatched"),
        ("waits-for-promotion", State.WAITS_FOR_PROMOTION, "the canaries are healthy and wait for promotion"),
        (
            "two-groups-one-waits-for-promotion",
            State.WAITS_FOR_PROMOTION,
            "the canaries are healthy and wait for promotion",
        ),
        ("superseded", State.SUPERSEDED, "version 1 was registered meanwhile"),
        ("check-404", FAILED, UNHEALTHY),
        ("check-connection-refused", FAILED, UNHEALTHY),
        ("exit-1", FAILED, UNHEALTHY),
        ("progress-deadline-0", FAILED, UNHEALTHY),
        ("system-failed", FAILED, UNHEALTHY),
        ("failed-without-canary", FAILED, f"{UNHEALTHY} - rolling back to job version 0"),
        ("failed-and-reverting", FAILED, f"{UNHEALTHY} - rolling back to job version 0"),
        ("failed-and-reverted", FAILED, f"{UNHEALTHY} - rolling back to job version 0"),
        ("batch-failed", FAILED, "its instances fail"),
        ("batch-failed-to-be-rescheduled", GOING_ON, "1 of 1 instances are not running yet"),
        ("max-parallel-0-failed", FAILED, "its instances fail"),
        ("one-bad-node", GOING_ON, "web: 0/1 healthy"),
        ("one-bad-node-healed", SUCCEEDED, "web: 1/1 healthy"),
        ("late-no-place", GOING_ON, f"web: 1/2 healthy, 1 of the version before still up; {NO_PLACE}{NO_NODE}"),
        ("late-no-place-failed", FAILED, "Failed due to progress deadline"),
        ("system-not-placed", GOING_ON, f"web: 0/0 healthy; {NO_PLACE}memory is exhausted on 1 node"),
        (
            "node-lost",
            GOING_ON,
            f'web: 0/1 healthy; {NO_PLACE}constraint "${{meta.which}} = second" filtered 1 node',
        ),
        ("node-lost-failed", FAILED, "Failed due to progress deadline"),
        (
            "static-port-taken",
            GOING_ON,
            f'web: 0/3 healthy; {NO_PLACE}static port 23456 ("p") is taken on 1 node',
        ),
        ("memory-exhausted", GOING_ON, f"web: 0/1 healthy; {NO_PLACE}memory is exhausted on 1 node"),
        ("missing-driver", GOING_ON, f"web: 0/1 healthy; {NO_PLACE}the task's driver is missing on 1 node"),
        ("batch-not-placed", GOING_ON, f"{NO_PLACE}memory is exhausted on 1 node"),
    ],
)
def test_the_verdict(name: str, state: State, text: str) -> None:
    verdict = judge(snapshot(name))
    assert (verdict.state, verdict.text) == (state, text)


def test_what_cannot_heal_is_hopeless_while_nomad_still_tries() -> None:
    verdict = judge(snapshot("image-unknown"))
    assert verdict.state is HOPELESS
    assert verdict.text.startswith("the registry has no such image or tag: ")


def test_the_fault_of_an_older_version_does_not_count() -> None:
    moment = snapshot("image-unknown")
    older = [{**a, "JobVersion": -1} for a in moment.allocations]
    assert judge(replace(moment, allocations=older)).state is GOING_ON


def test_a_purged_job() -> None:
    verdict = judge(replace(snapshot("going-on"), current_version=None))
    assert (verdict.state, verdict.text) == (State.SUPERSEDED, "the job was purged meanwhile")


def test_a_stopped_job() -> None:
    verdict = judge(replace(snapshot("going-on"), current_version=1, stopped=True))
    assert (verdict.state, verdict.text) == (State.SUPERSEDED, "the job was stopped meanwhile")


def test_a_cancelled_deployment() -> None:
    verdict = judge(replace(snapshot("superseded"), current_version=0))
    assert (verdict.state, verdict.text) == (State.SUPERSEDED, "Cancelled due to newer version of job")


@pytest.mark.parametrize("status", ["pending", "blocked"])
def test_the_scheduler_is_waited_for(status: str) -> None:
    moment = snapshot("count-0")
    verdict = judge(replace(moment, evaluations=[{**moment.evaluations[0], "Status": status}]))
    assert (verdict.state, verdict.text) == (GOING_ON, "waiting for the scheduler")


@pytest.mark.parametrize("status", ["pending", "initializing", "blocked", "unblocking", "paused"])
def test_a_deployment_that_has_not_ended(status: str) -> None:
    moment = snapshot("going-on")
    assert judge(replace(moment, deployments=[{**(moment.deployment or {}), "Status": status}])).state is GOING_ON


def test_unhealthy_canaries_are_not_offered_for_promotion() -> None:
    moment = snapshot("waits-for-promotion")
    assert moment.deployment is not None
    moment.deployment["TaskGroups"]["web"]["HealthyAllocs"] = 0
    assert judge(moment).state is GOING_ON


def test_the_other_groups_must_be_healthy_before_promotion() -> None:
    moment = snapshot("two-groups-one-waits-for-promotion")
    assert moment.deployment is not None
    moment.deployment["TaskGroups"]["worker"]["HealthyAllocs"] = 1
    assert judge(moment).state is GOING_ON


def test_without_a_deployment_pending_instances_are_waited_for() -> None:
    moment = snapshot("no-deployment-max-parallel-0")
    moment.allocations[0]["ClientStatus"] = "pending"
    verdict = judge(moment)
    assert (verdict.state, verdict.text) == (GOING_ON, "1 of 1 instances are not running yet")


@pytest.mark.parametrize("name", ["memory-exhausted", "batch-not-placed", "late-no-place", "system-not-placed"])
def test_a_group_whose_blocked_evaluation_is_through_does_not_wait_for_a_place(name: str) -> None:
    moment = snapshot(name)
    assert moment.waits_for_place()
    for group in ((moment.deployment or {}).get("TaskGroups") or {}).values():
        group["PlacedAllocs"] = group["DesiredTotal"]
    through = [{**e, "Status": "complete" if e["Status"] == "blocked" else e["Status"]} for e in moment.evaluations]
    assert replace(moment, evaluations=through).waits_for_place() == []


def test_a_group_that_the_scheduler_has_not_looked_at_does_not_wait_for_a_place() -> None:
    moment = snapshot("memory-exhausted")
    assert replace(moment, evaluations=[{"Status": "pending"}]).waits_for_place() == []


def test_a_group_without_instances_waits_for_nothing() -> None:
    moment = snapshot("count-0")
    assert moment.waits_for_place() == []


def test_a_group_that_nothing_is_known_of_has_no_instance_placed_yet() -> None:
    assert replace(snapshot("memory-exhausted"), evaluations=[]).waits_for_place() == [
        "group web: no instance is placed yet"
    ]


def test_instances_that_nomad_leaves_alone_are_not_leaving() -> None:
    moment = snapshot("failed-and-reverting")
    assert [a["JobVersion"] for a in moment.others_alive()] == [2]
    assert [a["JobVersion"] for a in moment.leaving()] == [1]
    stopping = [{**a, "DesiredStatus": "stop"} for a in moment.allocations]
    assert {a["JobVersion"] for a in replace(moment, allocations=stopping).leaving()} == {1, 2}
    away = [{**a, "ClientStatus": "unknown"} for a in stopping]
    assert replace(moment, allocations=away).leaving() == []


def test_progress_counts_groups_in_order() -> None:
    assert progress(snapshot("two-groups-one-waits-for-promotion")) == (
        "web: 1/1 canaries healthy, worker: 2/2 healthy, 1 of the version before still up"
    )


def artifact_failed(type: str, attempts: int, tries: int, followup: str = "") -> State:
    """A job without deployments whose only instance failed of something that may heal."""
    moment = replace(snapshot("artifact-failed"), deployments=[])
    moment.job["Type"] = type
    group = moment.job["TaskGroups"][0]
    group["ReschedulePolicy"] = None if type == "sysbatch" else {"Attempts": attempts, "Unlimited": False}
    moment.allocations[0].update(FollowupEvalID=followup, RescheduleTracker={"Events": [{}] * tries})
    return judge(moment).state


@pytest.mark.parametrize(
    ("type", "attempts", "tries", "followup", "state"),
    [
        ("batch", 1, 0, "", GOING_ON),
        ("batch", 1, 1, "", FAILED),
        ("batch", 1, 1, "an-evaluation", GOING_ON),
        ("batch", 0, 0, "", FAILED),
        ("sysbatch", 0, 0, "", FAILED),
    ],
)
def test_a_failed_instance_without_a_deployment_counts_once_nomad_gives_it_up(
    type: str, attempts: int, tries: int, followup: str, state: State
) -> None:
    assert artifact_failed(type, attempts, tries, followup) is state


def one_bad_node(**changes: Any) -> tuple[Snapshot, Json]:
    """A rollout whose first instance has spent its restarts, on one of two nodes; and that instance."""
    moment = snapshot("one-bad-node")
    (failed,) = moment.allocations
    return replace(moment, **changes), failed


def test_a_crash_on_one_node_is_no_verdict_while_another_will_be_tried() -> None:
    assert hopeless(one_bad_node()[0]) == ""


def test_a_crash_is_hopeless_where_there_is_no_other_node() -> None:
    moment, failed = one_bad_node()
    assert judge(replace(moment, confined=frozenset({failed["ID"]}))).state is HOPELESS


def test_a_crash_is_hopeless_once_it_has_happened_on_two_nodes() -> None:
    moment, failed = one_bad_node()
    replaced = {**failed, "NextAllocation": "second"}
    again = {**failed, "ID": "second"}
    assert hopeless(replace(moment, allocations=[replaced, again])) == ""
    elsewhere = {**again, "NodeID": "another-node"}
    assert hopeless(replace(moment, allocations=[replaced, elsewhere])) == "it ended with exit code 5"


def test_a_crash_is_hopeless_where_nothing_is_rescheduled() -> None:
    moment, _ = one_bad_node()
    moment.job["TaskGroups"][0]["ReschedulePolicy"] = {"Attempts": 0, "Unlimited": False}
    moment.allocations[0]["FollowupEvalID"] = ""
    assert hopeless(moment) == "it ended with exit code 5"


def test_instances_without_a_deployment_count_once_they_have_run_long_enough() -> None:
    moment = snapshot("no-deployment-max-parallel-0")
    verdict = judge(replace(moment, unproven=frozenset({moment.allocations[0]["ID"]})))
    assert (verdict.state, verdict.text) == (
        GOING_ON,
        "1 of 1 instances have not run for their min_healthy_time yet",
    )
