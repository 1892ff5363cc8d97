"""The fixtures of the cluster tests: faults are done to the same clusters."""

from collections.abc import Iterator

import pytest

from tests.cluster.conftest import addresses, project, pytest_sessionstart, stack
from tests.cluster.project import Project
from tests.faults.proxy import Proxy

__all__ = ["addresses", "project", "pytest_sessionstart", "stack"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the tests go on that go on at random."""
    parser.addoption("--kill-rounds", type=int, default=50, help="how often `up` is killed at random (default: 50)")
    text = "how many deployments the soak has, good and bad (default: 8)"
    parser.addoption("--soak-deployments", type=int, default=8, help=text)
    parser.addoption("--seed", type=int, default=1, help="what decides all that is random (default: 1)")


@pytest.fixture
def nomad_proxy(project: Project) -> Iterator[Proxy]:
    """Stands before Nomad's API, for the project's program."""
    with Proxy(project.addresses.nomad) as proxy:
        project.environment["NOMAD_ADDR"] = proxy.address
        yield proxy


@pytest.fixture
def consul_proxy(project: Project) -> Iterator[Proxy]:
    """Stands before Consul's API, for the project's program."""
    with Proxy(project.addresses.consul) as proxy:
        project.environment["CONSUL_HTTP_ADDR"] = proxy.address
        yield proxy
