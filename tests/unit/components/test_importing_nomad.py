"""Nomad's own word on an import, after the comparison here."""

import asyncio
from typing import Any

import pytest

from components.importing.nomad import Given, as_service, registered
from components.problems import SettingsError
from providers.nomad.drift import content
from providers.nomad.jobspec_keys import accepted
from tests.unit.providers.nomad_stub import FakeNomad
from tests.unit.providers.recordings import recorded

RUNNING: dict[str, Any] = recorded("registered-by-api")
NONE = {"Diff": {"Type": "None"}}
EDITED = {"Diff": {"Type": "Edited", "Fields": [{"Type": "Edited", "Name": "Priority", "Old": "50", "New": "70"}]}}


def given(running: bool = True) -> Given:
    return Given(accepted(content(RUNNING)), RUNNING if running else None)


def test_a_running_job_is_what_nomad_would_not_change() -> None:
    server = FakeNomad(plan=NONE)
    service = asyncio.run(as_service(server.client, given()))
    assert (service["name"], service["count"], service["registered"]) == ("api-web", 2, False)
    ((planned, *_),) = server.made("plan")
    assert (planned["ID"], planned["Namespace"]) == ("api-web", "default")


def test_what_nomad_would_change_is_refused() -> None:
    with pytest.raises(
        SettingsError, match=r'The job "api-web" would not be the same: .*Priority.*use pulumi_nomad.Job'
    ):
        asyncio.run(as_service(FakeNomad(plan=EDITED).client, given()))


def test_a_job_file_is_compared_by_its_plan() -> None:
    asyncio.run(as_service(FakeNomad(plan=EDITED).client, given(running=False)))
    plans = iter([NONE, EDITED])
    with pytest.raises(SettingsError, match="Nomad's plan for it is another"):
        asyncio.run(as_service(FakeNomad(plan=lambda: next(plans)).client, given(running=False)))


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [("web", ("default", "web")), ("web@team", ("team", "web")), ("web@blue@team", ("team", "web@blue"))],
)
def test_the_namespace_follows_the_last_at_sign(wanted: str, asked: tuple[str, str]) -> None:
    """Finding RW-38: the ID that `pulumi stack export` shows was taken apart at its first one."""
    server = FakeNomad(job=RUNNING)
    asyncio.run(registered(server.client, wanted))
    assert server.made("job") == [asked]
