"""`make up` after `make cluster-reset`: the state, which still speaks of what is gone, is refreshed first."""

import subprocess
from pathlib import Path

import pytest

from toolchain import cluster, paths


def up(folder: Path) -> list[str]:
    """Runs toolchain/up.sh with a `pulumi` that only writes down what it is asked."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    asked = folder / "asked"
    asked.unlink(missing_ok=True)
    pulumi = tools / "pulumi"
    pulumi.write_text(f'#!/bin/sh\necho "$1 $2" >> {asked}\ncase $1 in stack) echo "{{}}" ;; esac\n')
    pulumi.chmod(0o755)
    environment = {"PATH": f"{tools}:{paths.VENV / 'bin'}:/usr/bin:/bin", "PYTHONPATH": str(paths.ROOT)}
    subprocess.run(["/bin/sh", paths.ROOT / "toolchain" / "up.sh"], cwd=folder, env=environment, check=True)
    return asked.read_text().splitlines()


def test_the_state_is_refreshed_once_after_a_reset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "LOCAL", tmp_path / ".caravan")
    monkeypatch.setattr(paths, "CLUSTER", tmp_path / ".caravan" / "cluster")
    monkeypatch.setattr(paths, "CLUSTER_WAS_RESET", tmp_path / ".caravan" / "cluster-was-reset")
    assert "refresh --yes" not in up(tmp_path)

    cluster.reset(tmp_path / "another")
    assert "refresh --yes" not in up(tmp_path)

    cluster.reset(paths.CLUSTER)
    assert up(tmp_path)[1:3] == ["refresh --yes", "up --yes"]
    assert "refresh --yes" not in up(tmp_path)
