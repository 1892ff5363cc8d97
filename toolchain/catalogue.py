"""The tools: which programs each brings, how to recognise it, where to download it, how to build it."""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from toolchain import gobuild, paths, releases
from toolchain.errors import ToolchainError
from toolchain.gobuild import GoBuild
from toolchain.progress import Step
from toolchain.releases import Release
from toolchain.versions import Versions

Fill = Callable[[Path, str, Path, Step], None]
"""Puts more into a build's folder, given the Go compiler, the architecture, the folder and the step."""


@dataclass(frozen=True)
class Tool:
    """One pinned tool."""

    name: str
    version: str
    programs: tuple[str, ...]
    """What it puts on PATH; the first one tells its version."""
    release: Release
    builds: tuple[GoBuild, ...]
    add_to_build: Fill | None = None
    version_arguments: tuple[str, ...] | None = ("version",)
    """Prints the version; None for a program that cannot tell, which is then never taken from PATH."""

    def build_folder(self) -> str:
        """Name of the built tool's cache folder: it changes with whatever the tool is built from."""
        return "-".join([self.name, self.version, *(build.fingerprint() for build in self.builds)])

    def release_folder(self) -> str:
        """Name of the downloaded tool's cache folder."""
        return f"{self.name}-{self.version}"


def tools(pins: Versions, arch: str) -> list[Tool]:
    """The tools that go on PATH, in the order in which they are obtained."""
    return [_nomad(pins, arch), _consul(pins, arch), _pulumi(pins, arch)]


def docker_plugin(pins: Versions, arch: str) -> Tool:
    """The Docker provider of Pulumi."""
    return Tool(
        name="pulumi-resource-docker",
        version=pins.docker_plugin,
        programs=("pulumi-resource-docker",),
        release=releases.docker_plugin(pins.docker_plugin, arch),
        builds=(GoBuild("resource-docker", ".", "pulumi-resource-docker", tags="no_compose"),),
        version_arguments=None,
    )


def yaml_host(pins: Versions, arch: str) -> Tool:
    """Pulumi's language host for programs in YAML."""
    programs = ("pulumi-language-yaml",)
    return Tool(
        name="pulumi-language-yaml",
        version=pins.yaml_host_built,
        programs=programs,
        release=releases.pulumi(pins.pulumi, arch, programs),
        builds=(
            GoBuild("language-yaml", "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml", "pulumi-language-yaml"),
        ),
        version_arguments=None,
    )


def _nomad(pins: Versions, arch: str) -> Tool:
    return Tool(
        name="nomad",
        version=pins.nomad,
        programs=("nomad",),
        release=releases.hashicorp("nomad", pins.nomad, arch),
        builds=(GoBuild("nomad", "github.com/hashicorp/nomad", "nomad"),),
    )


def _consul(pins: Versions, arch: str) -> Tool:
    return Tool(
        name="consul",
        version=pins.consul,
        programs=("consul",),
        release=releases.hashicorp("consul", pins.consul, arch),
        builds=(GoBuild("consul", "github.com/hashicorp/consul", "consul"),),
    )


def _pulumi(pins: Versions, arch: str) -> Tool:
    programs = (
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
        "pulumi-resource-pulumi-python",
    )
    # Without these two the CLI prints no version, and refuses programs that ask for a minimum one.
    version_variables = (
        "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
        "github.com/pulumi/pulumi/pkg/v3/version.Version",
    )
    return Tool(
        name="pulumi",
        version=pins.pulumi,
        programs=programs,
        release=releases.pulumi(pins.pulumi, arch, programs),
        builds=(
            GoBuild(
                "pulumi",
                "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
                "pulumi",
                set_strings=dict.fromkeys(version_variables, f"v{pins.pulumi}"),
            ),
            GoBuild(
                "language-python",
                ".",
                "pulumi-language-python",
                extends="github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
            ),
            GoBuild("python-codegen", ".", "pulumi-python-codegen"),
        ),
        add_to_build=partial(_copy_language_scripts, pins.pulumi),
    )


def _copy_language_scripts(version: str, go: Path, arch: str, folder: Path, step: Step) -> None:
    """The two scripts that the language host starts are not compiled: they lie in the SDK's module."""
    step.update("copying the language host's scripts")
    answer = subprocess.run(
        [go, "mod", "download", "-json", f"github.com/pulumi/pulumi/sdk/v3@v{version}"],
        cwd=paths.GO_MODULES / "pulumi",
        env=gobuild.environment(arch),
        capture_output=True,
        text=True,
    )
    if answer.returncode != 0:
        raise ToolchainError(
            f"The Pulumi SDK's module v{version} could not be downloaded: {answer.stdout}{answer.stderr}"
        )
    module = Path(json.loads(answer.stdout)["Dir"])
    for script in ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python"):
        target = folder / Path(script).name
        shutil.copyfile(module / script, target)
        target.chmod(0o755)
