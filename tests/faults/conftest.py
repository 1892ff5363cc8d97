"""The fixtures of the cluster tests: faults are done to the same clusters."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.conftest import addresses, project, pytest_sessionstart, stack
from tests.cluster.project import Project, service_name
from tests.faults.proxy import Proxy
from tests.faults.secured import Secured, secured_cluster, secured_project

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


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A second cluster, with ACLs and mutual TLS."""
    with secured_cluster(tmp_path_factory.mktemp("secured")) as started:
        yield started


@pytest.fixture
def guarded(secured: Secured, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    """A program of the test's own that speaks to the secured cluster, with the tokens that may do everything."""
    project = secured_project(tmp_path, secured, service_name(request.node.name))
    yield project
    project.clean_up()
