"""The fixtures of the cluster tests: faults are done to the same clusters."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from tests.cluster.conftest import addresses, project, pytest_sessionstart, stack
from tests.cluster.project import Project, service_name
from tests.faults.proxy import Proxy
from tests.faults.serving import Serving
from tests.quick_engine.stack import Stack
from toolchain.cluster import Addresses

__all__ = ["addresses", "project", "pytest_sessionstart", "stack"]

KILL_ROUNDS, SOAK_DEPLOYMENTS = 6, 4
"""How long the tests go on in `make test` that go on at random. `make faults` gives more (toolchain/faults.sh)."""

T = TypeVar("T", Project, Stack)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the tests go on that go on at random, and where they begin."""
    text = f"how often `up` is killed at random (default: {KILL_ROUNDS})"
    parser.addoption("--kill-rounds", type=int, default=KILL_ROUNDS, help=text)
    text = f"how many deployments the soak has, good and bad (default: {SOAK_DEPLOYMENTS})"
    parser.addoption("--soak-deployments", type=int, default=SOAK_DEPLOYMENTS, help=text)
    today = int(f"{datetime.datetime.now(datetime.UTC):%Y%m%d}")
    text = "what decides all that is random (default: the day, such as 20261128)"
    parser.addoption("--seed", type=int, default=today, help=text)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a module that share a service run in one process."""
    for item in items:
        for shared in {"serving", "serving_by_cli"}.intersection(getattr(item, "fixturenames", ())):
            module = item.nodeid.partition("::")[0]
            item.add_marker(pytest.mark.xdist_group(f"{shared} of {module}"))


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed of what is random in tests/faults: {config.getoption('seed')} (--seed)"


@pytest.fixture(scope="module")
def served_stack(
    addresses: Addresses, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Serving[Stack]]:
    name = service_name(request.module.__name__.rpartition(".")[2])
    serving = Serving(Stack(tmp_path_factory.mktemp(name), addresses, name))
    yield serving
    serving.target.clean_up()


@pytest.fixture(scope="module")
def served_project(
    addresses: Addresses, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Serving[Project]]:
    name = service_name(request.module.__name__.rpartition(".")[2])
    serving = Serving(Project(tmp_path_factory.mktemp(name), addresses, f"{name}-cli"))
    yield serving
    serving.target.clean_up()


@pytest.fixture
def serving(served_stack: Serving[Stack]) -> Iterator[Serving[Stack]]:
    """A service that serves, deployed by the quick engine; the module's tests share it."""
    with _test_of(served_stack) as serving:
        yield serving


@pytest.fixture
def serving_by_cli(served_project: Serving[Project]) -> Iterator[Serving[Project]]:
    """A service that serves, deployed by the real CLI; the module's tests share it."""
    with _test_of(served_project) as serving:
        yield serving


@contextmanager
def _test_of(serving: Serving[T]) -> Iterator[Serving[T]]:
    environment = dict(serving.target.environment)
    serving.begin()
    yield serving
    serving.target.environment.clear()
    serving.target.environment.update(environment)


@pytest.fixture
def nomad_proxy(addresses: Addresses, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    """Stands before Nomad's API, for the test's program."""
    with Proxy(addresses.nomad) as proxy:
        _environment(request)["NOMAD_ADDR"] = proxy.address
        yield proxy


@pytest.fixture
def consul_proxy(addresses: Addresses, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    """Stands before Consul's API, for the test's program."""
    with Proxy(addresses.consul) as proxy:
        _environment(request)["CONSUL_HTTP_ADDR"] = proxy.address
        yield proxy


def _environment(request: pytest.FixtureRequest) -> dict[str, str | None]:
    """That of the test's program: of the one fixture of these that it has."""
    (name,) = {"project", "stack", "serving", "serving_by_cli"}.intersection(request.fixturenames)
    value = request.getfixturevalue(name)
    environment: dict[str, str | None] = (value.target if isinstance(value, Serving) else value).environment
    return environment
