"""The base image's root file system."""

from pathlib import Path

import pytest

from tests.unit.toolchain.conftest import write_program
from toolchain import debootstrap
from toolchain.errors import ToolchainError


def test_documentation_and_caches_go_and_licences_stay(tmp_path: Path) -> None:
    gone = [
        "usr/share/doc/bash/README",
        "usr/share/man/man1/bash.1",
        "var/cache/apt/pkgcache.bin",
        "var/log/apt/term.log",
    ]
    kept = ["usr/share/doc/bash/copyright", "usr/bin/python3", "etc/passwd"]
    for name in [*gone, *kept]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "usr/share/doc/link").symlink_to("bash")

    debootstrap.strip(tmp_path)

    assert sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()) == sorted(kept)
    assert not (tmp_path / "usr/share/doc/link").is_symlink()


def test_the_mirror_is_the_one_of_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (
        "bookworm-updates main http://mirror/a/\\nbookworm contrib http://mirror/b/\\nbookworm main http://mirror/c/"
    )
    write_program(tmp_path / "apt-get", f'printf "{lines}\\n"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    assert debootstrap._mirror("bookworm") == "http://mirror/c/"
    with pytest.raises(ToolchainError, match="not set up with a mirror of trixie main"):
        debootstrap._mirror("trixie")
