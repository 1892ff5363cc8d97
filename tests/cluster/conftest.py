"""The clusters that the tests run on, one for each process that runs a part of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.api import Api
from tests.cluster.folders import CLUSTERS, cluster_folder, is_kept
from tests.cluster.project import Project, service_name
from tests.quick_engine.stack import Stack
from toolchain import cluster
from toolchain.cluster import Addresses


def pytest_sessionstart() -> None:
    """Ends and deletes what a killed run left, once, before the processes start."""
    if "PYTEST_XDIST_WORKER" not in os.environ and not is_kept():
        for left in sorted(CLUSTERS.glob("[!.]*")):
            cluster.reset(left)


@pytest.fixture(scope="session")
def addresses() -> Iterator[Addresses]:
    """A new cluster, or the one of `--cluster`. Fails loudly where it cannot be started."""
    started = cluster.start(cluster_folder())
    yield started
    if not is_kept():
        cluster.stop(cluster_folder())


@pytest.fixture
def project(addresses: Addresses, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    """The program of this checkout with a backend, a stack and a service of the test's own; its jobs end afterwards."""
    project = Project(tmp_path, addresses, name=service_name(request.node.name))
    yield project
    project.clean_up()


@pytest.fixture
def stack(addresses: Addresses, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """A stack of the test's own on the quick engine; its jobs end afterwards."""
    stack = Stack(tmp_path, addresses, name=service_name(request.node.name))
    yield stack
    stack.clean_up()


@pytest.fixture
def no_variables(addresses: Addresses, request: pytest.FixtureRequest) -> Iterator[None]:
    """Jobs of a test end with it; the variable that has its name is deleted here."""
    yield
    Api(addresses.nomad).call("DELETE", f"/v1/var/{service_name(request.node.name)}")
