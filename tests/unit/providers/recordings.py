"""Answers of a real Nomad (1.11.3), trimmed to what is read from them; see the folder `recorded`."""

import json
from pathlib import Path
from typing import Any

from providers.nomad.client import Json
from providers.nomad.snapshot import Snapshot

FOLDER = Path(__file__).parent / "recorded"


def recorded(name: str) -> Any:
    """The recorded answer of that name."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def snapshot(name: str) -> Snapshot:
    """A recorded moment of a rollout."""
    record = recorded(name)
    return Snapshot(
        job=record["job"],
        version=record["version"],
        current_version=record["current_version"],
        deployments=record["deployments"],
        evaluations=[
            evaluation
            for evaluation in record.get("evaluations") or []
            if evaluation["CreateIndex"] >= record["job"]["JobModifyIndex"]
        ],
        allocations=record["allocations"],
        stopped=record["stopped"],
    )


def deployment_of(record: Json, version: int) -> Json | None:
    """The deployment of a version, None where Nomad made none."""
    return next((d for d in record["deployments"] if d["JobVersion"] == version), None)
