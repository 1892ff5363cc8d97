"""The pins agree with everything that repeats them."""

import re
import tomllib
from pathlib import Path

import pytest

from toolchain import paths, requirements, versions

PINS = versions.load()


def required(module: str, path: str) -> str:
    """The version of a module that a tool's go.mod asks for."""
    text = (paths.GO_MODULES / module / "go.mod").read_text()
    match = re.search(rf"^\s*(?:require )?{re.escape(path)} v(\S+)", text, re.MULTILINE)
    assert match, f"{module}/go.mod does not require {path}"
    return match.group(1)


def test_requirements_txt_is_generated_from_the_pins() -> None:
    assert paths.REQUIREMENTS.read_text() == requirements.render(PINS.python)


@pytest.mark.parametrize(
    ("module", "path", "version"),
    [
        ("nomad", "github.com/hashicorp/nomad", PINS.nomad),
        ("consul", "github.com/hashicorp/consul", PINS.consul),
        ("pulumi", "github.com/pulumi/pulumi/pkg/v3", PINS.pulumi),
        ("pulumi", "github.com/pulumi/pulumi/sdk/v3", PINS.pulumi),
        ("language-python", "github.com/pulumi/pulumi/sdk/v3", PINS.language_host_built),
        ("language-yaml", "github.com/pulumi/pulumi-yaml", PINS.yaml_host_built),
        ("python-codegen", "github.com/pulumi/pulumi/pkg/v3", PINS.pulumi),
        ("python-codegen", "github.com/pulumi/pulumi/sdk/v3", PINS.pulumi),
    ],
)
def test_go_mod_builds_the_pinned_version(module: str, path: str, version: str) -> None:
    assert required(module, path) == version


@pytest.mark.parametrize("path", ["github.com/moby/patternmatcher", "github.com/tonistiigi/fsutil"])
def test_build_contexts_are_tested_with_the_libraries_that_images_are_built_with(path: str) -> None:
    assert required("build-context", path) == required("resource-docker", path)


def test_the_package_for_other_programs_asks_for_at_least_the_pinned_versions() -> None:
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]
    asked = {}
    for dependency in project["dependencies"]:
        name, least = dependency.partition(",")[0].split(">=")
        asked[name] = least
    assert asked == {name: PINS.python[name] for name in asked}


def test_the_sdk_and_the_cli_have_the_same_version() -> None:
    assert PINS.python["pulumi"] == PINS.pulumi


def test_the_built_docker_plugin_reports_the_version_of_its_sdk() -> None:
    source = (paths.GO_MODULES / "resource-docker" / "dockerinfo" / "provider.go").read_text()
    assert f'var Version = "{PINS.docker_plugin}"' in source
    assert PINS.python["pulumi-docker"] == PINS.docker_plugin


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    file = tmp_path / "versions.toml"
    file.write_text('[pulumi]\nversion = "1"\n')
    with pytest.raises(KeyError, match="language_host_built"):
        versions.load(file)
