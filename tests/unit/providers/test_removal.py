"""The end of a job: nothing of it is left, and nothing of others is taken."""

import asyncio
from typing import Any

import pytest

from providers.nomad.removal import Removal, going_on_text, stop_time_s
from providers.plugin import ProviderError
from tests.unit.providers.nomad_stub import FakeHub, FakeNomad

JOB = {"ID": "web", "TaskGroups": [{"Name": "web", "ShutdownDelay": 3 * 10**9, "Tasks": [{"KillTimeout": 20 * 10**9}]}]}


def allocation(status: str) -> dict[str, Any]:
    return {"ID": "0123456789ab", "ClientStatus": status}


async def removed(nomad: FakeNomad, *, purge: bool, cancelled: bool = False) -> list[str]:
    reports: list[str] = []
    stop = asyncio.Event()
    if cancelled:
        stop.set()

    async def report(text: str) -> None:
        reports.append(text)

    removal = Removal(nomad.client, FakeHub().hub, None, stop, report)
    await removal.remove("default", "web", "urn", purge=purge)
    return reports


async def test_it_is_purged_only_after_its_instances_have_ended() -> None:
    statuses = iter(["running", "running", "complete"])
    nomad = FakeNomad(job=JOB, allocations=lambda: [allocation(next(statuses))])
    assert await removed(nomad, purge=True) == ["1 to end"] * 2
    names = [call[0] for call in nomad.calls]
    assert nomad.made("deregister") == [("default", "web", False), ("default", "web", True)]
    assert names.index("deregister") < names.index("allocations")
    assert names[-1] == "deregister"


async def test_it_is_purged_only_after_the_scheduler_has_looked_at_it() -> None:
    """Nomad ends where a job is purged that has a deployment to cancel: no instance of it needs to be there."""
    statuses = iter(["pending", "pending", "complete"])
    evaluation = "fedcba987654"
    nomad = FakeNomad(
        job=JOB, allocations=[], evaluations=lambda: [{"ID": evaluation, "Status": next(statuses, "complete")}]
    )
    assert await removed(nomad, purge=True) == ["1 to end"] * 2
    names = [call[0] for call in nomad.calls]
    assert names.count("evaluations") == 3
    assert names[-1] == "deregister"
    nomad = FakeNomad(job=JOB, allocations=[], evaluations=[{"ID": evaluation, "Status": "pending"}])
    with pytest.raises(ProviderError, match=r"this is still there: evaluation fedcba98 \(pending\)"):
        await removed(nomad, purge=True, cancelled=True)
    assert nomad.made("deregister") == [("default", "web", False)]


async def test_without_purge_nomad_keeps_the_stopped_job() -> None:
    nomad = FakeNomad(job=JOB, allocations=[allocation("complete")])
    await removed(nomad, purge=False)
    assert nomad.made("deregister") == [("default", "web", False)]


async def test_a_job_that_is_gone_already_is_fine() -> None:
    nomad = FakeNomad(job=None)
    await removed(nomad, purge=True)
    assert nomad.made("deregister") == []


async def test_ctrl_c_ends_the_waiting_and_says_what_is_still_there() -> None:
    nomad = FakeNomad(job=JOB, allocations=[allocation("running")])
    with pytest.raises(ProviderError, match=r"this is still there: allocation 01234567 \(running\)"):
        await removed(nomad, purge=True, cancelled=True)
    assert nomad.made("deregister") == [("default", "web", False)]


def test_the_stop_time_is_the_delay_and_the_kill_timeout() -> None:
    assert stop_time_s(JOB) == 23
    assert stop_time_s({"TaskGroups": [{"Tasks": [{}]}]}) == 5


PARENT = {**JOB, "Periodic": {"Enabled": True}}


def run(number: int, status: str = "running", **more: Any) -> dict[str, Any]:
    summary = {"JobSummary": {"Summary": {"web": {"Running": 1, "Starting": 1}}}}
    return {"ID": f"web/periodic-{number}", "ParentID": "web", "Status": status, "Stop": False, **summary, **more}


async def test_the_runs_of_a_job_are_stopped_with_it_and_purged_before_it() -> None:
    """RW-31: those that are over already are only purged."""
    nomad = FakeNomad(job=PARENT, children=[run(1), run(2, "dead"), run(3, Stop=True)], allocations=[])
    await removed(nomad, purge=True)
    assert nomad.made("deregister") == [
        ("default", "web", False),
        ("default", "web/periodic-1", False),
        ("default", "web/periodic-1", True),
        ("default", "web/periodic-2", True),
        ("default", "web/periodic-3", True),
        ("default", "web", True),
    ]


async def test_a_run_that_was_started_a_moment_ago_is_found_at_the_next_look() -> None:
    looks = iter([[run(1)], [run(1), run(2)]])
    statuses = iter(["running"])
    nomad = FakeNomad(
        job=PARENT,
        children=lambda: next(looks),
        allocations=lambda: [allocation(next(statuses, "complete"))],
    )
    await removed(nomad, purge=False)
    assert ("default", "web/periodic-2", False) in nomad.made("deregister")


async def test_of_a_job_that_is_gone_only_runs_with_its_mark_are_stopped() -> None:
    own = run(1, Meta={"caravan_owner": "urn"})
    jobs = iter([None, PARENT])
    nomad = FakeNomad(job=lambda: next(jobs), children=[own, run(2, Meta=None)], allocations=[])
    await removed(nomad, purge=False)
    assert nomad.made("deregister") == [("default", "web/periodic-1", False)]


async def test_a_job_that_starts_no_others_is_not_asked_for_runs() -> None:
    nomad = FakeNomad(job=JOB, allocations=[])
    await removed(nomad, purge=False)
    assert nomad.made("children") == []


def test_what_stops_with_a_job_is_counted_and_named() -> None:
    assert going_on_text("web", [run(1), run(2, "dead")]) == (
        'Job "web": 1 run that it has started stops with it, 2 instances in all: web/periodic-1.'
    )
    many = going_on_text("web", [run(number) for number in range(9)])
    assert many.startswith('Job "web": 9 runs that it has started stop with it, 18 instances in all: web/periodic-0, ')
    assert many.endswith("web/periodic-4, ....")
    assert going_on_text("web", [run(1, "dead")]) == ""
