"""Installs the Docker plugin into the checkout's PULUMI_HOME, so that the user's own ~/.pulumi is never touched."""

import os
import subprocess
from pathlib import Path

from toolchain import paths
from toolchain.errors import ToolchainError


def installed_by_user(version: str) -> Path | None:
    """The official plugin in the user's own Pulumi home, if this version is there."""
    # Not $PULUMI_HOME: after `activate` that is the checkout's.
    program = Path.home() / ".pulumi" / "plugins" / f"resource-docker-v{version}" / "pulumi-resource-docker"
    return program if program.is_file() else None


def install(program: Path, version: str) -> bool:
    """Install `program` as docker plugin `version`; False when it already was. Raises ToolchainError."""
    home = paths.PULUMI_HOME
    plugin = home / "plugins" / f"resource-docker-v{version}" / "pulumi-resource-docker"
    # Says where the installed plugin came from: that path changes when the plugin is built from other sources.
    source = home / "plugins" / f"resource-docker-v{version}.source"
    if plugin.is_file() and source.is_file() and source.read_text() == str(program):
        return False
    command: list[str | Path] = [paths.LIBEXEC / "pulumi", "plugin", "install", "resource", "docker", f"v{version}"]
    answer = subprocess.run(
        [*command, "--reinstall", "--file", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"},
    )
    if answer.returncode != 0:
        raise ToolchainError(f"The Docker plugin {program} could not be installed: {answer.stderr or answer.stdout}")
    source.write_text(str(program))
    return True
