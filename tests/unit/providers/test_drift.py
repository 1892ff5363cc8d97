"""An out-of-band change in the jobspec that the user wrote."""

import copy
import json
from typing import Any

import pytest

from providers.nomad.drift import content, jobspec, patched
from providers.nomad.jobspec_keys import OF_THE_SERVER, accepted
from providers.nomad.spec import OWNER_KEY
from tests.unit.providers.recordings import recorded

WANTED: dict[str, Any] = {
    "ID": "web",
    "TaskGroups": [
        {
            "Name": "web",
            "Count": 2,
            "Tasks": [{"Name": "app", "Driver": "docker", "Config": {"image": "hello:1"}, "Env": {"A": "1"}}],
        }
    ],
}


def registered(**changes: Any) -> dict[str, Any]:
    """WANTED as Nomad has it: with defaults, bookkeeping and our mark."""
    job = copy.deepcopy(WANTED)
    job.update({"Name": "web", "Priority": 50, "Version": 3, "JobModifyIndex": 9, "Meta": {OWNER_KEY: "urn:a"}})
    job["TaskGroups"][0]["Tasks"][0]["KillTimeout"] = 5_000_000_000
    job.update(changes)
    return job


def changed(change: Any) -> dict[str, Any]:
    """What the user reads after `change` was made to the registered job."""
    current = registered(Version=4, JobModifyIndex=12)
    change(current)
    return patched(WANTED, registered(), current)


def test_nothing_changed_but_bookkeeping_and_our_mark() -> None:
    assert changed(lambda job: job["Meta"].update({OWNER_KEY: "urn:b"})) == WANTED


def test_a_field_that_the_user_wrote() -> None:
    def scale(job: Any) -> None:
        job["TaskGroups"][0]["Count"] = 5

    result = changed(scale)
    assert result["TaskGroups"][0]["Count"] == 5
    result["TaskGroups"][0]["Count"] = 2
    assert result == WANTED


def test_a_field_that_the_user_left_to_nomad_is_added_alone() -> None:
    def slow(job: Any) -> None:
        job["TaskGroups"][0]["Tasks"][0]["KillTimeout"] = 9

    task = changed(slow)["TaskGroups"][0]["Tasks"][0]
    assert task == {**WANTED["TaskGroups"][0]["Tasks"][0], "KillTimeout": 9}


def test_a_deep_value_and_a_removed_one() -> None:
    def edit(job: Any) -> None:
        task = job["TaskGroups"][0]["Tasks"][0]
        task["Config"]["image"] = "hello:2"
        task["Env"] = None

    task = changed(edit)["TaskGroups"][0]["Tasks"][0]
    assert task["Config"] == {"image": "hello:2"}
    assert "Env" not in task


def test_groups_are_matched_by_name() -> None:
    def add_before(job: Any) -> None:
        job["TaskGroups"].insert(0, {"Name": "worker", "Count": 1})

    assert changed(add_before)["TaskGroups"] == [{"Name": "worker", "Count": 1}, *WANTED["TaskGroups"]]


def test_a_removed_group_is_gone() -> None:
    assert changed(lambda job: job["TaskGroups"].clear())["TaskGroups"] == []


def test_a_list_without_names_is_taken_whole() -> None:
    wanted = {"ID": "web", "Datacenters": ["dc1"]}
    assert patched(wanted, wanted, {"ID": "web", "Datacenters": ["dc2", "dc1"]})["Datacenters"] == ["dc2", "dc1"]


def test_meta_of_others_stays_and_ours_does_not_show() -> None:
    result = changed(lambda job: job["Meta"].update({"by": "hand"}))
    assert result["Meta"] == {"by": "hand"}


@pytest.mark.parametrize("name", ["successful", "two-groups-successful", "periodic"])
def test_a_recorded_job_as_a_jobspec(name: str) -> None:
    job = recorded(name)["job"]
    written = json.loads(jobspec({**job, "Meta": {OWNER_KEY: "urn:a", "team": "x"}}))
    assert not written.keys() & OF_THE_SERVER
    assert None not in written.values()
    assert written["Meta"] == {"team": "x"}
    assert written["TaskGroups"] == accepted(job)["TaskGroups"]


def test_the_inputs_are_left_as_they_were() -> None:
    wanted, recorded_job, current = copy.deepcopy(WANTED), registered(), registered(Priority=70)
    patched(wanted, recorded_job, current)
    assert (wanted, recorded_job) == (WANTED, registered())


def test_content_is_equal_whoever_owns_the_job() -> None:
    assert content(registered(Meta={OWNER_KEY: "a"})) == content(registered(Meta=None, Version=9, Stable=True))
