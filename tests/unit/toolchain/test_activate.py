"""The environment that `. ./activate` makes, in each shell that is here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from toolchain import paths

SHELLS = [shell for shell in ("sh", "bash", "zsh") if shutil.which(shell)]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in a folder with a blank, with a running cluster."""
    root = tmp_path / "my checkout"
    (root / "toolchain").mkdir(parents=True)
    shutil.copy(paths.ROOT / "activate", root)
    (root / "toolchain" / "versions.toml").touch()
    (root / ".caravan" / "cluster").mkdir(parents=True)
    (root / ".caravan" / "cluster" / "env").write_text(
        "export NOMAD_ADDR=http://127.0.0.1:4646\nexport CARAVAN_REGISTRY=127.0.0.1:5000\n"
    )
    (root / ".caravan" / "bin").mkdir()
    (root / ".caravan" / "bin" / "pulumi").write_text("#!/bin/sh\n")
    (root / ".caravan" / "bin" / "pulumi").chmod(0o755)
    return root


def run(shell: str, script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {"HOME": str(folder), "PATH": os.environ["PATH"], **variables}
    return subprocess.run([shell, "-c", script], cwd=folder, env=kept, capture_output=True, text=True)


def environment(shell: str, script: str, folder: Path, **variables: str) -> dict[str, str]:
    result = run(shell, script + " && env", folder, **variables)
    assert result.returncode == 0, result.stderr
    lines = [line.split("=", 1) for line in result.stdout.splitlines() if "=" in line]
    return {name: value for name, value in lines if name not in ("_", "SHLVL", "OLDPWD", "PWD")}


@pytest.mark.parametrize("shell", SHELLS)
def test_it_sets_the_tools_the_backend_and_the_addresses(shell: str, checkout: Path) -> None:
    values = environment(shell, ". ./activate", checkout)

    assert values["PATH"].startswith(f"{checkout}/.venv/bin:{checkout}/.caravan/bin:")
    assert values["VIRTUAL_ENV"] == f"{checkout}/.venv"
    assert values["PULUMI_HOME"] == f"{checkout}/.caravan/pulumi"
    assert values["PULUMI_BACKEND_URL"] == f"file://{checkout}/.caravan/state"
    assert values["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    assert values["NOMAD_ADDR"] == "http://127.0.0.1:4646"
    assert values["CARAVAN_REGISTRY"] == "127.0.0.1:5000"
    assert "PULUMI_CONFIG_PASSPHRASE" not in values
    assert (checkout / ".caravan" / "state").is_dir()


@pytest.mark.parametrize("shell", SHELLS)
def test_twice_is_as_good_as_once(shell: str, checkout: Path) -> None:
    assert environment(shell, ". ./activate && . ./activate", checkout) == environment(shell, ". ./activate", checkout)


@pytest.mark.parametrize("shell", SHELLS)
def test_deactivating_gives_back_what_was_there(shell: str, checkout: Path) -> None:
    own = {"NOMAD_ADDR": "https://nomad.example.com", "PULUMI_HOME": "/home/me/.pulumi"}
    assert environment(shell, ". ./activate && deactivate_caravan", checkout, **own) == environment(
        shell, "true", checkout, **own
    )


@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shell != "sh"])
def test_it_can_be_sourced_from_elsewhere(shell: str, checkout: Path, tmp_path: Path) -> None:
    values = environment(shell, f". '{checkout}/activate'", tmp_path)
    assert values["VIRTUAL_ENV"] == f"{checkout}/.venv"


@pytest.mark.parametrize("shell", SHELLS)
def test_without_a_cluster_it_says_how_to_start_one(shell: str, checkout: Path) -> None:
    (checkout / ".caravan" / "cluster" / "env").unlink()
    result = run(shell, ". ./activate", checkout)
    assert "make cluster" in result.stderr


def test_a_plain_shell_elsewhere_is_told_to_go_to_the_checkout(checkout: Path, tmp_path: Path) -> None:
    result = run("dash", f". '{checkout}/activate'", tmp_path) if shutil.which("dash") else None
    assert result is None or (result.returncode != 0 and "source it from the checkout's folder" in result.stderr)
