"""The content of an image's build: which files can reach it, and a fingerprint of them."""

import functools
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from components.dockerignore import DockerIgnore

FINGERPRINT_HEX_DIGITS = 12
LONGEST_READ_BYTES = 1024 * 1024
"""How much of a file is in memory at a time."""

_FORMAT = "caravan build 1"


class BuildContextError(Exception):
    """Raised for a context that Docker could not build from as it is; the message is the rest of a sentence."""


@dataclass(frozen=True)
class Build:
    """What goes into a build. Equal builds give the same image, whatever the checkout's path or the files' times."""

    context: Path
    """The folder whose files the Dockerfile may copy."""
    dockerfile: Path
    """The Dockerfile, inside the context or not."""
    args: tuple[tuple[str, str], ...] = ()
    """Values for the Dockerfile's `ARG`s, sorted by name."""
    target: str | None = None
    """The stage to build; the last one by default."""
    platform: str | None = None
    """As `linux/amd64`; that of the Docker daemon by default."""

    @staticmethod
    def of(
        context: Path,
        dockerfile: str = "Dockerfile",
        args: Mapping[str, str] | None = None,
        target: str | None = None,
        platform: str | None = None,
    ) -> "Build":
        """A build as services describe it: the Dockerfile's path is relative to the context."""
        return Build(context, context / dockerfile, tuple(sorted((args or {}).items())), target, platform)

    def declares_arg(self, name: str) -> bool:
        """Whether the Dockerfile has an `ARG` instruction for the name."""
        text = self.dockerfile.read_text(errors="replace")
        instructions = re.findall(r"^\s*ARG\s+(.*)$", text, re.MULTILINE | re.IGNORECASE)
        return any(word.partition("=")[0] == name for line in instructions for word in line.split())

    def fingerprint(self) -> str:
        """Hex digits that differ when the image could differ.

        Covered are the path, executable bit, content or symlink target of each file that Docker does not ignore, the
        Dockerfile, build arguments, target and platform. Not covered is what a tag in it, such as `python:3.12-slim`,
        stands for at the time.

        Raises:
            BuildContextError: as check.
        """
        return _fingerprint(self)

    def check(self) -> None:
        """Find what would make the build fail, without reading the files.

        Raises:
            BuildContextError: the context or the Dockerfile is missing, a file is unreadable, a symlink leads nowhere.
        """
        for _ in self.entries():
            pass

    def entries(self) -> "Iterator[Entry]":
        """Everything in the context that Docker does not ignore, in the order of the paths.

        Raises:
            BuildContextError: as check.
        """
        _check_folder(self.context)
        if not self.dockerfile.is_file():
            raise BuildContextError(f'has no Dockerfile at "{os.path.relpath(self.dockerfile, self.context)}"')
        _check_readable(self.dockerfile, os.path.relpath(self.dockerfile, self.context))
        return _walk(str(self.context), self._ignore(), "")

    def _ignore(self) -> DockerIgnore:
        # The file beside the Dockerfile replaces the one in the context. Source: `docker build` reference.
        own = self.dockerfile.with_name(self.dockerfile.name + ".dockerignore")
        for path in (own, self.context / ".dockerignore"):
            if path.is_file():
                _check_readable(path, os.path.relpath(path, self.context))
                try:
                    return DockerIgnore(path.read_text(encoding="utf-8", errors="surrogateescape"))
                except ValueError as error:
                    raise BuildContextError(f'has a "{path.name}" that Docker cannot read: {error}') from error
        return DockerIgnore()


@dataclass(frozen=True)
class Entry:
    """One file, folder or symlink of a context."""

    path: str
    """Relative to the context, with `/`."""
    location: str
    status: os.stat_result = field(repr=False)

    def describe(self) -> bytes:
        """What the fingerprint takes of it."""
        mode = self.status.st_mode
        if stat.S_ISLNK(mode):
            return b"symlink " + os.fsencode(Path(self.location).readlink())
        if stat.S_ISREG(mode):
            kind = b"executable " if mode & stat.S_IXUSR else b"file "
            return kind + _content_digest(self.location, self.status.st_size)
        return b"folder" if stat.S_ISDIR(mode) else b"special"


# A program has one view of its files: each context is read once, however many images are made from it.
@functools.cache
def _fingerprint(build: Build) -> str:
    digest = hashlib.sha256()

    def add(part: bytes) -> None:
        digest.update(len(part).to_bytes(8, "big") + part)

    add(json.dumps([_FORMAT, build.args, build.target, build.platform]).encode())
    for entry in build.entries():
        add(os.fsencode(entry.path))
        add(entry.describe())
    add(build.dockerfile.read_bytes())
    return digest.hexdigest()[:FINGERPRINT_HEX_DIGITS]


def _content_digest(location: str, size_bytes: int) -> bytes:
    # Most files are small: one read each, without the 256 KiB buffer that hashlib.file_digest makes for every file.
    digest = hashlib.sha256()
    asked = min(size_bytes + 1, LONGEST_READ_BYTES)
    descriptor = os.open(location, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while part := os.read(descriptor, asked):
            digest.update(part)
            if len(part) < asked:
                break
    finally:
        os.close(descriptor)
    return digest.digest()


def _walk(folder: str, ignore: DockerIgnore, prefix: str) -> Iterator[Entry]:
    try:
        with os.scandir(folder) as found:
            names = sorted(entry.name for entry in found)
    except OSError as error:
        raise BuildContextError(f'has a folder "{prefix}" that cannot be read: {error.strerror}') from error
    for name in names:
        path = prefix + name
        location = f"{folder}/{name}"
        status = os.lstat(location)
        ignored = ignore.ignores(path)
        if not ignored:
            _check_entry(location, path, status)
            yield Entry(path, location, status)
        if stat.S_ISDIR(status.st_mode) and not (ignored and not ignore.has_exceptions):
            yield from _walk(location, ignore, path + "/")


def _check_folder(context: Path) -> None:
    if not context.is_dir():
        raise BuildContextError("is not a folder" if context.exists() else "does not exist")
    try:
        if not any(context.iterdir()):
            raise BuildContextError("is an empty folder")
    except PermissionError as error:
        raise BuildContextError("cannot be read: permission denied") from error


def _check_entry(location: str, path: str, status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        _check_readable(location, path)
    elif stat.S_ISLNK(status.st_mode):
        link = Path(location)
        target = link.readlink()
        # An absolute target is meant for the image's own file system.
        if not target.is_absolute() and not link.exists():
            what = "in a circle" if _loops(link) else "nowhere"
            raise BuildContextError(f'has a symlink "{path}" that leads {what} ("{target}"): mend it or ignore it')


def _loops(link: Path) -> bool:
    try:
        link.resolve(strict=True)
    except FileNotFoundError:
        return False
    except (OSError, RuntimeError):
        return True
    return False


def _check_readable(location: str | Path, path: str) -> None:
    if not os.access(location, os.R_OK):
        raise BuildContextError(f'has a file "{path}" that cannot be read: permission denied; allow it or ignore it')
