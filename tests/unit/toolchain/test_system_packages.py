"""What is missing from the system: installed, or named with the command."""

import io
import os
from pathlib import Path

import pytest

from tests.unit.toolchain.conftest import write_program
from toolchain import system_packages
from toolchain.errors import ToolchainError
from toolchain.progress import Step


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing but a working apt-get that notes what it is asked."""
    installs = (
        f'echo "$@" >>{tmp_path}/asked; [ "$1" = update ] || : >{tmp_path}/dockerd && chmod +x {tmp_path}/dockerd'
    )
    write_program(tmp_path / "apt-get", installs)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(system_packages, "SEARCH_PATH", str(tmp_path))
    monkeypatch.setattr(system_packages, "_PRESENT", {"docker.io": system_packages._program("dockerd")})
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


def ensure() -> str:
    stream = io.StringIO()
    with Step("system packages", stream) as step:
        system_packages.ensure(step)
    return stream.getvalue()


def test_only_what_is_missing_is_installed_and_only_once(machine: Path) -> None:
    assert "installed docker.io" in ensure()
    assert "all there" in ensure()
    assert (machine / "asked").read_text() == "update\ninstall --yes --no-install-recommends docker.io\n"


def test_who_is_not_root_gets_the_command(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ToolchainError, match=r"sudo apt-get install --yes --no-install-recommends docker\.io"):
        ensure()
    assert not (machine / "asked").exists()


def test_elsewhere_than_on_debian_the_packages_are_named(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolchainError, match=r"missing: docker\.io\. Install it with your distribution's package"):
        ensure()


def test_a_failed_installation_shows_what_apt_said(machine: Path) -> None:
    write_program(machine / "apt-get", 'echo "E: Unable to locate package docker.io" >&2; exit 100')
    with pytest.raises(ToolchainError, match="E: Unable to locate package"):
        ensure()
