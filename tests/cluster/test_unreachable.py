"""A server that is not there: one clear sentence with the address that was tried."""

from collections.abc import Iterator

import pytest

from tests import observation
from tests.cluster.project import Project, Result
from tests.ports import free_ports
from toolchain.cluster import Addresses

# One process: none of them changes anything, so one project serves all.
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("unreachable")]


@pytest.fixture(scope="module")
def example(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with the example."""
    project = Project(tmp_path_factory.mktemp("unreachable"), addresses, "unreachable")
    yield project
    project.clean_up()


@pytest.fixture
def nobody() -> str:
    """host:port where nothing listens."""
    [port] = free_ports(1)
    return f"127.0.0.1:{port}"


def told_once(result: Result, sentence: str) -> None:
    """The sentence stands once in the summary."""
    assert result.code != 0
    observation.current().reads(result.text, sentence)
    assert result.diagnostics.count(sentence) == 1, result.text


@pytest.mark.fault(10, "at preview")
def test_nomad_is_not_there(example: Project, nobody: str) -> None:
    told_once(
        example.preview(check=False, NOMAD_ADDR=f"http://{nobody}"), f"Nomad cannot be reached at http://{nobody}"
    )


@pytest.mark.fault(12, "at preview")
def test_consul_is_not_there(example: Project, nobody: str) -> None:
    result = example.preview(check=False, CONSUL_HTTP_ADDR=f"http://{nobody}")
    told_once(result, f"Consul cannot be reached at http://{nobody}")


def test_docker_is_not_there(example: Project) -> None:
    result = example.preview(check=False, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert result.code != 0
    assert "unix:///nowhere/docker.sock" in result.text


@pytest.mark.fault(13, "at preview")
def test_the_registry_is_not_there(example: Project, nobody: str) -> None:
    result = example.preview(check=False, CARAVAN_REGISTRY=nobody)
    told_once(result, f"the registry {nobody} cannot be reached: connection refused")
