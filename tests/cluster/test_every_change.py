"""For every key of every job: what changes it is shown by a preview and is in Nomad after `up`; nothing else is.

`--diff-changes N` sets how many changes are made, `--diff-seed` what is random: the day, where it is not given. Several
processes share a longer run by a seed each; `--diff-job` repeats one job of a seed, by the number that a problem has.
Findings of the reviews that this covers: job-files 1 (a to h), 4, 5.
"""

import asyncio

import pytest

from tests.cluster.api import Api
from tests.cluster.change_walk import changes_of_jobs
from tests.cluster.full_mesh import SERVED
from toolchain.cluster import Addresses

pytestmark = pytest.mark.cluster


@pytest.fixture
def consul_knows_them(addresses: Addresses) -> None:
    """Tells Consul that what is behind the ingress gateway speaks HTTP."""
    for name in (SERVED, f"{SERVED}-2"):
        entry = {"Kind": "service-defaults", "Name": name, "Protocol": "http"}
        Api(addresses.consul).call("PUT", "/v1/config", entry)


def test_every_change_is_shown_and_registered(
    addresses: Addresses,
    consul_knows_them: None,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    most, seed, only = (request.config.getoption(f"--diff-{name}") for name in ("changes", "seed", "job"))

    def tell(progress: str) -> None:
        with capsys.disabled():
            print(f"\n--diff-seed {seed}: {progress}", end="", flush=True)

    tally = asyncio.run(changes_of_jobs(addresses.nomad, most, seed, tell, only))
    print(f"--diff-seed {seed}: {tally.made} changes: {dict(tally.counted)}")
    problems = "\n".join(tally.problems)
    assert not problems, f"--diff-seed {seed}: {len(tally.problems)} problems:\n{problems}"
