"""What BuildKit is sent, what the fingerprint covers and what `docker build` would take are one, whatever the tree.

CARAVAN_TREES sets how many trees are tried (default 150), CARAVAN_SEED which ones (default: others each day).
"""

import asyncio
import datetime
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components import build_context, build_copy
from components.build_context import IGNORED, Build, BuildContextError, Entry
from components.build_copy import BuildCopy
from components.dockerignore import DockerIgnore, Match
from tests.cluster.generated_trees import Tree, changed, tree
from toolchain import golang, host, versions
from toolchain.gobuild import GoBuild
from toolchain.progress import Step

pytestmark = pytest.mark.cluster
TREES = int(os.environ.get("CARAVAN_TREES", "150"))
SEED = int(os.environ.get("CARAVAN_SEED", datetime.datetime.now(datetime.UTC).date().toordinal()))

Sent = list[dict[str, Any]]


class Builder:
    """BuildKit's own client, asked what it would send."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def sends(self, context: Path, ignore: Path | None, before: tuple[str, ...] = ()) -> Sent | None:
        """Every entry in the order of the paths; None where it refuses the ignore file."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"context": str(context), "ignore": str(ignore or ""), "before": list(before)}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return None if answer["error"] else sorted(answer["entries"], key=lambda entry: entry["path"])

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    folder = tmp_path_factory.mktemp("builder")
    pins = versions.load()
    with Step("BuildKit's client") as step:
        go = golang.find(pins.go_minimum) or golang.install(pins.go_fallback, step)
        GoBuild("build-context", ".", "build-context").run(go, host.architecture(), folder, step)
    started = Builder(folder / "build-context")
    yield started
    started.close()


def applies(context: Path, dockerfile: str) -> Path | None:
    """The ignore file that a build follows."""
    files = (context / f"{dockerfile}.dockerignore", context / ".dockerignore")
    return next((file for file in files if file.is_file()), None)


def copied(builder: Builder, context: Path, dockerfile: str) -> tuple[str, Sent]:
    """The fingerprint of the build, and what is sent of its copy."""
    build_context._fingerprint.cache_clear()
    build = Build.of(context, dockerfile)
    copy = BuildCopy(build, context.parent / "copies", "web")
    asyncio.run(copy.make(lambda: None))
    sent = builder.sends(copy.context, applies(copy.context, os.path.relpath(copy.dockerfile, copy.context)))
    assert sent is not None
    assert copy.dockerfile.read_bytes() == build.dockerfile.read_bytes()
    copy.remove()
    return build.fingerprint(), sent


def in_the_image(sent: Sent) -> list[tuple[object, ...]]:
    """What an image has of it: not the time to the second, which no program should depend on."""
    return [(it["path"], it["kind"], it["mode"], it["link"], it["content"]) for it in sent]


def written(folder: Path, made: Tree) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    made.write(folder / "context")
    return folder / "context"


def try_trees(builder: Builder, tmp_path: Path, trees: int) -> None:
    """A file changes the tag exactly if it changes the image, and the image holds what `docker build` takes."""
    tried = refused = 0
    for number in range(trees):
        chance = random.Random(f"{SEED}/{number}")
        first = tree(chance)
        told = f"seed {SEED}, tree {number}: {first}"
        context = written(tmp_path / "first", first)
        expected = builder.sends(context, applies(context, first.dockerfile), IGNORED)
        ours, refusal = selected(context, first.dockerfile)
        if refusal:
            # What Docker takes for something else than what it looks like is refused, too.
            assert expected is None or "Docker does not take" in refusal or "is no range" in refusal, (told, refusal)
            refused += 1
            continue
        assert expected is not None, told
        # Docker takes a socket for an empty file, and pipes as they are; git and we know neither.
        usual = [it for it in expected if (context / it["path"]).is_symlink() or not special(context / it["path"])]
        assert sorted(ours) == [it["path"] for it in usual], told

        fingerprint, sent = copied(builder, context, first.dockerfile)
        assert [it["path"] for it in sent] == [it["path"] for it in usual], told
        assert_normal(sent, context, told)

        second = changed(chance, first)
        other = written(tmp_path / "second", second)
        try:
            other_fingerprint, other_sent = copied(builder, other, second.dockerfile)
        except BuildContextError:
            continue
        tried += 1
        told += f"\nchanged: {second}"
        same = in_the_image(sent) == in_the_image(other_sent) and first.dockerfile_text == second.dockerfile_text
        assert (fingerprint == other_fingerprint) == same, told
        assert all(is_noticed(one, sent) for one in other_sent), told
    assert tried > trees / 2, f"{refused} of {trees} refused"


def test_any_tree(builder: Builder, tmp_path: Path) -> None:
    """RW-57, RW-58"""
    try_trees(builder, tmp_path, TREES)


def forget_what_did_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule of Docker's former builder, which the fingerprint once followed."""

    def match(ignore: DockerIgnore, path: str, parent: Match) -> Match:
        ignored, by = False, []
        for line, inherited in zip(ignore._lines, parent.by, strict=True):
            by.append(inherited or line.pattern.matches(path))
            if by[-1]:
                ignored = not line.exception
        return Match(ignored, tuple(by))

    monkeypatch.setattr(DockerIgnore, "match", match)


def keep_the_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    copied = build_copy._copied

    def with_its_mode(entry: Entry, target: Path) -> bytes:
        described = copied(entry, target)
        if not entry.is_symlink:
            target.chmod(entry.status.st_mode & 0o7777)
        return described

    monkeypatch.setattr(build_copy, "_copied", with_its_mode)


def overlook_executable_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (build_context, build_copy):
        monkeypatch.setattr(module, "described_file", lambda executable, digest: digest)


def keep_the_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_copy, "_NANOSECONDS", 1)


@pytest.mark.parametrize("fault", [forget_what_did_not_count, keep_the_modes, overlook_executable_bits, keep_the_times])
def test_notices(
    builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """The test above would find each of the faults that there were."""
    fault(monkeypatch)
    with pytest.raises(AssertionError, match="seed"):
        try_trees(builder, tmp_path, max(TREES, 400))


def selected(context: Path, dockerfile: str) -> tuple[list[str], str]:
    """The paths that go into a build by our rules, or why there is none."""
    try:
        return [entry.path for entry in Build.of(context, dockerfile).entries()], ""
    except BuildContextError as error:
        return [], str(error)


def special(path: Path) -> bool:
    return not path.is_file() and not path.is_dir()


def assert_normal(sent: Sent, context: Path, told: str) -> None:
    """Only what git keeps of a file is sent, and all of its content."""
    for it in sent:
        source = context / it["path"]
        if it["kind"] == "symlink":
            assert it["link"] == str(source.readlink()), told
            continue
        executable = it["kind"] == "folder" or source.stat().st_mode & 0o100
        assert (it["mode"], it["link"]) == (0o755 if executable else 0o644, ""), told
        if it["kind"] == "file":
            assert it["size"] == source.stat().st_size, told
        assert it["kind"] in ("file", "folder"), told


def is_noticed(new: dict[str, Any], before: Sent) -> bool:
    """Whether BuildKit, which compares size and time, would fetch a file whose content is another."""
    old = next((it for it in before if it["path"] == new["path"]), new)
    known = ("kind", "mode", "size", "link", "modified_ns")
    return old["content"] == new["content"] or any(old[key] != new[key] for key in known)
