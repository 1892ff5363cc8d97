"""Jobs as people write them become services: the very same jobs, nearly all of it by keys of service.yaml."""

import copy
import json
import random
import statistics
from collections.abc import Iterator
from typing import Any

import pytest

from components.importing.lean import lean_for
from components.importing.nomad import equal_service
from components.importing.service import build
from components.layers import Layer, Layers
from components.rules.effect import without_effect
from components.validation import validate
from providers.nomad.additions import without_additions
from providers.nomad.job_difference import differences
from tests.cluster.thinned_jobs import likely
from tests.unit.components.likely_jobs import Jobs

SEED, COUNT = 1, 120
MEDIAN, MEAN, MEDIAN_OF_EVERY_KEY = 0.02, 0.04, 0.12
"""What may have no key of service.yaml, of the values of a job. Before there were keys for what they have, the median
was 0.65."""


def leaves(value: Any) -> int:
    """How many plain values there are; an empty block counts as one."""
    inner: Iterator[Any] = iter(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
    return sum(map(leaves, inner)) or 1


def share_in_job(job: dict[str, Any], service: dict[str, Any]) -> float:
    """Which part of a job has no key of service.yaml, and is left to `job:`."""
    left = leaves(service["job"]) if "job" in service else 0
    bare = without_additions(job)
    return left / leaves(lean_for(bare)(bare))


def become_services(jobs: Iterator[dict[str, Any]]) -> list[float]:
    """Import jobs, each of which must become the very same one; the shares that have no key."""
    shares = []
    for job in jobs:
        service = equal_service(job)
        found = [str(one.change) for one in differences(without_additions(job), build(service))]
        assert not found, f"{job['ID']}: {found}"
        assert not list(without_effect(validate(service, str))), job["ID"]
        shares.append(share_in_job(job, service))
    return shares


@pytest.fixture(scope="module")
def shares() -> list[float]:
    """Of the likely jobs."""
    source = Jobs(SEED)
    return become_services(source.job(f"web-{number}") for number in range(COUNT))


def test_likely_jobs_need_little_besides_the_keys(shares: list[float]) -> None:
    median, mean = statistics.median(shares), statistics.mean(shares)
    print(f"share of a job in `job:`, of {len(shares)} jobs: median {median:.1%}, mean {mean:.1%}")
    assert median <= MEDIAN
    assert mean <= MEAN


def test_jobs_with_every_key_become_the_very_same_jobs() -> None:
    """With most of what Nomad knows and hardly anybody writes."""
    shares = become_services(likely(f"web-{seed}", random.Random(seed))[1] for seed in range(30))
    print(f"share of a job in `job:`, of {len(shares)} jobs with every key: median {statistics.median(shares):.1%}")
    assert statistics.median(shares) <= MEDIAN_OF_EVERY_KEY


def test_what_nomad_adds_is_no_part_of_the_service() -> None:
    """Finding job-files 10: conditions that Nomad implies were kept, and registered twice."""
    job = Jobs(3).job("web")
    registered = copy.deepcopy(job)
    group = registered["TaskGroups"][0]
    task = group["Tasks"][0]
    implied = ("${attr.vault.version}", ">= 0.6.1"), ("${attr.nomad.version}", ">= 1.7.0-a")
    for block, (name, version) in zip((group, task), implied, strict=True):
        added = {"LTarget": name, "Operand": "semver", "RTarget": version}
        block["Constraints"] = [*(block.get("Constraints") or []), added]
    task["Identities"] = [*(task.get("Identities") or []), {"Name": "vault_default", "Audience": ["vault.io"]}]
    group["Tasks"].append(
        {
            "Name": "connect-proxy-web",
            "Kind": "connect-proxy:web",
            "Driver": "docker",
            "Config": {"image": "${meta.connect.sidecar_image}"},
            "Lifecycle": {"Hook": "prestart", "Sidecar": True},
        }
    )
    registered |= {"NodePool": "default", "Region": "global", "Priority": job.get("Priority", 50)}
    assert equal_service(registered) == equal_service(job)


def test_a_task_that_is_in_the_mesh_by_itself_stays() -> None:
    """Nomad gives it a kind, as it gives one to the proxies that it adds."""
    job = Jobs(1).job("web")
    job["TaskGroups"][0]["Tasks"] = [{"Name": "web", "Driver": "exec", "Config": {"command": "/x"}}]
    registered = copy.deepcopy(job)
    registered["TaskGroups"][0]["Tasks"][0]["Kind"] = "connect-native:web"
    assert equal_service(registered) == equal_service(job)


def test_what_the_parser_leaves_empty_is_no_part_of_the_service() -> None:
    """Finding job-files 10b: an empty `HostNetwork` of a job file brought the whole list of ports into `job:`."""
    ports = [{"Label": "http", "To": 80}]
    job: dict[str, Any] = {"ID": "web", "Name": "web", "Type": "service", "Datacenters": ["dc1"]}
    task = {"Name": "web", "Driver": "docker", "Config": {"image": "a:1", "ports": ["http"]}}
    job["TaskGroups"] = [{"Name": "web", "Tasks": [task], "Networks": [{"DynamicPorts": ports}]}]
    parsed = copy.deepcopy(job) | {"NodePool": ""}
    parsed["TaskGroups"][0]["Networks"][0]["DynamicPorts"][0]["HostNetwork"] = ""
    assert equal_service(parsed) == equal_service(job)


def test_the_order_of_templates_that_set_variables_is_kept() -> None:
    """The last one wins, and service.yaml has its files in the order of their paths."""
    job: dict[str, Any] = {"ID": "web", "Name": "web", "Type": "batch", "Datacenters": ["dc1"]}
    templates = [{"DestPath": f"local/{name}.env", "EmbeddedTmpl": "A=1", "Envvars": True} for name in "ba"]
    task = {"Name": "web", "Driver": "exec", "Config": {"command": "/bin/true"}, "Templates": templates}
    job["TaskGroups"] = [{"Name": "web", "Tasks": [task]}]
    become_services(iter([job]))


@pytest.mark.parametrize("image", ["redis", "redis:latest", "registry.example.com/team/app"])
def test_an_image_that_may_be_another_tomorrow_is_imported_as_it_is(image: str) -> None:
    """Finding job-files 3: the import wrote what the program refuses."""
    job = Jobs(1).job("web")
    job["TaskGroups"][0]["Tasks"] = [{"Name": "web", "Driver": "docker", "Config": {"image": image}}]
    service = equal_service(job)
    assert service["image"] == {"reference": image, "floating": True}


def test_numbers_are_as_they_were_written() -> None:
    """Finding RW-52: Nomad keeps the numbers of a driver's configuration as 100.0."""
    job = Jobs(1).job("web")
    config = {"image": "a:1", "pids_limit": 100.0, "mount": [{"tmpfs_options": [{"size": 1e6}]}], "ratio": 0.5}
    job["TaskGroups"][0]["Tasks"] = [{"Name": "web", "Driver": "docker", "Config": config}]
    written = equal_service(job)["config"]
    assert json.dumps(written["pids_limit"]) == "100"
    assert json.dumps(written["mount"]) == '[{"tmpfs_options": [{"size": 1000000}]}]'
    assert written["ratio"] == 0.5


def test_likely_jobs_stay_the_same_below_a_teams_defaults() -> None:
    """What the team's defaults say, and the job does not, is undone."""
    team: dict[str, Any] = {
        "check": {"interval_s": 1},
        "tags": ["team"],
        "env": {"TEAM": "a"},
        "resources": {"memory_mb": 64},
        "rollout": {"min_healthy_s": 1, "canary": 1},
        "shutdown_delay_s": 5,
        "logs": {"max_files": 2},
        "labels": {"team": "a"},
        "network": {"dns": {"servers": ["10.0.0.1"]}},
    }

    def complete(data: dict[str, Any]) -> dict[str, Any]:
        own = Layer({key: value for key, value in data.items() if key != "name"}, str)
        return {"name": data.get("name"), **Layers([Layer(team, str), own], own).merged()}

    source = Jobs(2)
    for number in range(40):
        job = source.job(f"web-{number}")
        service = equal_service(job, complete)
        assert not differences(without_additions(job), build(complete(service)))
