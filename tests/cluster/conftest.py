"""The clusters that the tests run on, one for each process that runs a part of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.project import CLUSTER, CLUSTERS, Project, service_name
from toolchain import cluster
from toolchain.cluster import Addresses


def pytest_sessionstart() -> None:
    """Ends and deletes what a killed run left, once, before the processes start."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        for left in sorted(CLUSTERS.glob("[!.]*")):
            cluster.reset(left)


@pytest.fixture(scope="session")
def addresses() -> Iterator[Addresses]:
    """A new cluster. Fails loudly where it cannot be started."""
    started = cluster.start(CLUSTER)
    yield started
    cluster.stop(CLUSTER)


@pytest.fixture
def project(addresses: Addresses, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    """The program of this checkout with a backend, a stack and a service of the test's own; its jobs end afterwards."""
    project = Project(tmp_path, addresses, name=service_name(request.node.name))
    yield project
    project.clean_up()
