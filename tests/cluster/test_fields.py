"""Every field of service.yaml, as Nomad takes it."""

import pytest

from tests.cluster.api import Api
from tests.unit.components.jobspec_cases import CASES, read
from toolchain.cluster import Addresses

pytestmark = pytest.mark.cluster


def test_nomad_accepts_the_job_of_every_case(addresses: Addresses) -> None:
    nomad = Api(addresses.nomad)
    jobs = {name: read(name)["job"] for name in CASES}
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
