"""Jobs as a real Nomad has registered them become services, and the same jobs again."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.importing.nomad import equal_service
from components.importing.service import build
from providers.nomad.additions import without_additions
from providers.nomad.drift import content
from providers.nomad.job_difference import differences
from providers.nomad.jobspec_keys import accepted
from tests.unit.providers.recordings import FOLDER

NEEDS_MORE = {
    "max-parallel-0-failed",
    "no-deployment-max-parallel-0",
    "static-port-taken",
}
"""Jobs with something that no key says: updates without a deployment, two instances with one static port."""


def registered(value: Any) -> Iterator[dict[str, Any]]:
    """The registered jobs in an answer of Nomad."""
    if isinstance(value, list):
        for inner in value:
            yield from registered(inner)
    elif isinstance(value, dict):
        if "JobModifyIndex" in value and value.get("Version") is not None and value.get("TaskGroups"):
            yield value
        else:
            for inner in value.values():
                yield from registered(inner)


JOBS = [
    pytest.param(job, file.stem in NEEDS_MORE, id=f"{file.stem}-{number}")
    for file in sorted(FOLDER.glob("*.json"))
    for number, job in enumerate(registered(json.loads(file.read_text(encoding="utf-8"))))
    if job["ID"] != "-"
]


@pytest.mark.parametrize(("job", "needs_more"), JOBS)
def test_a_registered_job_becomes_the_very_same_job(job: dict[str, Any], needs_more: bool) -> None:
    """Nomad's answers have null for empty lists, and all defaults."""
    given = accepted(content(job))
    service = equal_service(given)
    assert not differences(without_additions(given), build(service))
    assert ("job" in service) == needs_more
