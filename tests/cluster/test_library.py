"""The components in other programs: installed with pip, and from YAML by the component provider.

The programs are the ones in README.md and docs/library.md.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.project import Project
from toolchain import host, paths, versions
from toolchain.catalogue import yaml_host
from toolchain.cluster import Addresses
from toolchain.embedded import processes
from toolchain.obtain import Obtainer
from toolchain.progress import Step
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

IMAGE = "registry.example.com/web:1.4.2"
UNCHANGED = re.compile(r"Resources:\n\s+\d+ unchanged\n")


def block(file: str, start: str) -> str:
    """The block of code in a page that begins like this."""
    _, found, rest = (paths.ROOT / file).read_text(encoding="utf-8").partition(start)
    assert found, f"{file} has no block {start!r}"
    return start.partition("\n")[2] + rest.partition("```")[0]


@pytest.fixture(scope="module")
def image(addresses: Addresses) -> str:
    """The example service, finished: built and pushed by somebody else."""
    reference = f"{addresses.registry}/web:1.4.2"
    folder = paths.ROOT / "services" / "microservice-example"
    environment = {"DOCKER_HOST": addresses.docker_host, "DOCKER_BUILDKIT": "0", "PATH": "/usr/bin:/bin:/usr/local/bin"}
    build = ["build", "--quiet", "--build-arg", f"BASE_IMAGE={addresses.base_image}", "--tag", reference, str(folder)]
    for arguments in (build, ["push", reference]):
        subprocess.run(["docker", *arguments], env=environment, check=True, timeout=300)
    return reference


@pytest.fixture
def elsewhere(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A folder that has nothing of the checkout, and is in none that has."""
    project.folder = tmp_path_factory.mktemp("elsewhere")
    yield project
    project.nomad.purge(project.name)


def start(elsewhere: Project, pulumi_yaml: str) -> None:
    (elsewhere.folder / "Pulumi.yaml").write_text(pulumi_yaml)
    elsewhere.run("stack", "init", "dev")


def outputs(elsewhere: Project) -> Any:
    return json.loads(elsewhere.run("stack", "output", "--json").text)


def install(folder: Path) -> Path:
    """`pip install` of the checkout into an environment that sees the checkout's packages; its `bin`."""
    subprocess.run([sys.executable, "-m", "venv", folder / ".venv"], check=True, timeout=300)
    (site,) = (folder / ".venv" / "lib").glob("python*/site-packages")
    (dependencies,) = (paths.VENV / "lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(f"{dependencies}\n")
    pip: list[str | Path] = [folder / ".venv" / "bin" / "pip", "install", "--quiet", "--no-deps", paths.ROOT]
    subprocess.run(pip, check=True, cwd=folder, timeout=300)
    return folder / ".venv" / "bin"


def test_the_program_in_the_readme_deploys_where_the_package_is_installed(elsewhere: Project, image: str) -> None:
    bin_ = install(elsewhere.folder)
    elsewhere.environment |= {"VIRTUAL_ENV": str(bin_.parent), "PATH": f"{bin_}:{elsewhere.environment['PATH']}"}
    program = block("README.md", "```python\nimport pulumi\n\nfrom components import Microservice\n")
    (elsewhere.folder / "__main__.py").write_text(program.replace(IMAGE, image).replace('"web"', f'"{elsewhere.name}"'))
    start(elsewhere, block("docs/library.md", "```yaml\nname: web\nruntime:\n"))

    elsewhere.up("--skip-preview")

    (url,) = outputs(elsewhere)["urls"]
    assert [url] == [f"http://{it}" for it in elsewhere.consul.healthy(elsewhere.name)]
    assert UNCHANGED.search(elsewhere.preview().text)
    elsewhere.run("destroy", "--yes")
    assert elsewhere.consul.healthy(elsewhere.name) == []


def test_a_program_in_yaml_deploys_by_the_component_provider(elsewhere: Project, image: str) -> None:
    with Step("YAML language host") as step:
        tool = yaml_host(versions.load(), host.architecture())
        program = Obtainer(versions.load(), host.architecture()).obtain(tool, step)["pulumi-language-yaml"]
    elsewhere.environment["PATH"] = f"{program.parent}:{elsewhere.environment['PATH']}"
    text = block("docs/library.md", "```yaml\nname: web\nruntime: yaml\n")
    written = yaml.safe_load(text.replace(IMAGE, image).replace("CHECKOUT", str(paths.ROOT)))
    properties = written["resources"]["web"]["properties"]
    properties |= {"name": elsewhere.name, "count": 2, "rollout": {"minHealthyS": 1.5}, "job": {"Priority": 60}}
    start(elsewhere, yaml.safe_dump(written))
    properties["resources"] = {"memoryMb": 1}
    (elsewhere.folder / "Pulumi.yaml").write_text(yaml.safe_dump(written))
    refused = elsewhere.preview(check=False)
    assert refused.code != 0
    assert 'Microservice "web": resources.memory_mb is 1, but must be 10 or more' in refused.text, refused.text
    assert "Traceback" not in refused.text
    assert "site-packages" not in refused.text
    properties["resources"] = {"memoryMb": 32}
    (elsewhere.folder / "Pulumi.yaml").write_text(yaml.safe_dump(written))

    assert "caravan:index:Microservice" in elsewhere.up().text

    found = sorted(f"http://{it}" for it in elsewhere.consul.healthy(elsewhere.name))
    assert len(found) == 2
    assert outputs(elsewhere) == {"image": image, "urls": found}
    assert elsewhere.nomad.job(elsewhere.name)["Priority"] == 60
    elsewhere.run("package", "add", str(paths.ROOT / "components" / "pulumi-resource-caravan"))
    assert UNCHANGED.search(elsewhere.preview().text)


def test_the_component_provider_tells_its_schema_and_ends_with_its_engine(elsewhere: Project) -> None:
    executable = paths.ROOT / "components" / "pulumi-resource-caravan"
    shown = elsewhere.run("package", "get-schema", str(executable))
    schema = json.loads(shown.text)
    microservice = schema["resources"]["caravan:index:Microservice"]
    assert microservice["requiredInputs"] == ["version"]
    memory = schema["types"]["caravan:index:InstanceResourcesArgs"]["properties"]["memoryMb"]["description"]
    assert memory == "10 or more. Source: resources > memory. In MiB. Default 256."

    # An engine that is killed: a shell that has started the plugin and ends without a word to it.
    script = f'"{executable}" 127.0.0.1:1 > port & echo $!; while ! [ -s port ]; do sleep 0.1; done'
    started = subprocess.run(
        ["sh", "-c", script],
        cwd=elsewhere.folder,
        env=elsewhere.environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    assert wait_until(lambda: processes.find(int(started.stdout)) is None, timeout_s=30)
