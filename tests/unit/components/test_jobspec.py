"""Jobs as Nomad's API takes them. Each file in jobspec/ holds an input and the whole expected job."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.jobspec import Placement, build_job
from components.validation import validate

CASES = sorted(Path(__file__).with_name("jobspec").glob("*.json"))


def build(case: dict[str, Any]) -> dict[str, Any]:
    service = validate(case["service"], lambda path: ".".join(map(str, path)))
    placement = case.get("placement", {})
    where = Placement(**{**placement, "datacenters": tuple(placement.get("datacenters", ["dc1"]))})
    return build_job(service, case["image"], where, built=case["built"])


@pytest.mark.parametrize("file", CASES, ids=[file.stem for file in CASES])
def test_the_whole_job(file: Path) -> None:
    case = json.loads(file.read_text())
    assert build(case["input"]) == case["job"]


def test_there_are_cases() -> None:
    assert len(CASES) >= 4


def test_equal_input_gives_an_equal_text() -> None:
    case = json.loads(CASES[0].read_text())["input"]
    reordered = {**case, "service": dict(reversed(case["service"].items()))}
    assert json.dumps(build(case), sort_keys=True) == json.dumps(build(reordered), sort_keys=True)


def test_a_job_does_not_share_the_mark_of_built_images() -> None:
    case = json.loads(CASES[0].read_text())["input"]
    for _ in range(2):
        task = build({**case, "built": True})["TaskGroups"][0]["Tasks"][0]
        assert task["Meta"] == {"caravan_image": "built"}
        task["Meta"]["more"] = "x"


def services_mark(**changes: Any) -> str:
    case = json.loads((CASES[0].parent / "small.json").read_text())["input"]
    job = build({**case, "service": {**case["service"], **changes}})
    mark: str = job["TaskGroups"][0]["Meta"]["caravan_services"]
    return mark


def test_a_changed_check_marks_the_group_so_that_it_goes_through_a_canary() -> None:
    assert services_mark(check={"path": "/ready"}) != services_mark(check={"path": "/health"})


def test_changed_tags_do_not_mark_the_group() -> None:
    assert services_mark(tags=["blue"]) == services_mark()
