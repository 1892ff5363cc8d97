"""The path of every user: first deployment, no change, a change, the end."""

import re
import subprocess
import urllib.request
from collections.abc import Iterator

import pytest

from tests.cluster.deployed import Deployed, deployed_example
from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.observation import Observation
from toolchain.cluster import Addresses
from toolchain.docker_api import Docker
from toolchain.embedded.local_http import get_json

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("deploy")]


@pytest.fixture(scope="module")
def deployed(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with deployed_example(addresses, tmp_path_factory.mktemp("deploy"), "deploy") as deployed:
        yield deployed


@pytest.fixture
def example(deployed: Deployed) -> Deployed:
    deployed.begin()
    return deployed


def hello(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        text: str = response.read().decode()
    return text


def tags(project: Project) -> list[str]:
    answer = get_json(project.addresses.registry, f"/v2/{project.name}/tags/list")
    return sorted(answer["tags"])


def test_from_the_first_deployment_to_the_end(project: Project) -> None:
    """It serves, a second `up` changes nothing, and `destroy` leaves nothing behind."""
    preview = project.preview()
    assert f'job "{project.name}": new' in preview.text
    assert f"scheduler: group {project.name}: 1 create" in preview.text
    assert project.nomad.job(project.name) is None

    project.up()

    outputs = project.outputs()
    assert outputs["version"] == 0
    assert outputs["image"].startswith(f"{project.addresses.registry}/{project.name}:1.0.0-")
    assert re.search(r"@sha256:[0-9a-f]{64}$", outputs["image"])
    assert [url.removeprefix("http://") for url in outputs["urls"]] == project.consul.healthy(project.name)
    allocation = project.nomad.running(project.name)[0]["ID"]
    assert hello(outputs["urls"][0]) == f"Hello from microservice-example@1.0.0\nallocation {allocation}\n"

    pushed = tags(project)
    again = project.up()
    assert re.search(r"Resources:\n\s+\d+ unchanged\n", again.text), again.text
    assert tags(project) == pushed
    assert project.nomad.job(project.name)["Version"] == 0

    project.run("destroy", "--yes")

    assert project.nomad.job(project.name) is None
    assert project.consul.call("GET", f"/v1/health/service/{project.name}") == []
    docker = Docker(project.addresses.docker_host)
    names = subprocess.run(
        ["docker", "-H", docker.host, "ps", "-a", "--format", "{{.Names}}"], capture_output=True, text=True, check=True
    ).stdout
    assert allocation not in names


def test_a_changed_text_previews_as_itself_and_loses_no_request(example: Deployed) -> None:
    project = example.project
    old = project.outputs()["image"].partition("@")[0]
    project.edit("Hello", "Good morning,")

    # With the preview before it.
    with Load(project.consul, project.name) as load:
        up = project.up()
    load.lost_none()
    block = up.block(f'job "{project.name}", version {example.version} in Nomad now:').splitlines()
    new = re.search(r'→ "([^"]+)"', block[1])
    assert new
    assert new[1] != old
    assert new[1].startswith(old.rpartition("-")[0])
    where = f"group {project.name}, task {project.name}"
    assert [line.strip() for line in block] == [
        f'job "{project.name}", version {example.version} in Nomad now:',
        f'~ {where}: Config.image "{old}" → "{new[1]}"',
        f"scheduler: group {project.name}: 1 canary, 1 ignore",
        f"group {project.name}: all 1 running instance keeps serving until 1 canary is healthy",
    ]
    assert load.answers == {example.greeting, example.greeting.replace("Hello", "Good morning,")}
    assert project.outputs()["image"].startswith(new[1])
    assert len(project.nomad.running(project.name)) == 1


@pytest.mark.fault(3, "a changed check that is wrong, under load")
def test_a_changed_check_goes_through_a_canary(example: Deployed, seen: Observation) -> None:
    """Nomad would change a check in place, on the instance that serves: a bad one would take it out of Consul."""
    project = example.project
    project.override({"check": {"path": "/not-there"}})

    with Load(project.consul, project.name) as load:
        failed = project.up("--skip-preview", check=False)
    assert failed.code != 0
    seen.reads(failed.text, "404")
    load.lost_none()


@pytest.mark.fault(26, "from 1 to 2")
def test_a_changed_count_restarts_nothing(example: Deployed) -> None:
    project = example.project
    before = {a["ID"] for a in project.nomad.running(project.name)}
    project.override({"count": 2})

    project.up("--skip-preview")

    after = {a["ID"] for a in project.nomad.running(project.name)}
    assert before < after
    assert len(after) == 2
    assert len(project.outputs()["urls"]) == 2


def test_a_build_that_fails_shows_the_step_and_touches_no_job(example: Deployed) -> None:
    project = example.project
    project.edit("COPY server.py ./", 'COPY server.py ./\nRUN echo "no such library: xyz" >&2; exit 7', "Dockerfile")

    failed = project.up(check=False)

    assert failed.code != 0
    assert "no such library: xyz" in failed.text
    assert re.search(r"Dockerfile, line \d+", failed.text)
    example.unharmed()
    assert len(project.consul.healthy(project.name)) == 1
