"""The resources of a microservice."""

import json
from typing import Any, cast

import pulumi
import pytest
from pulumi.runtime import rpc
from pydantic import BaseModel

from components import (
    microservice_group,
    microservice_parts,
    microservice_policies,
    microservice_registrations,
    microservice_workload,
)
from components.microservice import Microservice
from components.microservice_args import MicroserviceArgs
from components.microservice_secrets import fingerprint
from components.problems import SettingsError
from components.service import (
    calls,
    checks,
    files,
    group,
    network,
    placement,
    ports,
    registrations,
    resources,
    rollout,
    schedule,
    secrets,
    tasks,
    volumes,
    workload,
)
from components.service_model import Service
from tests.unit.components.engine import DIGEST, Engine, run

ARGS: MicroserviceArgs = {"image": "r/web:1", "version": "1.0.0", "ports": {"http": {"to": 3000}}}


def declare(args: MicroserviceArgs) -> None:
    run(lambda: Microservice("web", args))


def jobspec(engine: Engine) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(engine.registered["web-job"].inputs["jobspec"]))


def healthy(address: str, port: int, node: str = "10.0.0.1") -> dict[str, Any]:
    """An entry of Consul's answer."""
    return {
        "nodes": [{"address": node, "datacenter": "dc1", "id": "", "meta": {}, "name": "n", "taggedAddresses": {}}],
        "services": [{"address": address, "id": "i", "meta": {}, "name": "web", "port": port, "tags": []}],
        "checks": [],
    }


def test_runs_one_job_that_is_followed_and_purged(engine: Engine) -> None:
    declare(ARGS)
    job = engine.registered["web-job"]
    assert (job.type, job.parent) == ("nomad:index/job:Job", "web")
    assert {key: value for key, value in job.inputs.items() if key != "jobspec"} == {
        "json": True,
        "detach": False,
        "purgeOnDestroy": True,
    }
    assert engine.registered["web"].type == "caravan:index:Microservice"


TOO_LATE = (
    "whose value is not known yet: only image, image_digest, secrets and secrets_version may be Outputs. Get the value "
    "without one, or deliver it as a secret."
)
FORMAT = (
    "is a text with an Output in it, as by an f-string, which gives no value: "
    'write pulumi.Output.format("...{0}...", output), or output.apply(...).'
)


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"env": {"A": "x-{}"}}, f"env.A is a text with an Output in it, {TOO_LATE}"),
        ({"args": ["--at", "{}"]}, f"args.1 is a text with an Output in it, {TOO_LATE}"),
        ({"env": {"A{}": "x"}}, f"env.A... is a text with an Output in it, {TOO_LATE}"),
        ({"config": {"a": [{"b": "{}"}]}}, f"config.a.0.b is a text with an Output in it, {TOO_LATE}"),
        ({"job": {"Meta": {"a": "{}"}}}, f"job.Meta.a is a text with an Output in it, {TOO_LATE}"),
        ({"image": "r/web:{}"}, f"image {FORMAT}"),
        ({"secrets": {"A": "{}"}}, f"secrets.A {FORMAT}"),
        ({"secrets_version": "{}"}, f"secrets_version {FORMAT}"),
    ],
)  # fmt: skip
def test_an_output_in_a_text_is_refused(engine: Engine, args: dict[str, Any], sentence: str) -> None:
    """RW-03: Pulumi's advice would be deployed as if it were the value."""

    def filled(value: Any, output: pulumi.Output[str]) -> Any:
        match value:
            case dict():
                return {filled(key, output): filled(inner, output) for key, inner in value.items()}
            case list():
                return [filled(inner, output) for inner in value]
        return value.replace("{}", str(output))

    def program() -> None:
        Microservice("web", cast(MicroserviceArgs, {**ARGS, **filled(args, pulumi.Output.from_input("1"))}))

    with pytest.raises(pulumi.RunError) as error:
        run(program)
    assert str(error.value) == f'Microservice "web": {sentence}'


def test_an_output_where_a_value_must_be_known_is_refused(engine: Engine) -> None:
    with pytest.raises(pulumi.RunError) as error:
        run(lambda: Microservice("web", cast(MicroserviceArgs, {**ARGS, "env": {"A": pulumi.Output.from_input("1")}})))
    assert str(error.value) == f'Microservice "web": env.A is an Output, {TOO_LATE}'


def test_the_jobspec_is_sorted(engine: Engine) -> None:
    declare(ARGS)
    text = engine.registered["web-job"].inputs["jobspec"]
    assert text == json.dumps(json.loads(text), sort_keys=True)


def test_a_finished_image_is_used_as_it_is(engine: Engine) -> None:
    declare(ARGS)
    task = jobspec(engine)["TaskGroups"][0]["Tasks"][0]
    assert task["Config"]["image"] == "r/web:1"
    assert "Meta" not in task
    assert engine.registered["web"].outputs["image"] == "r/web:1"


def test_an_image_of_this_program_is_marked_and_known_by_its_digest(engine: Engine) -> None:
    declare({**ARGS, "image_digest": DIGEST})
    task = jobspec(engine)["TaskGroups"][0]["Tasks"][0]
    assert task["Config"]["image"] == "r/web:1"
    assert task["Meta"] == {"caravan_image": "built"}
    assert engine.registered["web"].outputs["image"] == f"r/web:1@{DIGEST}"


def test_may_have_another_name_than_its_resource(engine: Engine) -> None:
    declare({**ARGS, "name": "shop"})
    assert jobspec(engine)["ID"] == "shop"
    assert engine.asked == [{"name": "shop", "passing": True}]


def test_is_placed_where_the_arguments_say(engine: Engine) -> None:
    declare({**ARGS, "datacenters": ["a", "b"], "namespace": "n", "region": "r"})
    job = jobspec(engine)
    assert (job["Datacenters"], job["Namespace"], job["Region"]) == (["a", "b"], "n", "r")


def test_the_urls_are_those_of_the_healthy_instances_in_consul(engine: Engine) -> None:
    engine.health = [healthy("127.0.0.2", 20001), healthy("", 20000), healthy("::1", 20002), healthy("127.0.0.3", 0)]
    declare(ARGS)
    assert engine.asked == [{"name": "web", "passing": True}]
    assert engine.registered["web"].outputs["urls"] == [
        "http://10.0.0.1:20000",
        "http://127.0.0.2:20001",
        "http://[::1]:20002",
    ]


def test_without_an_http_port_the_urls_are_tcp(engine: Engine) -> None:
    engine.health = [healthy("127.0.0.2", 6379)]
    declare(
        {
            "image": "redis:7",
            "version": "7",
            "ports": {"redis": {"to": 6379}},
            "check": {"type": "tcp", "port": "redis"},
        }
    )
    assert engine.registered["web"].outputs["urls"] == ["tcp://127.0.0.2:6379"]


def test_exports_the_version_of_the_job(engine: Engine) -> None:
    declare(ARGS)
    assert engine.registered["web"].outputs["version"] == 7


def test_waits_for_an_image_that_is_not_known_yet(engine: Engine) -> None:
    def program() -> None:
        image = pulumi.Output.from_input("r/web").apply(lambda name: f"{name}:2")
        Microservice("web", {**ARGS, "image": image})

    run(program)
    assert jobspec(engine)["TaskGroups"][0]["Tasks"][0]["Config"]["image"] == "r/web:2"


def test_bad_arguments_are_refused_all_at_once(engine: Engine) -> None:
    """Finding X4: in a program of one's own they ended in two tracebacks."""
    with pytest.raises(SettingsError) as error:
        declare(cast(MicroserviceArgs, {**ARGS, "count": -1, "tag": []}))
    assert str(error.value) == (
        'Microservice "web": count is -1, but must be 0 or more.\n'
        'Microservice "web": tag is not a known key; did you mean "tags"?'
    )
    # Of this one Pulumi shows the sentences alone.
    assert isinstance(error.value, pulumi.RunError)


def test_secrets_are_in_a_variable_before_the_job_that_reads_it(engine: Engine) -> None:
    values: dict[str, pulumi.Input[str]] = {"API_TOKEN": "planted", "TLS_KEY": pulumi.Output.secret("planted too")}
    declare({**ARGS, "namespace": "team-a", "secrets": values, "secret_options": {"TLS_KEY": {"file": "key.pem"}}})
    variable, job = engine.registered["web-secrets"], engine.registered["web-job"]
    assert (variable.type, variable.parent) == ("nomad:index/variable:Variable", "web")
    assert (variable.inputs["path"], variable.inputs["namespace"]) == ("nomad/jobs/web", "team-a")
    assert rpc.is_rpc_secret(variable.inputs["items"])
    written = {"API_TOKEN": "planted", "TLS_KEY": "planted too", "caravan_secrets": secrets_version(engine)}
    assert rpc.unwrap_rpc_secret(variable.inputs["items"]) == written
    assert "web-secrets" in job.dependencies
    assert "planted" not in job.inputs["jobspec"]
    templates = [entry["DestPath"] for entry in jobspec(engine)["TaskGroups"][0]["Tasks"][0]["Templates"]]
    assert templates == ["secrets/caravan.env", "secrets/key.pem"]


def test_the_variable_is_where_a_job_without_a_namespace_goes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOMAD_NAMESPACE", "team-b")
    declare({**ARGS, "secrets": {"A": "x"}})
    assert engine.registered["web-secrets"].inputs["namespace"] == "team-b"


def secrets_version(engine: Engine) -> str:
    return str(jobspec(engine)["TaskGroups"][0]["Meta"]["caravan_secrets"])


def test_a_version_of_secrets_is_used_as_it_is(engine: Engine) -> None:
    declare({**ARGS, "secrets": {"A": "x"}, "secrets_version": pulumi.Output.from_input("of-today")})
    assert secrets_version(engine) == "of-today"


def test_without_a_version_it_is_a_fingerprint(engine: Engine) -> None:
    declare({**ARGS, "secrets": {"A": "x"}})
    assert secrets_version(engine) == fingerprint({"A": "x"}, "caravan/dev/web")


def test_the_version_is_that_of_the_variable_as_it_is_in_nomad(engine: Engine) -> None:
    """RW-42: where the variable is not among the targets, its old values stay, and the job has to go with them."""
    engine.stays["web-secrets"] = {"items": {"A": "old", "caravan_secrets": "of-yesterday"}}
    declare({**ARGS, "secrets": {"A": "new"}, "secrets_version": "of-today"})
    assert secrets_version(engine) == "of-yesterday"


def test_a_fingerprint_changes_with_each_value_and_each_place() -> None:
    places = [({"A": "x"}, "one"), ({"A": "y"}, "one"), ({"B": "x"}, "one"), ({"A": "x"}, "other")]
    found = {fingerprint(values, salt) for values, salt in places}
    assert len(found) == len(places)
    assert fingerprint({"A": "x", "B": "y"}, "s") == fingerprint({"B": "y", "A": "x"}, "s")
    assert all(len(text) == 16 for text in found)


def test_without_secrets_there_is_no_variable(engine: Engine) -> None:
    declare(ARGS)
    assert "web-secrets" not in engine.registered
    assert "caravan_secrets" not in jobspec(engine)["TaskGroups"][0]["Meta"]


def test_a_job_without_an_image_has_none(engine: Engine) -> None:
    declare({"version": "1", "driver": "raw_exec", "command": "/bin/true", "type": "batch"})
    assert jobspec(engine)["TaskGroups"][0]["Tasks"][0]["Config"] == {"command": "/bin/true"}
    assert engine.registered["web"].outputs["urls"] == []
    assert engine.registered["web"].outputs.get("image") is None
    assert engine.asked == []


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"version": "1", "ports": {"http": {"to": 1}}}, "image is missing."),
        (
            {"version": "1", "driver": "raw_exec", "command": "x", "type": "batch", "image": "a:1"},
            'image is there, but the driver "raw_exec" runs none: take it out.',
        ),
        (
            {**ARGS, "secret_options": {"A": {"file": "x"}}},
            "secret_options.A is there, but secrets has no value of that name.",
        ),
        ({**ARGS, "files": {"local/x": {"source": "nope"}}}, 'files.local/x.source is "nope", which cannot be read'),
    ],
)
def test_what_only_programs_can_get_wrong(engine: Engine, args: Any, sentence: str) -> None:
    with pytest.raises(SettingsError) as error:
        declare(args)
    assert str(error.value).startswith(f'Microservice "web": {sentence}')


PARTS = [
    calls.Call,
    checks.Check,
    checks.RestartOnFailure,
    files.File,
    files.Script,
    files.Wait,
    group.Group,
    network.Dns,
    network.Network,
    placement.Affinity,
    placement.Constraint,
    placement.Spread,
    ports.Port,
    registrations.RegisteredCheck,
    registrations.Registration,
    resources.Device,
    resources.InstanceResources,
    resources.Resources,
    rollout.Disconnect,
    rollout.Migrate,
    rollout.Reschedule,
    rollout.Restart,
    rollout.Rollout,
    rollout.Scaling,
    schedule.Parameterized,
    schedule.Periodic,
    secrets.Secret,
    tasks.Task,
    volumes.Volume,
    workload.Artifact,
    workload.Identity,
    workload.Logs,
    workload.Vault,
]


ARGUMENTS = {
    name: it
    for module in (
        microservice_group,
        microservice_parts,
        microservice_policies,
        microservice_registrations,
        microservice_workload,
    )
    for name, it in vars(module).items()
    if name.endswith("Args")
}


def required(model: type[BaseModel]) -> set[str]:
    return {name for name, field in model.model_fields.items() if field.is_required()}


@pytest.mark.parametrize("model", PARTS)
def test_the_arguments_have_the_keys_of_the_file(model: type[BaseModel]) -> None:
    arguments = ARGUMENTS[f"{model.__name__}Args"]
    assert set(arguments.__annotations__) == set(model.model_fields)
    assert arguments.__required_keys__ == required(model)


def test_every_part_is_held_to_its_model() -> None:
    assert ARGUMENTS.keys() == {f"{model.__name__}Args" for model in PARTS}


def test_a_service_has_the_keys_of_the_file_and_values_for_its_secrets() -> None:
    apart = {"image_digest", "secret_options", "secrets_version"}
    assert set(MicroserviceArgs.__annotations__) == set(Service.model_fields) | apart
    assert MicroserviceArgs.__required_keys__ == required(Service) - {"name"}
