"""The jobspec of an imported job: as submitted where that may be, else JSON that is as short as Nomad allows."""

import json
from typing import Any

import pytest

from providers.http_api import ApiError
from providers.nomad.client import Json
from providers.nomad.imported import source
from tests.unit.providers.nomad_stub import FakeNomad, refusal
from tests.unit.providers.recordings import recorded

CURRENT: Json = recorded("registered-by-api")
HCL = 'job "api-web" {\n  group "g" {}\n}\n'
WRITTEN = {"ID": "api-web", "Meta": {"empty": ""}}
NONE = {"Diff": {"Type": "None"}}
EDITED = {"Diff": {"Type": "Edited", "Fields": [{"Type": "Edited", "Name": "Priority", "Old": "50", "New": "70"}]}}


def nomad(**answers: Any) -> FakeNomad:
    defaults = {"canonical_hcl": recorded("canonical-service"), "parse_hcl": WRITTEN}
    return FakeNomad(**{**defaults, **answers})


def submitted(text: str = HCL, format_: str = "hcl2", **more: Any) -> Json:
    return {"Format": format_, "Source": text, "VariableFlags": None, "Variables": "", **more}


async def test_the_source_is_asked_for_the_version_that_runs() -> None:
    server = nomad(submission=submitted())
    assert await source(server.client, {**CURRENT, "Version": 7}) == {"jobspec": HCL}
    assert server.made("submission") == [("default", "api-web", 7)]


async def test_variables_come_from_flags_and_files() -> None:
    text = 'variable "image" {}\nvariable "ports" {\n  type = list(number)\n}\n' + HCL
    file = 'image = "a:1 \\"x\\""\n# open\nports = [\n  80,\n  443,\n]\nzone = "a"\n'
    server = nomad(submission=submitted(text, Variables=file, VariableFlags={"zone": "b"}))
    assert (await source(server.client, CURRENT))["hcl2"] == {
        "vars": {"image": 'a:1 "x"', "ports": "[\n  80,\n  443,\n]", "zone": "b"}
    }


async def test_a_json_source_stays_as_it_is() -> None:
    text = json.dumps({"Job": WRITTEN}) + "\n"
    server = nomad(submission=submitted(text, "json"))
    assert await source(server.client, CURRENT) == {"jobspec": text, "json": True}


@pytest.mark.parametrize(
    "answers",
    [
        {"submission": None},
        {"submission": submitted(format_="hcl1"), "parse_hcl": refusal(400, "Failed to parse job")},
        {"submission": submitted(), "parse_hcl": {"ID": "other"}},
        {"submission": submitted(), "parse_hcl": {"ID": "api-web", "Namespace": "other"}},
        {"submission": submitted(HCL.replace("{}", '{ meta { a = "\\"" } }'))},
        {"submission": submitted(HCL + '# """')},
    ],
)
async def test_a_source_that_will_not_do_gives_way_to_json(answers: Json) -> None:
    found = await source(nomad(**answers).client, CURRENT)
    assert found["json"] is True
    assert json.loads(found["jobspec"])["ID"] == "api-web"


async def test_json_without_what_nomad_fills_in() -> None:
    found = await source(nomad().client, CURRENT)
    assert found["jobspec"].startswith('{\n  "ID": "api-web"')
    job = json.loads(found["jobspec"])
    assert {"ID", "Name", "Namespace", "TaskGroups", "Type", "Meta"} == job.keys()
    assert job["Meta"] == {"empty": ""}
    (group,) = job["TaskGroups"]
    assert group["Count"] == 2
    assert group["Services"][0]["Checks"] == [
        {"Interval": 10**10, "OnUpdate": "require_healthy", "Timeout": 2 * 10**9, "Type": "tcp"}
    ]
    assert group["Tasks"][1] == {
        "Config": {"args": ["600"], "command": "/bin/sleep"},
        "Driver": "raw_exec",
        "Env": {"E": "ä"},
        "Name": "u",
        "Resources": {"CPU": 20, "MemoryMB": 16},
    }


@pytest.mark.parametrize("first", [EDITED, refusal(500, "Healthy deadline must be greater than zero")])
async def test_a_false_that_is_no_default_stays(first: Json | ApiError) -> None:
    # Nomad does not name the value, and so it is asked about it once more.
    plans = iter([first, first, NONE] if first is EDITED else [first, NONE])
    found = await source(nomad(plan=lambda: next(plans)).client, CURRENT)
    scaling = json.loads(found["jobspec"])["TaskGroups"][0]["Scaling"]
    assert scaling == {"Enabled": False, "Max": 5, "Min": 1, "Type": "horizontal"}


async def test_the_whole_job_where_nothing_may_be_left_out() -> None:
    found = await source(nomad(plan=EDITED).client, CURRENT)
    assert json.loads(found["jobspec"])["TaskGroups"][0]["EphemeralDisk"]["SizeMB"] == 300


async def test_a_refusal_that_says_nothing_of_the_job_is_told() -> None:
    with pytest.raises(ApiError):
        await source(nomad(plan=refusal(403, "Permission denied")).client, CURRENT)


async def test_json_that_the_generator_would_spoil_comes_in_one_line() -> None:
    current = {**CURRENT, "Meta": {"quoted": 'a "b" \\'}}
    found = await source(nomad().client, current)
    assert "\n" not in found["jobspec"]
    assert json.loads(found["jobspec"])["Meta"] == current["Meta"]


@pytest.mark.parametrize("value", ["first \\n back\nx", 'a\n"""', 'a\n"b"'])
async def test_a_variable_that_the_generator_would_write_wrong_makes_the_job_json(value: str) -> None:
    """RW-35: Pulumi escapes a text of one line only."""
    source_text = 'variable "motd" {}\n' + HCL
    server = nomad(submission=submitted(source_text, VariableFlags={"motd": value}), plan=NONE)
    assert (await source(server.client, CURRENT))["json"] is True
    for harmless in (value.replace("\n", ""), "a\nb"):
        server = nomad(submission=submitted(source_text, VariableFlags={"motd": harmless}), plan=NONE)
        assert (await source(server.client, CURRENT))["hcl2"] == {"vars": {"motd": harmless}}


async def test_what_nomad_has_added_is_no_part_of_the_jobspec() -> None:
    """Finding job-files 10d: Nomad refused the job when its service was renamed, because of its proxy's task."""
    (group,) = CURRENT["TaskGroups"]
    proxy = {"Name": "connect-proxy-web", "Kind": "connect-proxy:web", "Driver": "docker"}
    implied = {"LTarget": "${attr.nomad.version}", "Operand": "semver", "RTarget": ">= 1.7.0-a"}
    added = {**group, "Tasks": [*group["Tasks"], proxy], "Constraints": [implied]}
    found = await source(nomad().client, {**CURRENT, "TaskGroups": [added]})
    assert found == await source(nomad().client, CURRENT)
