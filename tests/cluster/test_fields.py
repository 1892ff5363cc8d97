"""Every field of service.yaml, as Nomad takes it."""

from typing import Any

import pytest

from tests.cluster.api import Api
from tests.unit.components.jobspec_cases import CASES, read
from toolchain.cluster import Addresses

pytestmark = pytest.mark.cluster


def without_vault(job: dict[str, Any]) -> dict[str, Any]:
    """Whether Vault may be used is a setting of the server, and the tests' servers have none."""
    for group in job["TaskGroups"]:
        for task in group["Tasks"]:
            task.pop("Vault", None)
    return job


def test_nomad_accepts_the_job_of_every_case(addresses: Addresses) -> None:
    nomad = Api(addresses.nomad)
    jobs = {name: without_vault(read(name)["job"]) for name in CASES}
    for namespace in {job.get("Namespace", "default") for job in jobs.values()} - {"default"}:
        nomad.call("PUT", "/v1/namespace", {"Name": namespace})
    for pool in {job.get("NodePool", "default") for job in jobs.values()} - {"default"}:
        nomad.call("PUT", f"/v1/node/pool/{pool}", {"Name": pool})
    refused = []
    for name, job in jobs.items():
        # There is one region, and another would be asked.
        answer = nomad.call("PUT", "/v1/validate/job", {"Job": {**job, "Region": "global"}})
        refused += [f"{name}: {answer[key]}" for key in ("Error", "ValidationErrors") if answer[key]]
    assert "\n".join(refused) == ""
