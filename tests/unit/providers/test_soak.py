"""A soak: canaries that are watched before they are promoted, and what keeps them from lasting."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from providers.nomad.client import Json
from providers.nomad.consul_health import ConsulWatch, Instance
from providers.nomad.snapshot import Snapshot
from providers.nomad.soak import SOAK_KEY, Soak, soak_s, wrong_soak
from providers.nomad.verdict import State, Verdict
from tests.unit.providers.recordings import recorded

YES = Verdict(State.WAITS_FOR_PROMOTION, "the canaries are healthy and wait for promotion")


class Checks(ConsulWatch):
    """All checks pass, but those of the allocations in `critical`."""

    def __init__(self) -> None:
        self.critical: set[str] = set()

    def known(self) -> bool:
        return True

    def of_allocation(self, allocation_id: str) -> list[Instance]:
        status = "critical" if allocation_id in self.critical else "passing"
        return [Instance("web", f"web-{allocation_id}", "10.0.0.1:80", status, "connection refused")]


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def snapshot(change: Callable[[Json], None] = lambda record: None) -> Snapshot:
    """Canaries of version 1 that wait, in a job whose groups ask for a soak."""
    record = copy.deepcopy(recorded("waits-for-promotion"))
    for group in record["job"]["TaskGroups"]:
        group["Meta"] = {SOAK_KEY: "30"}
    record["job"]["JobModifyIndex"] = min(a["CreateIndex"] for a in record["allocations"] if a["JobVersion"] == 1)
    change(record)
    names = ("job", "version", "current_version", "deployments", "allocations", "stopped")
    return Snapshot(**{name: record[name] for name in names})


def canaries(record: Json) -> list[Json]:
    return [a for a in record["allocations"] if a["JobVersion"] == 1]


def restarted(record: Json) -> None:
    for state in canaries(record)[0]["TaskStates"].values():
        state["Restarts"] += 1


def task_failed(record: Json) -> None:
    for state in canaries(record)[0]["TaskStates"].values():
        state["Failed"] = True


def failed(record: Json) -> None:
    canaries(record)[0]["ClientStatus"] = "failed"


def promoted(record: Json) -> None:
    for deployment in record["deployments"]:
        for group in deployment["TaskGroups"].values():
            group["Promoted"] = deployment["JobVersion"] == 1


def test_canaries_are_promoted_when_they_have_soaked() -> None:
    soak = Soak(30.0, clock := Clock())
    assert soak.left_s() is None
    assert soak.judge(snapshot(), YES, None) == Verdict(
        State.GOING_ON, "the new instances are healthy and soak for 30 s"
    )
    clock.now_s += 29.0
    assert soak.judge(snapshot(), YES, None).state is State.GOING_ON
    assert soak.left_s() == 1.0
    clock.now_s += 1.0
    assert soak.judge(snapshot(), YES, None).state is State.PROMOTABLE
    assert soak.left_s() is None
    going = Verdict(State.GOING_ON, "web: 1/2 healthy")
    assert soak.judge(snapshot(promoted), going, None) == going


@pytest.mark.parametrize("harm", [restarted, task_failed, failed])
def test_a_canary_that_ends_does_not_last(harm: Callable[[Json], None]) -> None:
    soak = Soak(30.0, Clock())
    soak.judge(snapshot(), YES, None)
    # Nomad may take its yes back by then.
    going = soak.judge(snapshot(harm), Verdict(State.GOING_ON, "web: 0/1 canaries healthy"), None)
    verdict = soak.judge(snapshot(harm), Verdict(State.HOPELESS, "it ended with exit code 3"), None)
    assert going == verdict
    assert verdict.state is State.HOPELESS
    assert verdict.text.startswith("it was healthy, but did not last its soak of 30 s: allocation ")
    assert verdict.text.endswith(": it ended")
    assert list(soak.broken) == [canaries({"allocations": snapshot().allocations})[0]["ID"]]


@pytest.mark.parametrize("ends", [True, False])
def test_where_a_check_fails_nomad_has_a_moment_to_tell_that_the_task_has_ended(ends: bool) -> None:
    """Consul is often quicker, and "nothing listens" is no cause."""
    soak = Soak(30.0, clock := Clock())
    canary = canaries({"allocations": snapshot().allocations})[0]["ID"]
    watch = Checks()
    soak.judge(snapshot(), YES, watch)
    watch.critical = {canary}
    clock.now_s += 1.0
    assert soak.judge(snapshot(), YES, watch).state is State.GOING_ON
    assert soak.look_again_s() == pytest.approx(1.5)
    clock.now_s += 1.0
    if ends:
        verdict = soak.judge(snapshot(task_failed), YES, watch)
        assert verdict.text.endswith(": it ended")
    else:
        assert soak.judge(snapshot(), YES, watch).state is State.GOING_ON
        clock.now_s += 0.5
        verdict = soak.judge(snapshot(), YES, watch)
        assert "its check failed: " in verdict.text
    assert verdict.state is State.HOPELESS


def test_what_was_promoted_before_is_not_watched_again() -> None:
    soak = Soak(30.0, Clock())
    yes = Verdict(State.SUCCEEDED, "web: 2/2 healthy")
    assert soak.judge(snapshot(promoted), yes, None) == yes


def test_a_person_promotes_where_a_group_asks_for_no_soak() -> None:
    def one_by_hand(record: Json) -> None:
        del record["job"]["TaskGroups"][0]["Meta"]

    soak = Soak(30.0, clock := Clock())
    soak.judge(snapshot(one_by_hand), YES, None)
    clock.now_s += 30.0
    assert soak.judge(snapshot(one_by_hand), YES, None) == YES


def no_soak(record: Json) -> None:
    for group in record["job"]["TaskGroups"]:
        group.pop("Meta", None)


def gone(record: Json) -> None:
    no_soak(record)
    canaries(record)[0]["ClientStatus"] = "complete"


BY_UP = frozenset(group["Name"] for group in recorded("waits-for-promotion")["job"]["TaskGroups"])


def test_up_promotes_what_passes() -> None:
    soak = Soak(0.0, Clock(), BY_UP, 15.0)
    assert soak.judge(snapshot(no_soak), YES, None).state is State.PROMOTABLE
    going = Verdict(State.GOING_ON, "web: 0/1 canaries healthy")
    assert soak.judge(snapshot(no_soak), going, None) == going
    # A first version has no canaries; Consul is asked about it elsewhere.
    first = Verdict(State.SUCCEEDED, "web: 1/1 healthy")
    assert soak.judge(snapshot(no_soak), first, None) == first


def test_up_does_not_promote_what_a_person_is_to_promote() -> None:
    assert Soak(0.0, Clock(), frozenset({"other"}), 15.0).judge(snapshot(no_soak), YES, None) == YES


def test_checks_that_do_not_pass_are_waited_for_in_time() -> None:
    soak = Soak(0.0, clock := Clock(), BY_UP, 15.0)
    id_ = canaries({"allocations": snapshot().allocations})[0]["ID"]
    failing = {id_: "check up is failure: HTTP 503"}
    assert soak.judge(snapshot(no_soak), YES, None, failing).text == (
        "the new instances run; their checks do not pass in Nomad yet"
    )
    clock.now_s += 15.0
    assert soak.judge(snapshot(no_soak), YES, None, failing).state is State.GOING_ON
    assert soak.unconfirmed == set()
    clock.now_s += 0.1
    verdict = soak.judge(snapshot(no_soak), YES, None, failing)
    assert verdict == Verdict(
        State.HOPELESS,
        "its new instances run, but their checks did not pass in Nomad within 15 s; check up is failure: HTTP 503",
    )
    assert id_ in soak.unconfirmed


def test_the_time_begins_anew_when_they_have_passed() -> None:
    soak = Soak(20.0, clock := Clock(), frozenset(), 15.0)
    failing = {"a": "check up is failure"}
    soak.judge(snapshot(), YES, None, failing)
    clock.now_s += 10.0
    assert soak.look_again_s() == 5.0
    soak.judge(snapshot(), YES, None)
    assert soak.look_again_s() == 20.0
    clock.now_s += 10.0
    assert soak.judge(snapshot(), YES, None, failing).state is State.GOING_ON
    assert soak.left_s() is None


def test_a_canary_that_does_not_run_any_more_passes_nothing() -> None:
    """Nomad keeps calling its deployment's canaries healthy."""
    soak = Soak(0.0, clock := Clock(), BY_UP, 15.0)
    assert soak.judge(snapshot(gone), YES, None).state is State.GOING_ON
    clock.now_s += 15.1
    assert soak.judge(snapshot(gone), YES, None).state is State.HOPELESS


def test_without_a_soak_the_verdict_stays() -> None:
    assert Soak(0.0, Clock()).judge(snapshot(), YES, None) == YES


def job(value: Any, **update: Any) -> Json:
    return {"TaskGroups": [{"Name": "web", "Meta": {SOAK_KEY: value}, "Update": update}, {"Name": "other"}]}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (job("60", Canary=1, AutoPromote=False), []),
        (job("2.5", Canary=1), []),
        (job("1m", Canary=1), ['is "1m"; it must be a number of seconds above 0, such as "60".']),
        (job("0", Canary=1), ['is "0"; it must be a number of seconds above 0, such as "60".']),
        (job("60"), ["needs canaries to watch: set update.canary to 1 or more."]),
        (
            job("60", Canary=1, AutoPromote=True),
            ["needs update.auto_promote = false: the canaries are promoted when they have soaked."],
        ),
        ({"Update": {"Canary": 1}, "TaskGroups": [{"Name": "web", "Meta": {SOAK_KEY: "9"}}]}, []),
    ],
)
def test_what_is_wrong_with_a_soak_is_said(spec: Json, said: list[str]) -> None:
    assert list(wrong_soak(spec)) == [f"group web: meta.{SOAK_KEY} {one}" for one in said]


def test_the_longest_soak_counts() -> None:
    assert soak_s(job("60")) == 60.0
    assert soak_s({"TaskGroups": [{"Name": "web"}]}) == 0.0
