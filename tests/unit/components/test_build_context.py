"""The fingerprint of a build, and contexts that cannot be built from."""

import errno
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from components.build_context import Build, BuildContextError


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    (folder / "src" / "deep").mkdir(parents=True)
    (folder / "Dockerfile").write_text("ARG BASE_IMAGE=x\nFROM ${BASE_IMAGE}\nCOPY . /\n")
    (folder / "src" / "a.py").write_text("a")
    (folder / "src" / "deep" / "b.py").write_text("b")
    (folder / "link").symlink_to("src/a.py")
    return folder


def fingerprint(context: Path) -> str:
    # Read anew: a program reads each context once.
    copy = context.with_name(f"{context.name}-{len(list(context.parent.iterdir()))}")
    shutil.copytree(context, copy, symlinks=True)
    return Build.of(copy).fingerprint()


def test_is_twelve_hex_digits(context: Path) -> None:
    assert len(fingerprint(context)) == 12
    assert set(fingerprint(context)) <= set("0123456789abcdef")


def test_does_not_depend_on_place_or_time(context: Path) -> None:
    before = fingerprint(context)
    for path in context.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    assert fingerprint(context) == before


def test_does_not_depend_on_permissions_that_git_does_not_keep(context: Path) -> None:
    before = fingerprint(context)
    (context / "src" / "a.py").chmod(0o600)
    (context / "src").chmod(0o700)
    assert fingerprint(context) == before


def relink(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to("src/deep/b.py")


def replace_the_link_by_its_target(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").write_text("a")


def swap_the_contents(folder: Path) -> None:
    (folder / "src" / "a.py").write_text("b")
    (folder / "src" / "deep" / "b.py").write_text("a")


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda folder: (folder / "src" / "deep" / "b.py").write_text("c"),
    "Dockerfile": lambda folder: (folder / "Dockerfile").write_text("FROM scratch"),
    "executable bit": lambda folder: (folder / "src" / "a.py").chmod(0o755),
    "new file": lambda folder: (folder / "new").write_text(""),
    "new folder": lambda folder: (folder / "new").mkdir(),
    "name": lambda folder: (folder / "src" / "deep" / "b.py").replace(folder / "src" / "deep" / "c.py"),
    "removed file": lambda folder: (folder / "src" / "deep" / "b.py").unlink(),
    "symlink target": relink,
    "file instead of symlink": replace_the_link_by_its_target,
    "swapped contents": swap_the_contents,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_changes_with_everything_that_reaches_the_image(context: Path, change: Callable[[Path], object]) -> None:
    before = fingerprint(context)
    change(context)
    assert fingerprint(context) != before


def test_changes_with_arguments_target_and_platform(context: Path) -> None:
    builds = [
        Build.of(context),
        Build.of(context, args={"A": "1"}),
        Build.of(context, args={"A": "2"}),
        Build.of(context, target="a"),
        Build.of(context, platform="linux/arm64"),
    ]
    assert len({build.fingerprint() for build in builds}) == len(builds)


def test_the_order_of_arguments_does_not_count(context: Path) -> None:
    first, second = {"A": "1", "B": "2"}, {"B": "2", "A": "1"}
    assert Build.of(context, args=first) == Build.of(context, args=second)


def test_what_docker_ignores_does_not_count(context: Path) -> None:
    (context / ".dockerignore").write_text("**/*.log\nsecret\n")
    before = fingerprint(context)
    (context / "src" / "x.log").write_text("x")
    (context / "secret").mkdir()
    (context / "secret" / "key").write_text("x")
    assert fingerprint(context) == before


def test_what_is_put_back_counts(context: Path) -> None:
    (context / ".dockerignore").write_text("*\n!src/**/b.py\n")
    before = fingerprint(context)
    (context / "src" / "a.py").write_text("ignored")
    assert fingerprint(context) == before
    (context / "src" / "deep" / "b.py").write_text("counts")
    assert fingerprint(context) != before


def test_the_dockerfile_counts_even_if_ignored(context: Path) -> None:
    (context / ".dockerignore").write_text("Dockerfile\n")
    before = fingerprint(context)
    (context / "Dockerfile").write_text("FROM other\n")
    assert fingerprint(context) != before


def test_the_ignore_file_beside_the_dockerfile_comes_first(context: Path) -> None:
    (context / ".dockerignore").write_text("")
    (context / "Dockerfile.dockerignore").write_text("src\nlink\n")
    before = fingerprint(context)
    (context / "src" / "a.py").write_text("ignored")
    assert fingerprint(context) == before


def test_a_dockerfile_may_be_outside_of_its_context(context: Path) -> None:
    (context / "Dockerfile").replace(context.parent / "Web.Dockerfile")
    build = Build.of(context, "../Web.Dockerfile")
    assert [entry.path for entry in build.entries()] == ["link", "src", "src/a.py", "src/deep", "src/deep/b.py"]
    assert len(build.fingerprint()) == 12


def test_a_name_that_is_not_utf_8(context: Path) -> None:
    """RW-59: told at preview, with the path."""
    Path(os.fsdecode(os.fsencode(context) + b"/src/caf\xe9")).write_text("x")
    expected = 'has a file whose name is not UTF-8 ("src/caf\\xe9"), which no image can have: rename it or ignore it'
    assert problem(Build.of(context)) == expected
    (context / ".dockerignore").write_text("src/caf?\n")
    Build.of(context).check()


def test_a_symlink_to_a_name_that_is_not_utf_8(context: Path) -> None:
    (context / "to").symlink_to(os.fsdecode(b"/caf\xe9"))
    expected = (
        'has a symlink "to" to a file whose name is not UTF-8 ("to"), which no image can have: rename it or ignore it'
    )
    assert problem(Build.of(context)) == expected


def test_what_git_does_not_know_is_no_part_of_it(context: Path) -> None:
    before = fingerprint(context)
    os.mkfifo(context / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(context / "s"))
    assert Build.of(context).fingerprint() == before


def test_the_history_of_git_is_no_part_of_it(context: Path) -> None:
    before = fingerprint(context)
    (context / "src" / ".git").mkdir()
    (context / "src" / ".git" / "index").write_text("x")
    (context / ".git").write_text("gitdir: /somewhere/else\n")
    assert fingerprint(context) == before
    (context / ".dockerignore").write_text("!.git\n")
    assert ".git" in paths(context)


def test_what_builds_write_is_no_part_of_it(context: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(context)
    before = paths(context)
    (context / ".caravan").mkdir()
    (context / "src" / ".caravan").mkdir()
    (context / ".dockerignore").write_text("!.caravan\n")
    assert paths(context) == sorted([*before, ".dockerignore", "src/.caravan"])


def test_patterns_of_its_own_come_before_those_of_the_file(context: Path) -> None:
    assert "src/a.py" not in paths(context, "src/*.py")
    (context / ".dockerignore").write_text("!src/a.py\n")
    assert "src/a.py" in paths(context, "src/*.py")


def test_a_folder_comes_with_what_is_put_back_in_it(context: Path) -> None:
    (context / ".dockerignore").write_text("*\n!src/**/b.py\n")
    assert paths(context) == ["src", "src/deep", "src/deep/b.py"]


def test_an_ignored_folder_may_be_unreadable(context: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("/deep"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert problem(Build.of(context)) == 'has a folder "src/deep/" that cannot be read: Permission denied'
    (context / ".dockerignore").write_text("src\n!src/*.py\n")
    assert paths(context) == [".dockerignore", "Dockerfile", "link", "src", "src/a.py"]


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("ARG BASE_IMAGE=x\nFROM ${BASE_IMAGE}", True),
        ("arg BASE_IMAGE\nFROM x", True),
        ("ARG A=1 BASE_IMAGE=x\nFROM x", True),
        ("# ARG BASE_IMAGE\nFROM x", False),
        ("ARG BASE_IMAGE_TAG=x\nFROM x", False),
        ("FROM x", False),
    ],
)
def test_finds_the_arguments_that_a_dockerfile_declares(context: Path, text: str, declared: bool) -> None:
    (context / "Dockerfile").write_text(text)
    assert Build.of(context).declares_arg("BASE_IMAGE") is declared


def test_a_missing_context(context: Path) -> None:
    assert problem(Build.of(context / "nope")) == "does not exist"


def test_a_context_that_is_a_file(context: Path) -> None:
    assert problem(Build.of(context / "Dockerfile")) == "is not a folder"


def test_an_empty_context(context: Path) -> None:
    (context / "empty").mkdir()
    assert problem(Build.of(context / "empty")) == "is an empty folder"


def test_a_missing_dockerfile(context: Path) -> None:
    assert problem(Build.of(context, "docker/Dockerfile")) == 'has no Dockerfile at "docker/Dockerfile"'


def test_a_broken_symlink(context: Path) -> None:
    (context / "src" / "broken").symlink_to("nope")
    expected = 'has a symlink "src/broken" that leads nowhere ("nope"): mend it or ignore it'
    assert problem(Build.of(context)) == expected


def test_a_looping_symlink(context: Path) -> None:
    (context / "a").symlink_to("b")
    (context / "b").symlink_to("a")
    assert problem(Build.of(context)) == 'has a symlink "a" that leads in a circle ("b"): mend it or ignore it'


def test_a_symlink_to_a_folder_above_is_not_followed(context: Path) -> None:
    (context / "src" / "up").symlink_to("..")
    assert "src/up" in [entry.path for entry in Build.of(context).entries()]


def test_an_absolute_symlink_is_meant_for_the_image(context: Path) -> None:
    (context / "python").symlink_to("/opt/nope/python")
    Build.of(context).check()


def test_an_ignored_symlink_may_be_broken(context: Path) -> None:
    (context / "broken").symlink_to("nope")
    (context / ".dockerignore").write_text("broken\n")
    Build.of(context).check()


def test_an_unreadable_file(context: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root can read everything, so the system's answer is played.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "a.py")
    expected = 'has a file "src/a.py" that cannot be read: permission denied; allow it or ignore it'
    assert problem(Build.of(context)) == expected


def test_a_malformed_dockerignore(context: Path) -> None:
    (context / ".dockerignore").write_text("!\n")
    expected = 'has a ".dockerignore" that Docker cannot read: line 1: "!" without a pattern'
    assert problem(Build.of(context)) == expected


def paths(context: Path, *ignore: str) -> list[str]:
    return sorted(entry.path for entry in Build.of(context, ignore=ignore).entries())


def problem(build: Build) -> str:
    with pytest.raises(BuildContextError) as error:
        build.check()
    return str(error.value)
