"""The end of a job: nothing of it is left, and nothing of others is taken."""

import asyncio
from typing import Any

import pytest

from providers.nomad.removal import remove, stop_time_s
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

    await remove(nomad.client, FakeHub().hub, None, "default", "web", purge, stop, report)
    return reports


async def test_it_is_purged_only_after_its_instances_have_ended() -> None:
    statuses = iter(["running", "running", "complete"])
    nomad = FakeNomad(job=JOB, allocations=lambda: [allocation(next(statuses))])
    assert await removed(nomad, purge=True) == ["1 to end"] * 2
    names = [call[0] for call in nomad.calls]
    assert nomad.made("deregister") == [("default", "web", False), ("default", "web", True)]
    assert names.index("deregister") < names.index("allocations")
    assert names[-1] == "deregister"


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
