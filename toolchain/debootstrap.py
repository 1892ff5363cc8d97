"""A root file system of Debian or Ubuntu packages, small enough for an image."""

import os
import shutil
import subprocess
from pathlib import Path

from toolchain import commands
from toolchain.errors import ToolchainError
from toolchain.progress import Step
from toolchain.system_packages import which

_VARIANT = "minbase"
_REMOVE = (
    "var/cache/apt/*",
    "var/cache/debconf/*-old",
    "var/lib/apt/lists/*",
    "var/log/*.log",
    "var/log/apt",
    "usr/share/info/*",
    "usr/share/locale/*",
    "usr/share/man/*",
)
# Licences ask for the copyright files to stay.
_KEEP_IN_DOC = "copyright"


def recipe(package: str) -> list[object]:
    """All that decides the content besides the suite."""
    return [_VARIANT, package, list(_REMOVE), _KEEP_IN_DOC]


def suite() -> str:
    """The suite of this machine, such as `bookworm`; `unknown` where it is neither Debian nor Ubuntu."""
    release = Path("/etc/os-release")
    lines = release.read_text().splitlines() if release.is_file() else []
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return values.get("VERSION_CODENAME", "unknown").strip('"') if shutil.which("apt-get") else "unknown"


def install(suite: str, package: str, root: Path, step: Step) -> None:
    """Install the base system and the package into `root`. Raises ToolchainError."""
    program = which("debootstrap")
    if program is None or suite == "unknown" or os.geteuid() != 0:
        raise ToolchainError(
            "An image cannot be made here: that needs root, debootstrap, and Debian or Ubuntu. Make the usual one "
            "available instead (docker pull or docker load; its reference is in toolchain/versions.toml)."
        )
    mirror = _mirror(suite)
    command = [program, f"--variant={_VARIANT}", f"--include={package}", suite, str(root), mirror]

    def on_line(line: str) -> bool:
        step.update(line.removeprefix("I: ")[:70])
        return True

    result = commands.follow(command, on_line)
    if result.exit_code != 0:
        raise ToolchainError(f"debootstrap failed. Its last lines:\n{result.tail}")


def strip(root: Path) -> None:
    """Remove what a service does not need: caches, documentation, translations."""
    for pattern in _REMOVE:
        for path in root.glob(pattern):
            _remove(path)
    for path in sorted((root / "usr/share/doc").rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.name != _KEEP_IN_DOC:
            _remove(path)


def _mirror(suite: str) -> str:
    """The mirror that apt is set up with, in whichever of its file formats."""
    answer = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
    )
    for line in answer.stdout.splitlines():
        release, component, uri = line.split(" ", 2)
        if (release, component) == (suite, "main"):
            return uri
    raise ToolchainError(f"apt is not set up with a mirror of {suite} main, so no image can be made of its packages.")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
