"""Following a rollout to its end, through moments that were recorded of real ones."""

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import pytest

from providers.http_api import Unreachable
from providers.nomad.client import Json
from providers.nomad.lookout import Lookout
from providers.nomad.rollout import Cancelled, Outcome, Rollout
from tests.unit.providers.nomad_stub import FakeHub, FakeNomad, refusal
from tests.unit.providers.recordings import deployment_of, recorded

AT_ONCE = "it cannot succeed, so its deployment was ended at once."
AWAY = Unreachable("Nomad cannot be reached at http://127.0.0.1:4646: connection refused.")


class Moments:
    """Nomad as it was at recorded moments: each wait for an event leads to the next one, the last one stays."""

    def __init__(self, *records: Json | Exception) -> None:
        self._records = list(records)
        self.cancelled = asyncio.Event()
        self.reports: list[str] = []
        self.hub = FakeHub(self.on_wait)
        self.waits_until_cancel: int | None = None
        self.nomad = FakeNomad(
            job=lambda: self._read(self._current),
            deployments=lambda: self._read(lambda record: record["deployments"]),
            allocations=lambda: self._read(lambda record: record["allocations"]),
            evaluations=lambda: self._read(lambda record: record.get("evaluations") or []),
        )

    def _read(self, part: Callable[[Json], Any]) -> Any:
        record = self._records[0]
        if isinstance(record, Exception):
            if len(self._records) > 1:
                self._records.pop(0)
            return record
        return part(record)

    @staticmethod
    def _current(record: Json) -> Json | None:
        if record["current_version"] is None:
            return None
        return {**record["job"], "Version": record["current_version"], "Stop": record["stopped"]}

    def on_wait(self) -> None:
        if len(self._records) > 1:
            self._records.pop(0)
        if self.waits_until_cancel is not None and self.hub.waits >= self.waits_until_cancel:
            self.cancelled.set()

    def go_on(self) -> None:
        """To the next moment, without anybody waiting."""
        self._records.pop(0)

    async def follow(self, version: int | None = None, **settings: Any) -> Outcome:
        first = next(record for record in self._records if not isinstance(record, Exception))

        async def report(text: str) -> None:
            self.reports.append(text)

        rollout = Rollout(
            client=self.nomad.client,
            hub=self.hub.hub,
            consul=None,
            job=first["job"],
            version=first["version"] if version is None else version,
            cancelled=self.cancelled,
            report=report,
            **{"hide": lambda text: text, **settings},
        )
        return await rollout.follow()


def moment(name: str, **changes: Any) -> Json:
    return {**recorded(name), **changes}


def job_of(record: Json, **update: Any) -> Json:
    job = copy.deepcopy(record["job"])
    for group in job["TaskGroups"]:
        group["Update"].update(update)
    return {**record, "job": job}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Makes every look at the clock one of these many seconds later."""
    now = [1000.0]
    step = [0.0]

    def ticking() -> float:
        now[0] += step[0]
        return now[0]

    def every_look(seconds: float) -> None:
        step[0] = seconds

    monkeypatch.setattr(Lookout, "now", staticmethod(ticking))
    return every_look


async def test_success() -> None:
    moments = Moments(moment("going-on"), moment("successful", job=recorded("going-on")["job"]))
    outcome = await moments.follow()
    assert outcome == Outcome(True)
    assert moments.reports == ["web: 3/3 healthy"]
    assert moments.nomad.made("fail_deployment") == []


async def test_the_same_progress_is_told_once() -> None:
    moments = Moments(moment("going-on"), moment("going-on"), moment("going-on"), moment("successful"))
    assert (await moments.follow()).succeeded
    assert moments.reports == ["web: 3/3 healthy"]


async def test_old_instances_that_are_still_stopping_are_waited_for() -> None:
    record = moment("scaled-down")
    stopping = copy.deepcopy(record)
    for allocation in stopping["allocations"]:
        if allocation["DesiredStatus"] == "stop":
            allocation["ClientStatus"] = "running"
    moments = Moments(stopping, record)
    assert (await moments.follow()).succeeded
    assert moments.reports == ["waiting for 2 old instances to end"]


async def test_old_instances_that_nomad_leaves_alone_are_not_waited_for() -> None:
    record = moment("scaled-down")
    for allocation in record["allocations"]:
        if allocation["JobVersion"] == 0:
            allocation.update(DesiredStatus="run", ClientStatus="running")
    assert (await Moments(record).follow()).succeeded


async def test_manual_promotion_ends_the_wait_and_says_how_to_promote() -> None:
    record = moment("waits-for-promotion")
    outcome = await Moments(record).follow()
    deployment = deployment_of(record, 1)
    assert deployment is not None
    assert outcome.succeeded
    (note,) = outcome.notes
    assert note == (
        'Job "rec-manual" version 1: the canaries are healthy and wait for promotion; the old instances keep serving '
        f"beside them. Promote with: nomad deployment promote {deployment['ID']}"
    )


GROUPS = frozenset(group["Name"] for group in recorded("waits-for-promotion")["job"]["TaskGroups"])


def unawaited(record: Json) -> Json:
    """A job whose canaries Nomad calls healthy whatever their checks answer, which are Nomad's own."""
    record = copy.deepcopy(record)
    for group in record["job"]["TaskGroups"]:
        group["Update"].update(HealthCheck="task_states", HealthyDeadline=15 * 10**9)
        group["Services"] = [{"Name": "web", "Provider": "nomad", "Checks": [{"Name": "up"}]}]
    record["job"]["JobModifyIndex"] = min(a["CreateIndex"] for a in record["allocations"] if a["JobVersion"] == 1)
    return record


def promoted(record: Json) -> Json:
    record = copy.deepcopy(record)
    for deployment in record["deployments"]:
        if deployment["JobVersion"] == 1:
            deployment["Status"] = "successful"
            for group in deployment["TaskGroups"].values():
                group.update(Promoted=True)
    record["allocations"] = [a for a in record["allocations"] if a["JobVersion"] == 1]
    return record


async def test_up_promotes_when_the_checks_pass() -> None:
    waits = unawaited(moment("waits-for-promotion"))
    moments = Moments(waits, waits, promoted(waits))
    answers = iter(["pending", "success"])
    moments.nomad.answers["checks"] = lambda: [{"Check": "up", "Status": next(answers)}]
    outcome = await moments.follow(by_up=GROUPS)
    assert outcome == Outcome(True)
    assert len(moments.nomad.made("promote_deployment")) == 1
    assert moments.reports[0] == "the new instances run; their checks do not pass in Nomad yet"


async def test_up_fails_what_does_not_pass_in_time(clock: Callable[[float], None]) -> None:
    clock(10.0)
    waits = unawaited(moment("waits-for-promotion"))
    failed = copy.deepcopy(waits)
    for deployment in failed["deployments"]:
        if deployment["JobVersion"] == 1:
            deployment.update(Status="failed", StatusDescription="Deployment marked as failed")
    moments = Moments(waits)
    moments.nomad.answers["checks"] = [{"Check": "up", "Status": "failure", "StatusCode": 503, "Output": "no database"}]
    moments.nomad.answers["fail_deployment"] = lambda: moments._records.__setitem__(0, failed)
    outcome = await moments.follow(by_up=GROUPS)
    assert moments.nomad.made("promote_deployment") == []
    assert "within 15 s; check up is failure: HTTP 503: no database" in outcome.reasons[0]


@pytest.mark.parametrize("by_up", [GROUPS, frozenset()])
async def test_the_way_back_has_canaries_where_some_instances_were_replaced(by_up: frozenset[str]) -> None:
    waits = moment("failed-and-reverting")
    groups = frozenset(group["Name"] for group in waits["job"]["TaskGroups"])
    deployment = deployment_of(waits, 2)
    assert deployment is not None
    deployment["Status"] = "running"
    for group in deployment["TaskGroups"].values():
        group.update(DesiredCanaries=1, HealthyAllocs=1, AutoPromote=False, Promoted=False)
    outcome = await Moments(waits, moment("failed-and-reverted")).follow(by_up=by_up and groups)
    if by_up:
        assert outcome.reasons[-1].startswith("Nomad went back to version 0")
    else:
        assert outcome.reasons[-1] == (
            "Nomad goes back to version 0, and its canaries wait for promotion. Promote with: "
            f"nomad deployment promote {deployment['ID']}"
        )


async def test_failure_with_a_revert() -> None:
    moments = Moments(moment("canary-going-on"), moment("failed-and-reverting"), moment("failed-and-reverted"))
    outcome = await moments.follow()
    assert not outcome.succeeded
    failed, cause, after = outcome.reasons
    assert failed == (
        'Job "rec-revert" version 1 failed: Failed due to unhealthy allocations - rolling back to job version 0.'
    )
    assert "on node node-1: Task not running for min_healthy_time" in cause
    assert after == "Nomad went back to version 0 (as version 2): 1 instance of it healthy again."
    assert "Nomad goes back to version 0" in moments.reports


async def test_a_cause_that_a_revert_in_place_takes_over_is_still_told() -> None:
    """The allocation that failed runs the reverted version afterwards; what it was before is remembered."""
    failed = moment("failed-without-canary")
    seen = copy.deepcopy(failed)
    seen["deployments"] = [{**d, "Status": "running"} for d in seen["deployments"] if d["JobVersion"] == 1]
    seen["current_version"] = 1
    for allocation in failed["allocations"]:
        allocation["JobVersion"] = 2
    outcome = await Moments(seen, failed).follow()
    assert any("it ended with exit code 3" in reason for reason in outcome.reasons)


async def test_a_revert_that_fails_too() -> None:
    failed = moment("failed-and-reverted")
    for deployment in failed["deployments"]:
        if deployment["JobVersion"] == 2:
            deployment.update(Status="failed", StatusDescription="Failed due to progress deadline")
    outcome = await Moments(failed).follow()
    assert outcome.reasons[-1] == (
        "Nomad tried to go back to version 0 and failed in that too: Failed due to progress deadline. "
        "1 instance of it left."
    )


async def test_a_revert_that_does_not_end(clock: Callable[[float], None]) -> None:
    clock(30.0)
    outcome = await Moments(moment("failed-and-reverting")).follow()
    assert outcome.reasons[-1] == (
        "Nomad began to go back to version 0, but that has not ended in time (deployment: running, 1 instance of it)."
    )


async def test_a_revert_to_a_stopped_version() -> None:
    record = moment("failed-and-reverting", stopped=True)
    outcome = await Moments(record).follow()
    assert outcome.reasons[-1] == "Nomad went back to version 0, which was stopped: nothing of the job runs."


async def test_a_cancel_during_a_revert_keeps_the_cause() -> None:
    moments = Moments(moment("failed-and-reverting"))
    moments.waits_until_cancel = 1
    outcome = await moments.follow()
    assert outcome.reasons[0].startswith('Job "rec-revert" version 1 failed: ')
    assert outcome.reasons[-1] == "Stopped waiting while Nomad goes back to version 0."


async def test_nomad_going_away_during_a_revert_keeps_the_cause(clock: Callable[[float], None]) -> None:
    clock(10.0)
    outcome = await Moments(moment("failed-and-reverting"), AWAY).follow()
    assert outcome.reasons[0].startswith('Job "rec-revert" version 1 failed: ')
    assert outcome.reasons[-1] == f"What Nomad runs now is not known: {AWAY}"


async def test_a_first_version_has_nothing_to_go_back_to() -> None:
    outcome = await Moments(moment("exit-1")).follow()
    assert outcome.reasons[-1] == (
        "Nomad did not revert (there is no earlier version that it could go back to). Look at what is left with: "
        "nomad job status -namespace default rec-exit-1"
    )


async def test_a_failure_without_auto_revert_says_what_still_runs() -> None:
    record = moment("failed-and-reverting")
    for deployment in record["deployments"]:
        deployment["StatusDescription"] = "Failed due to unhealthy allocations"
    outcome = await Moments(record).follow()
    assert "(1 instance of the version before still runs)" in outcome.reasons[-1]
    record["allocations"] = [a for a in record["allocations"] if a["JobVersion"] == 1]
    outcome = await Moments(record).follow()
    assert "(nothing of the version before runs any more)" in outcome.reasons[-1]


async def test_the_log_of_the_first_failed_instance_that_wrote_any() -> None:
    moments = Moments(moment("exit-1"))
    moments.nomad.answers["log_tail"] = "starting\nno configuration given\n"
    outcome = await moments.follow()
    assert "    no configuration given" in outcome.reasons[2]


async def test_everything_that_is_told_is_masked() -> None:
    moments = Moments(moment("exit-1"))
    moments.nomad.answers["log_tail"] = "password hunter22\n"
    outcome = await moments.follow(hide=lambda text: text.replace("exit code", "[secret]").replace("hunter22", "[x]"))
    assert not [reason for reason in outcome.reasons if "hunter22" in reason or "exit code" in reason]


async def test_a_hopeless_cause_fails_the_deployment_once() -> None:
    hopeless = moment("image-unknown")
    failed = copy.deepcopy(hopeless)
    failed["deployments"][0].update(Status="failed", StatusDescription="Deployment marked as failed")
    moments = Moments(hopeless, hopeless, hopeless, failed)
    outcome = await moments.follow()
    assert moments.nomad.made("fail_deployment") == [("default", hopeless["deployments"][0]["ID"])]
    assert moments.reports[0] == "failing the deployment: it cannot succeed"
    assert outcome.reasons[0] == f'Job "rec-image-unknown" version 0 failed: {AT_ONCE}'
    assert "the registry has no such image or tag: Failed to pull " in outcome.reasons[1]
    assert "no such image" not in outcome.reasons[2]


async def test_a_deployment_that_nomad_failed_first_is_no_error() -> None:
    hopeless = moment("image-unknown")
    failed = copy.deepcopy(hopeless)
    failed["deployments"][0].update(Status="failed", StatusDescription="Failed due to unhealthy allocations")
    moments = Moments(hopeless, failed)
    moments.nomad.answers["fail_deployment"] = refusal(500, "can't fail terminal deployment")
    outcome = await moments.follow()
    assert not outcome.succeeded


async def test_what_has_no_place_is_failed_after_its_progress_deadline(clock: Callable[[float], None]) -> None:
    clock(3.0)
    unplaced = moment("memory-exhausted")
    moments = Moments(unplaced)

    def fail() -> None:
        unplaced["deployments"][0].update(Status="failed", StatusDescription="Deployment marked as failed")

    moments.nomad.answers["fail_deployment"] = fail
    outcome = await moments.follow()
    assert outcome.reasons[0] == (
        'Job "rec-memory" version 0 failed: no place within its progress deadline: group web: 1 instance cannot be '
        "placed: memory is exhausted on 1 node."
    )
    assert moments.hub.waits > 1


async def test_a_batch_job_without_a_place_does_not_wait_for_ever(clock: Callable[[float], None]) -> None:
    clock(100.0)
    outcome = await Moments(moment("batch-not-placed")).follow()
    assert outcome.reasons[0].startswith('Job "rec-batch-unplaced" version 0 failed: no place within its progress')


async def test_a_place_that_is_found_in_time(clock: Callable[[float], None]) -> None:
    clock(3.0)
    unplaced = moment("memory-exhausted")
    assert (await Moments(unplaced, unplaced, moment("successful", job=unplaced["job"])).follow()).succeeded


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "version 1 was registered meanwhile"),
        ({"current_version": None}, "the job was purged meanwhile"),
        ({"stopped": True}, "the job was stopped meanwhile"),
    ],
)
async def test_superseded(changes: Json, text: str) -> None:
    outcome = await Moments(moment("superseded", **changes)).follow()
    assert outcome == Outcome(False, reasons=[f'The rollout of job "rec-superseded" version 0 did not finish: {text}.'])


async def test_cancelled() -> None:
    moments = Moments(moment("going-on"))
    moments.waits_until_cancel = 2
    with pytest.raises(Cancelled, match=r"^web: 3/3 healthy$"):
        await moments.follow()


async def test_cancelled_while_nomad_is_away() -> None:
    moments = Moments(AWAY, moment("going-on"))
    moments.cancelled.set()
    with pytest.raises(Cancelled, match="cannot be reached"):
        await moments.follow()


async def test_nomad_goes_away_and_comes_back() -> None:
    moments = Moments(moment("going-on"), AWAY, AWAY, moment("successful"))
    assert (await moments.follow()).succeeded
    assert moments.reports == ["web: 3/3 healthy"] + [f"waiting for Nomad to be back: {AWAY}"] * 2


async def test_nomad_stays_away(clock: Callable[[float], None]) -> None:
    clock(100.0)
    with pytest.raises(Unreachable):
        await Moments(moment("going-on"), AWAY).follow()


async def test_the_users_own_timeout(clock: Callable[[float], None]) -> None:
    clock(10.0)
    (reason,) = (await Moments(moment("going-on")).follow(deadline_s=60.0)).reasons
    assert reason == (
        'Stopped waiting for job "rec-going" version 0 after 60 s (customTimeouts): web: 3/3 healthy. The rollout goes '
        "on in Nomad; the next `pulumi up` goes on from there."
    )


@pytest.mark.parametrize("name", ["count-0", "periodic", "parameterised", "batch-complete", "sysbatch-complete"])
async def test_jobs_without_a_deployment(name: str) -> None:
    assert await Moments(moment(name)).follow() == Outcome(True)


async def test_a_batch_job_that_fails() -> None:
    outcome = await Moments(moment("batch-failed")).follow()
    assert outcome.reasons[0] == 'Job "rec-batch-failed" version 0 failed: its instances fail.'
    assert outcome.reasons[1].endswith("it ended with exit code 1")


async def test_old_instances_that_never_end_are_told_and_not_waited_for(clock: Callable[[float], None]) -> None:
    clock(30.0)
    leaving = moment("successful", job=recorded("going-on")["job"])
    old = {**leaving["allocations"][0], "ID": "0ld0ld0l-0000", "JobVersion": leaving["version"] - 1}
    leaving = {
        **leaving,
        "allocations": [*leaving["allocations"], {**old, "ClientStatus": "running", "DesiredStatus": "stop"}],
    }
    moments = Moments(leaving)

    outcome = await moments.follow()

    assert outcome.succeeded
    assert "0ld0ld0l (running)" in outcome.notes[0]
    assert "Is their node up?" in outcome.notes[0]


async def test_without_a_deployment_running_is_not_enough(clock: Callable[[float], None]) -> None:
    clock(0.1)
    moments = Moments(moment("no-deployment-max-parallel-0"))
    assert (await moments.follow()).succeeded
    assert moments.reports == ["1 of 1 instances have not run for their min_healthy_time yet"]


async def test_without_a_deployment_the_progress_deadline_is_kept_here(clock: Callable[[float], None]) -> None:
    clock(30.0)
    stuck = moment("no-deployment-max-parallel-0")
    stuck["allocations"][0]["ClientStatus"] = "pending"
    outcome = await Moments(stuck).follow()
    assert outcome.reasons[0].endswith("failed: 1 of 1 instances are not running yet.")


async def test_a_system_job_that_nomad_calls_successful_with_no_instance_placed(clock: Callable[[float], None]) -> None:
    clock(10.0)
    moments = Moments(moment("system-not-placed"))
    outcome = await moments.follow()
    assert outcome.reasons[0].startswith('Job "rec-system-unplaced" version 0 failed: no place within its progress')
    assert moments.nomad.made("fail_deployment") == []


async def test_what_had_no_place_is_told_after_the_failure() -> None:
    outcome = await Moments(moment("late-no-place"), moment("late-no-place-failed")).follow()
    assert outcome.reasons[0] == 'Job "rec-late" version 1 failed: Failed due to progress deadline.'
    assert outcome.reasons[1].startswith("group web: 1 instance cannot be placed: no node was eligible in node pool")


async def test_a_crash_on_the_only_node_fails_the_deployment_at_once() -> None:
    hopeless = moment("one-bad-node")
    failed = copy.deepcopy(hopeless)
    failed["deployments"][0].update(Status="failed", StatusDescription="Deployment marked as failed")
    moments = Moments(hopeless, failed)
    moments.nomad.answers["fail_deployment"] = moments.go_on
    moments.nomad.answers["allocation"] = {"Metrics": {"NodesEvaluated": 1}}
    outcome = await moments.follow()
    assert outcome.reasons[0] == f'Job "rec-bad-node" version 0 failed: {AT_ONCE}'
    assert outcome.reasons[1].endswith(": it ended with exit code 5")


async def test_a_crash_on_one_node_of_two_is_waited_out() -> None:
    moments = Moments(moment("one-bad-node"), moment("one-bad-node-healed"))
    moments.nomad.answers["allocation"] = {"Metrics": {"NodesEvaluated": 2}}
    assert (await moments.follow()).succeeded
    assert moments.nomad.made("fail_deployment") == []


async def test_a_lost_node_is_named() -> None:
    outcome = await Moments(moment("node-lost"), moment("node-lost-failed")).follow()
    assert any("on node node-2: its node was lost" in reason for reason in outcome.reasons)
    assert any('constraint "${meta.which} = second" filtered 1 node' in reason for reason in outcome.reasons)
