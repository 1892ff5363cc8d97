"""Words for jobs that start later, that run to their end, that run on every node; what Nomad never changes in a job."""

from typing import Any

import pytest

from providers.nomad import kinds, transitions
from providers.nomad.kinds import later_line, misread_crons, never_starts, of_nodes, of_runs, starts_later, waits_text

PERIODIC = {"Periodic": {"Specs": ["@daily"], "TimeZone": "Europe/Berlin", "Enabled": True}}
DUE = {"NextPeriodicLaunch": "2026-11-29T00:00:00+01:00"}


def updates(**counts: int) -> dict[str, Any]:
    return {"Annotations": {"DesiredTGUpdates": {"g": counts}}}


@pytest.mark.parametrize(
    ("job", "plan", "new", "line"),
    [
        (
            PERIODIC,
            DUE,
            True,
            'nothing starts now: runs are launched "@daily", the next at 2026-11-29 00:00 Europe/Berlin',
        ),
        (
            {"Periodic": {"Spec": "@hourly", "Enabled": True}},
            {"NextPeriodicLaunch": "2026-11-29T05:00:00Z"},
            False,
            (
                'nothing starts now: runs are launched "@hourly", the next at 2026-11-29 05:00 UTC; the change is for '
                "them, and runs that go on keep the version they have"
            ),
        ),
        (
            PERIODIC,
            {"NextPeriodicLaunch": "0001-01-01T00:00:00Z"},
            True,
            'nothing starts now: runs are launched "@daily"',
        ),
        ({"Periodic": {"Specs": ["@daily"], "Enabled": False}}, {}, True, "nothing starts: periodic.enabled is false"),
        ({"ParameterizedJob": {}}, {}, True, "nothing starts now: runs are dispatched"),
        # A dispatch of it makes a periodic job.
        ({**PERIODIC, "ParameterizedJob": {}}, DUE, True, "nothing starts now: runs are dispatched"),
    ],
)
def test_jobs_that_start_later(job: dict[str, Any], plan: dict[str, Any], new: bool, line: str) -> None:
    assert starts_later(job)
    assert later_line(job, plan, new=new) == line


def test_jobs_that_start_at_once() -> None:
    assert not starts_later({"Type": "batch", "Periodic": None, "ParameterizedJob": None})
    assert not never_starts(PERIODIC)
    assert never_starts({"Periodic": {"Enabled": False}})


@pytest.mark.parametrize(
    ("spec", "misread"),
    [("*/10 * * * * *", True), ("*/10 * * * *", False), ("*/10 * * * * * *", False), ("@daily", False)],
)
def test_six_fields_are_others_than_many_think(spec: str, misread: bool) -> None:
    assert bool(list(misread_crons({"Periodic": {"Specs": [spec]}}))) is misread


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        ("service", "until its progress deadline"),
        ("batch", "however long that takes"),
        ("system", "on each node as soon as there is a place"),
        ("sysbatch", "on each node as soon as there is a place"),
    ],
)
def test_what_waits_waits_in_its_own_way(type_: str, words: str) -> None:
    assert words in waits_text({"Type": type_})


def test_runs_that_are_stopped_or_come_again() -> None:
    done = [{"TaskGroup": "g", "ClientStatus": "complete"}, {"TaskGroup": "other", "ClientStatus": "running"}]
    assert list(of_runs(updates(DestructiveUpdate=2), [])) == [
        (True, "group g: 2 running instances are stopped before the end, and the new version runs from its beginning")
    ]
    assert list(of_runs(updates(Place=1, Ignore=1), done)) == [
        (False, "group g: runs again, 1 instance: what ran before has ended")
    ]
    assert list(of_runs(updates(Stop=1), done)) == [(True, "group g: 1 running instance is stopped before the end")]
    assert list(of_runs(updates(Place=1), [])) == []
    assert list(of_runs(updates(InPlaceUpdate=1), done)) == []


@pytest.mark.parametrize(
    ("counts", "at_once", "told"),
    [
        (
            {"DestructiveUpdate": 3},
            1,
            (
                False,
                (
                    "group g: on 3 nodes the instance is replaced, 1 at a time, each stopped before its successor "
                    "starts; 2 keep serving meanwhile"
                ),
            ),
        ),
        (
            {"DestructiveUpdate": 3},
            0,
            (
                True,
                (
                    "group g: on 3 nodes the instance is replaced, 3 at a time, each stopped before its successor "
                    "starts; 0 keep serving meanwhile"
                ),
            ),
        ),
        (
            {"DestructiveUpdate": 3, "Canary": 1},
            1,
            (
                False,
                (
                    "group g: 1 node of 3 gets the new version first, its old instance stopped before; 2 other nodes "
                    "keep serving until then"
                ),
            ),
        ),
    ],
)
def test_system_jobs_change_node_by_node(counts: dict[str, int], at_once: int, told: tuple[bool, str]) -> None:
    job = {"TaskGroups": [{"Name": "g", "Update": {"MaxParallel": at_once}}]}
    assert list(of_nodes(job, updates(**counts))) == [told]


def test_a_system_job_that_keeps_its_instances() -> None:
    assert list(of_nodes({}, updates(Ignore=3))) == []


@pytest.mark.parametrize(
    ("current", "wanted", "refused"),
    [
        (None, {"Type": "batch"}, ""),
        ({"Type": "batch"}, {"Type": "batch"}, ""),
        ({"Type": "service"}, {}, ""),
        ({"Type": "batch"}, {"Type": "sysbatch"}, "the job's type from batch to sysbatch"),
        ({"Type": "batch"}, {"Type": "batch", **PERIODIC}, "a job that is not periodic into one that is"),
        ({"Type": "batch", **PERIODIC}, {"Type": "batch"}, "a job that is periodic into one that is not"),
        (
            {"Type": "batch", "ParameterizedJob": {}},
            {"Type": "service", "ParameterizedJob": None},
            "the job's type from batch to service or a job that is parameterized into one that is not",
        ),
    ],
)
def test_what_nomad_never_changes(current: dict[str, Any] | None, wanted: dict[str, Any], refused: str) -> None:
    job = None if current is None else {"ID": "web", "Namespace": "team", **current}
    told = transitions.refused(job, wanted)
    assert told.startswith(f'job "web": Nomad does not change {refused}. ') if refused else not told
    assert told.endswith("nomad job stop -purge -namespace team web") or not refused


def test_a_disabled_periodic_job_is_still_a_periodic_one() -> None:
    assert kinds.starts_later({"Periodic": {"Enabled": False}})
