"""Environments through the real CLI: what each layer changes, what staging and prod would do, a registry's account."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.folders import cluster_folder
from tests.cluster.private_registry import PASSWORD, USERNAME, private_registry, tags
from tests.cluster.project import FAST, Project
from tests.quick_engine.services import StackServices
from tests.quick_engine.stack import Stack
from toolchain import cluster, paths

pytestmark = pytest.mark.cluster

EXAMPLE = "microservice-example"


def environment(project: Project, stack: str) -> None:
    """Takes the checkout's own example of an environment, with the addresses of the test's cluster."""
    shutil.copytree(paths.ROOT / "services", project.folder / "services", dirs_exist_ok=True)
    written = yaml.safe_load((paths.ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text())
    config = {key: value for key, value in written["config"].items() if key.startswith("caravan:")}
    registry = config["caravan:registry"]
    here = project.addresses.registry
    config["caravan:registry"] = {**registry, "address": here} if isinstance(registry, dict) else here
    write(project.folder / "stacks" / f"Pulumi.{stack}.yaml", {"config": config})
    project.environment |= cluster.start(cluster_folder(), examples=True).environment()
    project.run("stack", "init", stack)
    project.run("config", "set", "--secret", "--path", "caravan:secrets.shop-store.REDIS_PASSWORD", "planted-secret")


def write(path: Path, content: Any) -> None:
    path.write_text(yaml.safe_dump(content))


def shown(key: str, value: str, preview: str) -> bool:
    """Whether the jobspec of a new job, as the CLI shows it, has the value at the key."""
    return re.search(rf"\b{key} *: {re.escape(value)}\n", preview) is not None


@pytest.fixture
def staging(project: Project) -> Iterator[str]:
    """The namespace of the example."""
    project.nomad.call("POST", "/v1/namespace/staging", {"Name": "staging"})
    yield "staging"
    project.nomad.call("DELETE", "/v1/namespace/staging")


def test_staging_previews_with_its_differences(project: Project, request: pytest.FixtureRequest) -> None:
    """Once its namespace is there: without it that is told at preview."""
    environment(project, "staging")
    refused = project.preview(check=False)
    assert refused.code != 0
    assert 'namespace "staging"' in refused.text

    request.getfixturevalue("staging")
    preview = project.preview("--diff").text
    assert f'job "{EXAMPLE}": new' in preview
    assert shown("Namespace", '"staging"', preview)
    assert shown("MemoryMB", "128", preview)
    assert shown("ENVIRONMENT", '"staging"', preview)
    assert shown("SHOP_NAME", '"The tea shop (staging)"', preview)
    assert shown("address", '"payments-sandbox.example.com"', preview)
    assert "planted" not in preview


def test_prod_previews_with_its_differences(project: Project) -> None:
    environment(project, "prod")
    refused = project.preview(check=False)
    assert refused.code != 0
    command = "pulumi config set --secret --path 'caravan:registry.password'"
    assert f"caravan:registry.password is missing, but there is a username: {command}." in refused.text

    project.run("config", "set", "--secret", "--path", "caravan:registry.password", "planted-password")
    preview = project.preview("--diff").text
    assert f"scheduler: group {EXAMPLE}: 3 create" in preview
    assert shown("MinHealthyTime", "30000000000", preview)
    assert shown("ENVIRONMENT", '"prod"', preview)
    assert "scheduler: group shop-api: 3 create" in preview
    assert shown("address", '"payments.example.com"', preview)
    assert '"30 15 * * *"' in preview
    assert "planted" not in preview


def test_each_layer_is_over_the_ones_below(stack: Stack) -> None:
    services = StackServices(stack, "web")
    web = services.name("web")
    services.stack = {"caravan:defaults": {key: value for key, value in FAST.items() if key != "resources"}}
    (stack.folder / "services" / "defaults.yaml").write_text("resources: {memory_mb: 70}\n")
    services.write()
    stack.up()
    resources = stack.nomad.job(web)["TaskGroups"][0]["Tasks"][0]["Resources"]
    assert resources["MemoryMB"] == 70

    def previews(megabytes: int) -> None:
        services.write()
        assert f'Resources.MemoryMB "70" → "{megabytes}"' in stack.preview().text

    services.written[web]["resources"] = {"memory_mb": 71}
    previews(71)
    services.stack["caravan:defaults"]["resources"] = {"memory_mb": 72}
    previews(72)
    services.overrides[web] = {"resources": {"memory_mb": 73}}
    previews(73)


def test_an_account_of_a_registry(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Its password is used for the push, and stands nowhere in plain text."""
    (project.folder / "__main__.py").unlink()
    (project.folder / "__main__.py").write_text(
        "from components.program import build_images, read_settings\nbuild_images(read_settings())\n"
    )
    with private_registry(tmp_path_factory.mktemp("registry")) as address:
        plain = (
            "--plaintext",
            f"caravan:registry.address={address}",
            "--plaintext",
            f"caravan:registry.username={USERNAME}",
        )
        set_all = ("config", "set-all", "--path")
        project.run(*set_all, *plain, "--secret", "caravan:registry.password=not-the-one")
        refused = project.up("--skip-preview", check=False)
        assert "unauthorized" in refused.text
        assert tags(address, project.name) == []

        project.run(*set_all, "--secret", f"caravan:registry.password={PASSWORD}")
        output = refused.text + project.up("--diff").text
        assert len(tags(address, project.name)) == 1
        output += json.dumps(project.state())
        output += (project.folder / "stacks" / "Pulumi.dev.yaml").read_text()
        assert PASSWORD not in output
        assert "not-the-one" not in output
