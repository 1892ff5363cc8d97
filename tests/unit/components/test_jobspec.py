"""Jobs as Nomad's API takes them. Each file in cases/ holds an input and the whole expected job."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.jobspec.driver import escaped
from components.jobspec.merge import merged
from components.service_model import Service
from providers.nomad.job_types import fields
from tests.unit.components.jobspec_cases import CASES, build, read


@pytest.mark.parametrize("name", CASES)
def test_the_whole_job(name: str) -> None:
    case = read(name)
    assert build(case["input"]) == case["job"]


def test_every_key_of_a_service_has_a_case() -> None:
    written = {key for name in CASES for key in read(name)["input"]["service"]}
    assert set(Service.model_fields) - written == set()


@pytest.mark.parametrize("name", CASES)
def test_equal_input_gives_an_equal_text(name: str) -> None:
    case = read(name)["input"]
    assert json.dumps(build(case), sort_keys=True) == json.dumps(build(_reversed(case)), sort_keys=True)


def _reversed(value: Any) -> Any:
    """The same, with the keys of every mapping but `job`, whose lists are in the user's order, in another order."""
    if not isinstance(value, dict):
        return value
    return {key: inner if key == "job" else _reversed(inner) for key, inner in reversed(value.items())}


def test_a_job_does_not_share_the_mark_of_built_images() -> None:
    case = read("small")["input"]
    for _ in range(2):
        task = build({**case, "built": True})["TaskGroups"][0]["Tasks"][0]
        assert task["Meta"] == {"caravan_image": "built"}
        task["Meta"]["more"] = "x"


def services_mark(**changes: Any) -> str:
    case = read("small")["input"]
    job = build({**case, "service": {**case["service"], **changes}})
    mark: str = job["TaskGroups"][0]["Meta"]["caravan_services"]
    return mark


def test_a_changed_check_marks_the_group_so_that_it_goes_through_a_canary() -> None:
    assert services_mark(check={"path": "/ready"}) != services_mark(check={"path": "/health"})


def test_changed_tags_do_not_mark_the_group() -> None:
    assert services_mark(tags=["blue"]) == services_mark()


def test_a_new_version_of_secrets_changes_the_group_and_nothing_else() -> None:
    case = read("secrets")["input"]
    one, other = build(case), build({**case, "secrets_version": "rotated"})
    assert other["TaskGroups"][0]["Meta"].pop("caravan_secrets") == "rotated"
    del one["TaskGroups"][0]["Meta"]["caravan_secrets"]
    assert one == other


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${HOME}", "$${HOME}"),
        ("${PORT}", "${PORT}"),
        ("${NOMAD_ALLOC_ID} ${attr.cpu.arch} ${meta.rack} ${node.class}", None),
        ("${PORT:-80}", "$${PORT:-80}"),
        ('${env["A"]}', '$${env["A"]}'),
        ("%{ if x }", "%%{ if x }"),
        ("$PORT 100% $$ {} \\ \"quoted\" 'too'\n", None),
        ("${", "$${"),
    ],
)
def test_arguments_reach_the_process_as_they_are_written(text: str, expected: str | None) -> None:
    assert escaped(text, frozenset({"PORT"})) == (text if expected is None else expected)


@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        ({"A": {"B": 1, "C": 2}}, {"A": {"C": 3}}, {"A": {"B": 1, "C": 3}}),
        ({"A": [{"Name": "x", "V": 1}]}, {"A": [{"Name": "x", "W": 2}]}, {"A": [{"Name": "x", "V": 1, "W": 2}]}),
        ({"A": [{"Name": "x"}]}, {"A": [{"Name": "y"}]}, {"A": [{"Name": "x"}, {"Name": "y"}]}),
        ({"A": [1, 2]}, {"A": [3]}, {"A": [3]}),
        ({"A": [{"Name": "x"}]}, {"A": [{"Other": 1}]}, {"A": [{"Other": 1}]}),
        ({"A": [{"Name": "x"}, {"Name": "x"}]}, {"A": [{"Name": "x"}]}, {"A": [{"Name": "x"}]}),
        ({"A": 1, "B": {"C": 2, "D": 3}}, {"A": None, "B": {"C": None}}, {"B": {"D": 3}}),
        ({"A": [{"Name": "x"}, {"Name": "y"}]}, {"A": [{"Name": "x", "$patch": "delete"}]}, {"A": [{"Name": "y"}]}),
        ({"A": [{"Name": "x"}]}, {"A": [{"Name": "z", "$patch": "delete"}]}, {"A": [{"Name": "x"}]}),
        ({"A": {"B": 1}}, {"A": 2}, {"A": 2}),
        (
            {"A": [{"Label": "x", "V": 1}, {"Label": "y"}]},
            {"A": [{"Label": "x", "$patch": "merge", "W": 2}]},
            {"A": [{"Label": "x", "V": 1, "W": 2}, {"Label": "y"}]},
        ),
        (
            {"A": [{"DestPath": "x"}, {"DestPath": "y"}]},
            {"A": [{"DestPath": "x", "$patch": "delete"}, {"DestPath": "z", "$patch": "merge", "V": 1}]},
            {"A": [{"DestPath": "y"}, {"DestPath": "z", "V": 1}]},
        ),
        ({"A": [{"V": 1}]}, {"A": [{"$patch": "merge", "W": [{"X": 1}]}]}, {"A": [{"V": 1, "W": [{"X": 1}]}]}),
        ({}, {"A": [{"Label": "x", "$patch": "merge"}]}, {"A": [{"Label": "x"}]}),
    ],
)
def test_the_escape_hatch_is_merged_part_by_part(
    below: dict[str, Any], above: dict[str, Any], expected: dict[str, Any]
) -> None:
    before = json.dumps(below)
    assert merged(below, above) == expected
    assert json.dumps(below) == before


def test_secrets_are_where_the_job_may_read_them() -> None:
    """Nomad lets a job read nomad/jobs/ and its ID, whatever the service's name."""
    case = read("secrets")["input"]
    text = json.dumps(build({**case, "service": {**case["service"], "job_id": "Web_1"}}))
    assert "nomad/jobs/Web_1" in text
    assert "nomad/jobs/web" not in text


@pytest.mark.parametrize("name", CASES)
def test_every_key_of_a_job_is_one_of_nomads(name: str) -> None:
    """What Nomad does not know it drops without a word."""
    job = build(read(name)["input"])
    assert list(unknown(job, "Job", "")) == []


def unknown(value: Any, struct: str, path: str) -> Iterator[str]:
    """The keys below a struct of a job that Nomad does not have."""
    for key, inner in value.items():
        type_ = fields(struct).get(key)
        if type_ is None:
            yield f"{path}.{key}"
        elif type_.kind == "struct":
            parts = inner if isinstance(inner, list) else inner.values() if type_.many == "{}" else [inner]
            for part in parts:
                yield from unknown(part, type_.struct, f"{path}.{key}")
