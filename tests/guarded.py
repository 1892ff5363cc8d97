"""Fixtures: a second cluster, with ACLs and mutual TLS, once for all tests that use it; they run in one process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.project import Project, service_name
from tests.faults.secured import Secured, secured_cluster
from tests.quick_engine.stack import Stack


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "secured" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("secured"))


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A cluster with ACLs and mutual TLS."""
    with secured_cluster(tmp_path_factory.mktemp("secured")) as started:
        yield started


@pytest.fixture
def guarded(secured: Secured, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    """A program of the test's own that speaks to the secured cluster, with the tokens that may do everything."""
    project = Project(tmp_path, secured.addresses(), service_name(request.node.name))
    project.environment.update(secured.environment())
    project.nomad, project.consul = secured.nomad_api(), secured.consul_api()
    yield project
    project.clean_up()


@pytest.fixture
def guarded_stack(secured: Secured, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The same without the CLI."""
    stack = Stack(tmp_path, secured.addresses(), service_name(request.node.name))
    stack.environment.update(secured.environment())
    stack.nomad, stack.consul = secured.nomad_api(), secured.consul_api()
    yield stack
    stack.clean_up()
