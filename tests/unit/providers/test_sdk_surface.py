"""Every input and output of the SDK, as it is installed: each is honoured or refused, so that nothing is ignored."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi_nomad
import pytest
from pulumi_nomad import outputs as sdk_outputs
from pulumi_nomad.job import JobArgs
from pulumi_nomad.provider import ProviderArgs

from providers.nomad import config
from providers.nomad.job_check import wrong_names
from providers.nomad.outputs import DEFAULTS, INPUT_NAMES, of_job
from providers.properties import Properties
from tests.unit.providers.recordings import recorded

NOMAD = Path(config.__file__).parent


def names(sdk_class: type) -> set[str]:
    """The properties of a class of the SDK, as the engine calls them."""
    return {
        getattr(member.fget, "_pulumi_name", name)
        for name, member in vars(sdk_class).items()
        if isinstance(member, property)
    }


def texts(folder: Path, *without: str) -> Iterator[str]:
    """Every text that stands in the code of a folder's modules."""
    for path in folder.glob("*.py"):
        if path.stem not in without:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_the_sdk_is_what_this_looks_at() -> None:
    assert len(names(JobArgs)) >= 11
    assert len(names(ProviderArgs)) >= 14
    assert names(pulumi_nomad.ProviderHeaderArgs) == {"name", "value"}


def test_the_inputs_of_a_job_are_those_of_the_sdk() -> None:
    assert names(JobArgs) == INPUT_NAMES
    assert names(pulumi_nomad.JobHcl2Args) == {"allowFs", "vars"}


@pytest.mark.parametrize("name", sorted(names(JobArgs)))
def test_every_input_of_a_job_is_read(name: str) -> None:
    # `outputs` holds the table of names and defaults, in which each of them stands in any case.
    assert name in set(texts(NOMAD, "outputs"))


@pytest.mark.parametrize("name", sorted(names(JobArgs)))
def test_every_input_of_a_job_is_judged(name: str) -> None:
    right: dict[str, Any] = {**DEFAULTS, "jobspec": "job {}", "hcl2": {"vars": {"a": "1"}}}
    assert wrong_names(Properties(right)) == []
    wrong = wrong_names(Properties({**right, name: None if name == "jobspec" else "x"}))
    assert [failure.property for failure in wrong] == [name]


@pytest.mark.parametrize(
    ("hcl2", "reason"),
    [
        ({"vrs": {}}, '"hcl2.vrs" is not an input'),
        ({"vars": ["a"]}, "hcl2.vars must be a map"),
    ],
)
def test_what_stands_in_hcl2_is_judged(hcl2: dict[str, Any], reason: str) -> None:
    (failure,) = wrong_names(Properties({"jobspec": "x", "hcl2": hcl2}))
    assert reason in failure.reason


def test_the_outputs_of_a_job_are_those_of_the_sdk() -> None:
    values = of_job(Properties({"jobspec": "x", "hcl2": {}}), recorded("successful")["job"], None, []).values
    assert names(pulumi_nomad.Job) <= values.keys()


@pytest.mark.parametrize(
    ("sdk_class", "part"),
    [
        (sdk_outputs.JobConstraint, lambda values: values["constraints"][0]),
        (sdk_outputs.JobPeriodicConfig, lambda values: values["periodicConfigs"][0]),
        (sdk_outputs.JobUpdateStrategy, lambda values: values["updateStrategies"][0]),
        (sdk_outputs.JobTaskGroup, lambda values: values["taskGroups"][0]),
        (sdk_outputs.JobTaskGroupUpdateStrategy, lambda values: values["taskGroups"][0]["updateStrategies"][0]),
        (sdk_outputs.JobTaskGroupVolume, lambda values: values["taskGroups"][0]["volumes"][0]),
        (sdk_outputs.JobTaskGroupTask, lambda values: values["taskGroups"][0]["tasks"][0]),
        (sdk_outputs.JobTaskGroupTaskVolumeMount, lambda v: v["taskGroups"][0]["tasks"][0]["volumeMounts"][0]),
    ],
)
def test_the_parts_of_the_outputs_are_those_of_the_sdk(sdk_class: type, part: Callable[[Any], Any]) -> None:
    job = recorded("successful")["job"]
    group = job["TaskGroups"][0]
    group["Volumes"] = {"data": {"Type": "host", "Source": "data", "ReadOnly": True}}
    group["Tasks"][0]["VolumeMounts"] = [{"Volume": "data", "Destination": "/data", "ReadOnly": True}]
    job |= {"Update": group["Update"], "Periodic": recorded("periodic")["job"]["Periodic"]}
    job["Constraints"] = [{"LTarget": "a", "Operand": "=", "RTarget": "b"}]
    found = part(of_job(Properties({"jobspec": "x"}), job, None, []).values)

    assert found.keys() == names(sdk_class)
    assert None not in found.values()


SETTINGS: dict[str, Any] = {
    "address": "https://nomad.example",
    "caFile": "/ca.pem",
    "caPem": "PEM",
    "certFile": "/c.pem",
    "certPem": "PEM",
    "headers": '[{"name": "X-A", "value": "1"}]',
    "httpAuth": "user:word",
    "ignoreEnvVars": '{"NOMAD_REGION": true}',
    "keyFile": "/k.pem",
    "keyPem": "PEM",
    "region": "eu",
    "secretId": "token",
    "skipVerify": "true",
}
REFUSED = {"authJwt"}
"""Inputs of the provider that cannot be honoured."""


@pytest.mark.parametrize("name", sorted(names(ProviderArgs)))
def test_every_input_of_the_provider_is_honoured_or_refused(name: str) -> None:
    if name in REFUSED:
        (failure,) = config.check(Properties({name: "x"}))
        assert "is not supported here" in failure.reason
        return
    given = Properties({name: SETTINGS[name]})
    environment = {"NOMAD_REGION": "us"}
    assert config.check(given) == []
    assert config.load(given, environment) != config.load(Properties(), environment)


VARIABLES = {
    "NOMAD_ADDR": "https://nomad.example",
    "NOMAD_CACERT": "/ca.pem",
    "NOMAD_CAPATH": "/ca.d",
    "NOMAD_CLIENT_CERT": "/c.pem",
    "NOMAD_CLIENT_KEY": "/k.pem",
    "NOMAD_HTTP_AUTH": "user:word",
    "NOMAD_NAMESPACE": "apps",
    "NOMAD_REGION": "eu",
    "NOMAD_SKIP_VERIFY": "true",
    "NOMAD_TLS_SERVER_NAME": "server.eu.nomad",
    "NOMAD_TOKEN": "token",
}
"""What Nomad's own client reads (source: Nomad `api/api.go`, DefaultConfig and NewClient)."""


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_every_variable_of_nomads_tools_is_honoured_and_can_be_ignored(name: str) -> None:
    environment = {name: VARIABLES[name]}
    assert config.load(Properties(), environment) != config.load(Properties(), {})
    ignored = Properties({"ignoreEnvVars": {name: True}})
    assert config.check(ignored) == []
    assert config.load(ignored, environment) == config.load(Properties(), {})
