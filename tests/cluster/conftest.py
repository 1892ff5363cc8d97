"""The cluster that the tests run on: one of their own, so that the user's is never touched."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.project import CLUSTER, Project
from toolchain import cluster
from toolchain.cluster import Addresses


@pytest.fixture(scope="session")
def addresses() -> Iterator[Addresses]:
    """A new cluster. Fails loudly where it cannot be started; what a killed run left is ended and deleted first."""
    cluster.reset(CLUSTER)
    started = cluster.start(CLUSTER)
    yield started
    cluster.stop(CLUSTER)


@pytest.fixture
def project(addresses: Addresses, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    """The program of this checkout with a backend, a stack and a service of the test's own; its jobs end afterwards."""
    project = Project(tmp_path, addresses, name=_service_name(request.node.name))
    yield project
    project.clean_up()


def _service_name(test: str) -> str:
    """A name that no other test has: jobs of all tests live in one cluster."""
    return test.removeprefix("test_").replace("_", "-")[:60].strip("-")
