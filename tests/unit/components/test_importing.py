"""From a job to a service.yaml and back: the very same job, whatever it holds."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from components.importing.remainder import remainder
from components.importing.service import build, service_of
from components.importing.text import service_yaml
from components.jobspec.merge import merged
from components.layers import Layer, Layers
from components.problems import SettingsError
from tests.unit.components.jobspec_cases import CASES, read

SETS = {"Constraints", "DynamicPorts", "ReservedPorts", "Templates", "VolumeMounts"}
FIELDS_FOR_ALL = frozenset(
    [
        "as-written",
        "batch",
        "batch-with-ports",
        "checks",
        "command",
        "files",
        "finished-image",
        "host-network",
        "java",
        "labels",
        "names",
        "parameterized",
        "periodic",
        "periodic-cron",
        "placement",
        "raw-exec",
        "reschedule-unlimited",
        "resources",
        "rollout",
        "scaling",
        "scaling-off",
        "script-check-without-ports",
        "sysbatch",
        "system",
        "tcp",
        "volume-per-instance",
        "volumes",
        "worker-without-ports",
    ]
)
"""Cases in which every value has a field, so that there is no `job:`."""


def normal(value: Any) -> Any:
    """A job in which sets and named parts are in one order, for comparison."""
    if isinstance(value, dict):
        return {key: normal(inner) for key, inner in value.items() if inner not in ([], None)}
    if isinstance(value, list):
        items = [normal(item) for item in value]
        return sorted(items, key=_in_order) if items and isinstance(items[0], dict) else items
    return value


def _in_order(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def imported(job: dict[str, Any], **more: Any) -> dict[str, Any]:
    return service_of(job, job, dict, **more)


@pytest.mark.parametrize("name", CASES)
def test_the_service_of_a_job_builds_the_job(name: str) -> None:
    job = read(name)["job"]
    data = imported(job)
    assert normal(build(data)) == normal(job)
    assert ("job" not in data) or name not in FIELDS_FOR_ALL
    text = service_yaml(data, "From a test.")
    assert {"name": data["name"], **yaml.safe_load(text)} == data


def test_what_goes_without_saying_is_left_out() -> None:
    job = read("small")["job"]
    job["TaskGroups"][0]["Tasks"][0].pop("Meta")
    assert imported(job) == {
        "name": "web",
        "version": "1.0.0",
        "image": {"reference": "127.0.0.1:5000/web:1.0.0-0123456789ab"},
        "ports": {"http": {"to": 3000}},
    }


def test_the_parts_of_a_job_keep_their_names() -> None:
    job = read("small")["job"]
    group = job["TaskGroups"][0]
    group["Name"], group["Tasks"][0]["Name"] = "Group One", "server"
    group["Services"][0] |= {"Name": "site", "Tags": ["a"]}
    group["Meta"] = {"team": "a"}
    job["TaskGroups"].append({"Name": "second", "Tasks": [{"Name": "t", "Driver": "exec"}]})
    data = imported(job)
    assert (data["group_name"], data["task_name"]) == ("Group One", "server")
    assert normal(build(data)) == normal(job)


@pytest.mark.parametrize(
    "change",
    [
        {"Config": {"image": "redis", "args": ["${HOME}", "$${x}", "%{"], "ports": [], "network_mode": "host"}},
        {"Env": {"a-b": "1", "PORT": "9", "X": "${Y}", "Y": "1"}},
        {"Templates": [{"DestPath": "${NOMAD_TASK_DIR}/x", "EmbeddedTmpl": "{{ x }}", "ChangeMode": "restart"}]},
        {"Templates": [{"DestPath": "local/x", "EmbeddedTmpl": "[[ x ]] {{", "LeftDelim": "[[", "RightDelim": "]]"}]},
        {"Resources": {"CPU": 20, "MemoryMB": 1}},
        {"KillTimeout": 0, "User": "", "Vault": {"Policies": ["p"]}},
        {"Driver": "raw_exec", "Config": {"command": "/bin/x", "ports": ["http"]}},
        {"Lifecycle": {"Hook": "prestart", "Sidecar": False}},
    ],
)
def test_what_no_field_can_say_is_kept(change: dict[str, Any]) -> None:
    job = read("small")["job"]
    job["TaskGroups"][0]["Tasks"][0] |= change
    assert normal(build(imported(job))) == normal(job)


def test_an_image_that_only_a_node_knows() -> None:
    """Finding RW-67: a job with the proxy of a sidecar, `${meta.connect.sidecar_image}`, ended in a traceback."""
    job = read("finished-image")["job"]
    own = job["TaskGroups"][0]["Tasks"][0]
    beside = {"Name": "side", "Driver": "docker", "Config": {"image": "${meta.side_image}"}}
    job["TaskGroups"][0]["Tasks"] = [own, beside]
    data = imported(job)
    assert data["job"]["TaskGroups"][0]["Tasks"][0]["Config"]["image"] == "${meta.side_image}"
    assert normal(build(data)) == normal(job)
    own["Config"]["image"] = "${meta.image}"
    with pytest.raises(
        SettingsError, match=r'its image "\$\{meta.image\}" is known to its nodes only: no service.yaml'
    ):
        imported(job)


def test_what_a_teams_defaults_say_is_said_otherwise() -> None:
    team = {"env": {"A": "1"}, "resources": {"memory_mb": 64}, "check": {"interval_s": 1}, "tags": ["t"], "count": 2}

    def complete(data: dict[str, Any]) -> dict[str, Any]:
        own = Layer({key: value for key, value in data.items() if key != "name"}, str)
        return {"name": data.get("name"), **Layers([Layer(team, str), own], own).merged()}

    job = read("small")["job"]
    data = imported(job, complete=complete)
    assert data["env"] == {"A": None}
    assert normal(build(complete(data))) == normal(job)
    job["TaskGroups"][0]["Count"] = 2
    assert "count" not in imported(job, complete=complete)


@pytest.mark.parametrize("id_", ["a/periodic-1", "team/web", "größe", "__"])
def test_a_job_that_no_service_can_be_is_refused(id_: str) -> None:
    with pytest.raises(SettingsError, match=r"no service.yaml can say this job; use pulumi_nomad.Job for it"):
        imported({**read("small")["job"], "ID": id_, "Name": id_})


@pytest.mark.parametrize(
    ("id_", "name", "expected"),
    [
        ("My_Job.v2", "My_Job.v2", {"name": "my-job-v2", "job_id": "My_Job.v2"}),
        ("web", "The web", {"name": "web", "job_name": "The web"}),
    ],
)
def test_a_job_keeps_its_id_and_its_name(id_: str, name: str, expected: dict[str, str]) -> None:
    """Findings job-files 13 and 14: an ID that is no name for DNS, and a name that is not the ID."""
    job = {**read("small")["job"], "ID": id_, "Name": name}
    data = imported(job)
    assert {key: data[key] for key in ("name", "job_id", "job_name") if key in data} == expected
    assert normal(build(data)) == normal(job)


LEAVES = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a"])
PARTS = st.lists(st.fixed_dictionaries({"Name": st.sampled_from("xyz")}, optional={"V": LEAVES}), max_size=3)
PORTS = st.lists(st.fixed_dictionaries({"Label": st.sampled_from("xyz")}, optional={"V": LEAVES}), max_size=3)
JOBS = st.recursive(
    st.dictionaries(st.sampled_from("ABC"), LEAVES.filter(lambda it: it is not None) | PARTS | PORTS, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("ABC"), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@example({"A": {"B": [{"Name": "x"}]}}, {"A": {"B": [{"V": False, "Name": "x"}, {"Name": "y"}]}})
@given(JOBS, JOBS)
def test_the_remainder_makes_the_wanted_of_the_built(built: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert normal(merged(built, remainder(built, wanted))) == normal(wanted)
