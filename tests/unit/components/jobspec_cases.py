"""The case files: each holds a service and the whole job that is expected of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from components.jobspec import Placement, build_job
from components.validation import validate

CASES = {file.stem: file for file in sorted(Path(__file__).with_name("cases").glob("*.yaml"))}


def read(name: str) -> dict[str, Any]:
    """`input` and the expected `job` of a case."""
    case: dict[str, Any] = yaml.safe_load(CASES[name].read_text(encoding="utf-8"))
    return case


def build(case: Mapping[str, Any]) -> dict[str, Any]:
    """The job of a case's input."""
    service = validate(case["service"], lambda path: ".".join(map(str, path)))
    placement = case.get("placement", {})
    return build_job(
        service,
        case.get("image", "r/web:1") if service.runs_image else None,
        Placement(**{**placement, "datacenters": tuple(placement.get("datacenters", ["dc1"]))}),
        built=case.get("built", False),
        secrets_version=case.get("secrets_version"),
    )
