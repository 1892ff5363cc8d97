"""Programs that come from the distribution: installed where we are root on Debian, otherwise named."""

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from toolchain import commands
from toolchain.errors import ToolchainError
from toolchain.progress import Step

# Daemons are often outside the PATH of a user who is not root.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def which(program: str) -> str | None:
    """Where `program` is, looking into the folders of daemons too."""
    return shutil.which(program, path=SEARCH_PATH)


def _program(name: str) -> Callable[[], bool]:
    return lambda: which(name) is not None


def _python_can_make_environments() -> bool:
    # Debian ships the module venv without ensurepip, which it needs. It may have come since this process looked last.
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def faketime_library() -> Path | None:
    """The library that shows single processes another time, for tests; None where there is none."""
    found = [
        *Path("/usr/lib").glob("*/faketime/libfaketime.so.1"),
        *Path("/usr").glob("lib*/faketime/libfaketime.so.1"),
    ]
    return next(iter(found), None)


_PRESENT: dict[str, Callable[[], bool]] = {
    "ca-certificates": Path("/etc/ssl/certs").is_dir,
    "python3-venv": _python_can_make_environments,
    "docker.io": _program("dockerd"),
    "docker-registry": _program("docker-registry"),
    "iptables": _program("iptables"),
    "iproute2": _program("ip"),
    "debootstrap": _program("debootstrap"),
    "busybox-static": _program("busybox"),
    "libfaketime": lambda: faketime_library() is not None,
}
"""Debian's name of each package, and how to see that what it brings is there, from wherever it came."""


def missing() -> list[str]:
    """The packages of which something is not there."""
    return [package for package, present in _PRESENT.items() if not present()]


def ensure(step: Step) -> None:
    """Install what is missing. Raises ToolchainError naming the command where we cannot."""
    packages = missing()
    if not packages:
        step.done("all there")
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        raise ToolchainError(
            f"What these Debian packages bring is missing: {', '.join(packages)}. "
            "Install it with your distribution's package manager, then run this again."
        )
    if os.geteuid() != 0:
        raise ToolchainError(
            f"These packages are missing: {', '.join(packages)}. Install them, then run this again:\n"
            f"    sudo apt-get update && sudo {' '.join(command)}"
        )
    step.update("apt-get update")
    # An old package list is good enough where the mirror cannot be reached now; the installation tells.
    _apt(["apt-get", "update"])
    step.update(f"installing {', '.join(packages)}")
    answer = _apt(command)
    if answer.exit_code != 0:
        raise ToolchainError(f"`{' '.join(command)}` failed. Its last lines:\n{answer.tail}")
    if still := missing():
        raise ToolchainError(f"After `{' '.join(command)}` this is still missing: {', '.join(still)}.")
    step.done(f"installed {', '.join(packages)}")


def _apt(command: list[str]) -> commands.Result:
    return commands.follow(command, lambda line: True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
