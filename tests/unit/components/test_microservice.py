"""The resources of a microservice."""

import json
from typing import Any, cast

import pulumi
import pytest

from components import microservice_args
from components.microservice import Microservice
from components.microservice_args import MicroserviceArgs
from components.problems import SettingsError
from components.service_model import Check, Port, Reschedule, Resources, Restart, Rollout, Service
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
    with pytest.raises(SettingsError) as error:
        declare(cast(MicroserviceArgs, {**ARGS, "count": -1, "tag": []}))
    assert str(error.value) == (
        'Microservice "web": count is -1, but must be 0 or more.\n'
        'Microservice "web": tag is not a known key; did you mean "tags"?'
    )


@pytest.mark.parametrize(
    ("arguments", "model"),
    [
        (microservice_args.PortArgs, Port),
        (microservice_args.CheckArgs, Check),
        (microservice_args.ResourcesArgs, Resources),
        (microservice_args.RolloutArgs, Rollout),
        (microservice_args.RestartArgs, Restart),
        (microservice_args.RescheduleArgs, Reschedule),
    ],
)
def test_the_arguments_have_the_keys_of_the_file(arguments: type, model: Any) -> None:
    assert set(arguments.__annotations__) == set(model.model_fields)


def test_a_service_has_the_keys_of_the_file_and_where_to_run() -> None:
    apart = {"image_digest", "datacenters", "namespace", "region"}
    assert set(MicroserviceArgs.__annotations__) == set(Service.model_fields) | apart
