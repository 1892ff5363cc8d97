"""Keys of JSON jobs that Nomad would ignore."""

import json
from typing import Any

import pytest

from providers.nomad.jobspec_keys import ALLOWED, accepted, removed, spelled, unknown
from providers.nomad.spec import json_job
from tests.unit.providers.recordings import recorded
from toolchain import versions
from toolchain.jobspec_keys import TABLE, TYPES, structs, table, types


def job(**task: Any) -> dict[str, Any]:
    return {"ID": "web", "TaskGroups": [{"Name": "g", "Tasks": [{"Name": "t", "Driver": "docker", **task}]}]}


def said(value: Any, **environment: str) -> list[str]:
    return unknown(json.dumps(value), environment)


@pytest.mark.parametrize("wrapped", [False, True])
def test_every_misspelt_key_is_told_with_its_path_and_what_was_meant(wrapped: bool) -> None:
    wrong = {**job(Resuorces={"CPU": 20}, Templates=[{"Data": "x", "DestPath": "y"}]), "datacentres": ["dc1"]}
    reasons = said({"Job": wrong} if wrapped else wrong)

    before = "Job." if wrapped else ""
    assert [reason.split(" is not")[0] for reason in reasons] == [
        f'"{before}TaskGroups[0].Tasks[0].Resuorces"',
        f'"{before}TaskGroups[0].Tasks[0].Templates[0].Data"',
        f'"{before}datacentres"',
    ]
    assert 'Did you mean "Resources"?' in reasons[0]
    assert 'Did you mean "Datacenters"?' in reasons[2]


def test_the_names_of_hcl_are_told_in_those_of_json() -> None:
    assert 'Did you mean "KillTimeout"?' in said(job(kill_timeout=5))[0]


def test_a_key_in_another_case_counts_as_in_go_and_comes_back_in_nomads_spelling() -> None:
    source = {"id": "web", "taskgroups": [{"NAME": "g", "tasks": [{"name": "t", "config": {"Image": "x:1"}}]}]}

    assert said({"job": source}) == []
    assert json_job(json.dumps({"job": source})) == (
        {"ID": "web", "TaskGroups": [{"Name": "g", "Tasks": [{"Name": "t", "Config": {"Image": "x:1"}}]}]},
        "job",
    )


def test_what_is_the_users_own_is_free() -> None:
    free = job(
        Config={"image": "x:1", "labels": [{"any": {"deep": 1}}]},
        Env={"ANY": "1"},
        Meta={"any": "1"},
        Services=[{"Name": "s", "Checks": [{"Type": "http", "Header": {"X-Any": ["1"]}}]}],
    )
    free["TaskGroups"][0]["Volumes"] = {"data": {"Type": "host", "Source": "data"}}
    assert said(free) == []


def test_below_a_name_of_the_users_keys_count_again() -> None:
    wrong = job()
    wrong["TaskGroups"][0]["Volumes"] = {"data": {"Typ": "host"}}
    assert said(wrong)[0].startswith('"TaskGroups[0].Volumes.data.Typ" is not a key')


def test_a_key_that_stands_twice() -> None:
    assert '"Priority" stands twice' in unknown('{"ID": "x", "Priority": 1, "Priority": 2}', {})[0]
    assert said({"ID": "x", "Priority": 1, "priority": 2}) == [
        '"priority" stands twice, in two spellings; take one out.'
    ]


def test_what_stands_beside_the_job_is_told() -> None:
    assert said({"Job": job(), "EnforceIndex": True}) == [
        '"EnforceIndex" stands beside "Job" and would be ignored; take it out.'
    ]


def test_keys_of_a_newer_nomad_can_be_named() -> None:
    wrong = job(Hologram=True, Resuorces={})
    assert [reason.split(" is not")[0] for reason in said(wrong, **{ALLOWED: "hologram, Other"})] == [
        '"TaskGroups[0].Tasks[0].Resuorces"'
    ]
    assert f"{ALLOWED}=Hologram" in said(wrong)[0]


def test_a_key_without_a_value_is_none() -> None:
    assert said(job(Hologram=None)) == []
    assert len(said(job(Hologram=False))) == 1


def test_keys_that_nomad_reads_and_ignores() -> None:
    group = {"Name": "g", "MaxClientDisconnect": 1, "StopAfterClientDisconnect": None}
    assert list(removed({"TaskGroups": [group]})) == [
        'group "g": MaxClientDisconnect is ignored since Nomad 1.10; set Disconnect.LostAfter instead.'
    ]


@pytest.mark.parametrize("value", ["[]", "1", "{", '{"Job": []}', '{"ID": "x", "TaskGroups": "none", "Meta": 1}'])
def test_what_is_no_job_is_left_to_others(value: str) -> None:
    assert unknown(value, {}) == []


def test_what_nomad_prints_and_does_not_take_is_left_out() -> None:
    printed = {**recorded("successful")["job"], "Stop": False}
    assert spelled(printed, "", {})[1] == []
    taken = accepted(printed)
    assert taken["TaskGroups"][0]["Services"][0].keys() == printed["TaskGroups"][0]["Services"][0].keys() - {
        "Namespace"
    }


def test_the_table_is_of_the_nomad_that_is_used() -> None:
    assert json.loads(TABLE.read_text())["nomad"] == versions.load().nomad
    assert json.loads(TYPES.read_text())["nomad"] == versions.load().nomad


def test_every_key_has_a_type() -> None:
    keys, held = (json.loads(path.read_text())["structs"] for path in (TABLE, TYPES))
    assert {name: set(of) for name, of in keys.items()} == {name: set(of) for name, of in held.items()}


API = """
type Job struct {
	ID      *string `hcl:"id,optional"`
	Task    []*Task `hcl:"task,block"` // a comment
	Other   *Foreign
	Volumes map[string]*Volume
	Meta    map[string]string
	Newer   bool
	Extra   []string `json:"-"`
	hidden  bool
}
type Task struct {
	Size *int `json:"SizeMB,omitempty"`
	Config map[string]any
}
type Volume struct {
	Type string
}
"""


def test_the_table_is_read_from_gos_structs() -> None:
    assert set(structs(API)) == {"Job", "Task", "Volume"}
    assert table(API, "ID Task Other Volumes Meta SizeMB Config Type") == {
        "Job": {"ID": "", "Meta": "*", "Other": "", "Task": "Task", "Volumes": "{}Volume"},
        "Task": {"Config": "*", "SizeMB": ""},
        "Volume": {"Type": ""},
    }


SERVER = """
type Job struct {
	ID      string
	Task    []*Task
	Volumes map[string]*Volume
	Meta    map[string]string
	Delay   *time.Duration
}
type Task struct {
	SizeMB int
	Config map[string]any
	Args   []string
	Leader bool
}
type Volume struct {
	Type string
}
"""


def test_the_types_are_read_from_gos_structs() -> None:
    api = API.replace("Newer   bool", "Delay *time.Duration\n\tGone int").replace(
        "Config map[string]any", "Config map[string]any\n\tArgs []string\n\tLeader *bool"
    )
    known = table(api, f"{SERVER} Other Gone")
    assert types(known, api, SERVER) == {
        "Job": {
            "Delay": "duration?",
            "Gone": "-number",
            "ID": "string*",
            "Meta": "map",
            "Other": "-string*",
            "Task": "[]Task",
            "Volumes": "{}Volume",
        },
        "Task": {"Args": "list", "Config": "map", "Leader": "bool*", "SizeMB": "number*"},
        "Volume": {"Type": "string"},
    }
