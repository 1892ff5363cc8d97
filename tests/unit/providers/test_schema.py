"""The schemas that the plugins answer, held to what they serve and to the SDKs."""

import importlib.resources
import json
from typing import Any

import pytest

from providers.consul.__main__ import ConsulPlugin
from providers.nomad.__main__ import NomadPlugin
from providers.plugin import Plugin
from providers.schema import schema

PLUGINS: tuple[type[Plugin], ...] = (NomadPlugin, ConsulPlugin)


def read(plugin: type[Plugin]) -> Any:
    return json.loads(schema(plugin.name, plugin.version, plugin.sdk, plugin.serves))


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {value["$ref"].removeprefix("#/types/")} if "$ref" in value else set()
        return found.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("plugin", PLUGINS)
def test_it_has_the_version_of_the_sdk_and_no_loose_ends(plugin: type[Plugin]) -> None:
    found = read(plugin)
    pinned = json.loads(importlib.resources.files(plugin.sdk).joinpath("pulumi-plugin.json").read_text())
    assert (found["name"], found["version"]) == (pinned["name"], pinned["version"])
    assert references(found) == set(found["types"])
    assert {*found["resources"], *found["functions"]} == set(plugin.serves)


def test_a_resource_with_its_inputs_outputs_and_blocks() -> None:
    found = read(NomadPlugin)
    job = found["resources"]["nomad:index/job:Job"]
    assert job["requiredInputs"] == ["jobspec"]
    assert job["description"].startswith("Manages a job registered in Nomad.")
    assert job["inputProperties"]["json"] == {
        "type": "boolean",
        "description": "`(boolean: false)` - Set this to `true` if your jobspec is structured with\n"
        "JSON instead of the default HCL.",
    }
    assert job["inputProperties"]["hcl2"]["$ref"] == "#/types/nomad:index/JobHcl2:JobHcl2"
    assert found["types"]["nomad:index/JobHcl2:JobHcl2"]["properties"]["vars"]["additionalProperties"] == {
        "type": "string"
    }
    assert "modifyIndex" not in job["inputProperties"]
    assert job["properties"]["modifyIndex"]["type"] == "string"
    assert "detach" not in job["required"]
    assert "modifyIndex" in job["required"]


def test_secrets_are_marked() -> None:
    resources = read(NomadPlugin)["resources"]
    variable = resources["nomad:index/variable:Variable"]
    assert variable["inputProperties"]["items"]["secret"]
    assert variable["properties"]["items"]["secret"]
    assert "secret" not in variable["properties"]["path"]
    assert resources["nomad:index/aclToken:AclToken"]["properties"]["secretId"]["secret"]


def test_a_look_up_with_its_arguments_and_results() -> None:
    found = read(NomadPlugin)
    get_job = found["functions"]["nomad:index/getJob:getJob"]
    assert get_job["inputs"] == {
        "properties": {"jobId": {"type": "string"}, "namespace": {"type": "string"}},
        "required": ["jobId"],
    }
    groups = get_job["outputs"]["properties"]["taskGroups"]
    assert groups["items"] == {"$ref": "#/types/nomad:index/getJobTaskGroup:getJobTaskGroup"}
