"""The copy that an image is built from."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from components.build_context import Build, BuildContextError
from components.build_copy import BuildCopy


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    (folder / "src").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (folder / ".dockerignore").write_text("*.log\n")
    (folder / "src" / "run.sh").write_text("a")
    (folder / "x.log").write_text("x")
    (folder / "link").symlink_to("src/run.sh")
    return folder


def make(context: Path) -> BuildCopy:
    copy = BuildCopy(Build.of(context), context.parent / "build", "web")
    asyncio.run(copy.make(lambda: None))
    return copy


def found(copy: BuildCopy) -> dict[str, int]:
    """Each path of the copied context with the mode of what is there."""
    paths = sorted(copy.context.rglob("*"))
    return {path.relative_to(copy.context).as_posix(): path.lstat().st_mode & 0o7777 for path in paths}


@pytest.mark.parametrize("umask", [0o002, 0o022, 0o077])
def test_has_the_modes_that_git_keeps_whatever_the_umask(context: Path, umask: int) -> None:
    """RW-57: two clones of one commit give one image."""
    for path in (context / "src" / "run.sh", context / ".dockerignore", context / "Dockerfile"):
        path.chmod(0o666 & ~umask)
    (context / "src").chmod(0o2777 & ~umask)
    before = os.umask(umask)
    try:
        copy = make(context)
    finally:
        os.umask(before)
    modes = {".dockerignore": 0o644, "Dockerfile": 0o644, "link": 0o777, "src": 0o755, "src/run.sh": 0o644}
    assert found(copy) == modes


def test_keeps_the_executable_bit(context: Path) -> None:
    (context / "src" / "run.sh").chmod(0o4700)
    assert found(make(context))["src/run.sh"] == 0o755


def test_the_symlink_leads_to_the_same_target(context: Path) -> None:
    assert (make(context).context / "link").readlink() == Path("src/run.sh")


def test_the_dockerfile_is_beside_it_and_nothing_is_ignored_once_more(context: Path) -> None:
    copy = make(context)
    assert copy.dockerfile.read_bytes() == (context / "Dockerfile").read_bytes()
    own = copy.dockerfile.with_name("web.Dockerfile.dockerignore").read_text()
    assert own
    assert all(line.startswith("#") for line in own.splitlines())


def test_nobody_else_can_look_into_it(context: Path) -> None:
    assert make(context).dockerfile.parent.stat().st_mode & 0o777 == 0o700


def test_takes_the_place_of_what_a_killed_command_left(context: Path) -> None:
    left = make(context).context / "left"
    left.write_text("x")
    make(context)
    assert not left.exists()


def test_no_file_is_a_hard_link(context: Path) -> None:
    (context / "src" / "same").hardlink_to(context / "src" / "run.sh")
    copy = make(context)
    assert (copy.context / "src" / "same").stat().st_nlink == 1
    assert (copy.context / "src" / "same").read_text() == "a"


def test_keeps_the_times_to_the_second(context: Path) -> None:
    os.utime(context / "src" / "run.sh", (1_000_000_000, 1_000_000_000))
    os.utime(context / "src", (1_100_000_000, 1_100_000_000))
    copy = make(context)
    assert int((copy.context / "src" / "run.sh").stat().st_mtime) == 1_000_000_000
    assert int((copy.context / "src").stat().st_mtime) == 1_100_000_000


def test_another_content_has_another_time(context: Path) -> None:
    """BuildKit takes a file of the same size and time for the one that it was sent before."""
    times: list[int] = []
    for content in ("a", "b", "a"):
        (context / "src" / "run.sh").write_text(content)
        os.utime(context / "src" / "run.sh", (1_000_000_000, 1_000_000_000))
        again = context.rename(context.with_name(f"context-{len(times)}"))
        times.append((make(again).context / "src" / "run.sh").stat().st_mtime_ns)
        again.rename(context)
    assert times[0] == times[2] != times[1]


def add(folder: Path) -> None:
    (folder / "src" / "new").write_text("x")


def remove(folder: Path) -> None:
    (folder / "src" / "run.sh").unlink()
    (folder / "link").unlink()


def edit_the_dockerfile(folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM other\n")


@pytest.mark.parametrize("change", [add, remove, edit_the_dockerfile])
def test_files_that_have_changed_since_the_fingerprint(context: Path, change: Callable[[Path], None]) -> None:
    build = Build.of(context)
    build.fingerprint()
    change(context)
    copy = BuildCopy(build, context.parent / "build", "web")
    with pytest.raises(BuildContextError, match=r"has changed since this command began \(.* is the newest in it\)"):
        asyncio.run(copy.make(lambda: None))
    assert not copy.context.exists()
    assert make(context.rename(context.with_name("again"))).context.exists()


def test_waits_for_another_command_that_builds_the_same_image(context: Path) -> None:
    first = make(context)
    is_told = asyncio.Event()

    async def second() -> BuildCopy:
        copy = BuildCopy(Build.of(context), context.parent / "build", "web")
        making = asyncio.create_task(copy.make(lambda: is_told.set()))
        await is_told.wait()
        assert first.context.exists()
        first.remove()
        await making
        return copy

    copy = asyncio.run(second())
    assert copy.context.exists()
    copy.remove()
    assert not copy.context.exists()
