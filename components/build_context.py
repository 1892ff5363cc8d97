"""The content of an image's build: which files can reach it, and a fingerprint of them."""

import functools
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from components.dockerignore import DockerIgnore, Match

FINGERPRINT_HEX_DIGITS = 12
LONGEST_READ_BYTES = 1024 * 1024
"""How much of a file is in memory at a time."""

IGNORED = ("**/.git",)
"""What no build takes unless its `.dockerignore` makes an exception: it differs between clones of one commit."""
TOOLS_FOLDER = ".caravan"
"""Below the program's working directory. What builds write there is never part of a build."""

_FORMAT = "caravan build 2"


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
    ignore: tuple[str, ...] = ()
    """Patterns in front of those of the `.dockerignore`, which may make exceptions from them."""

    @staticmethod
    def of(
        context: Path,
        dockerfile: str = "Dockerfile",
        args: Mapping[str, str] | None = None,
        target: str | None = None,
        platform: str | None = None,
        ignore: Sequence[str] = (),
    ) -> "Build":
        """A build as services describe it: the Dockerfile's path is relative to the context."""
        sorted_args = tuple(sorted((args or {}).items()))
        return Build(context, context / dockerfile, sorted_args, target, platform, tuple(ignore))

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

    def fingerprint_by(self, describe: "Callable[[Entry], bytes]", dockerfile: bytes) -> str:
        """The fingerprint of what `describe` finds, which is asked for each entry in turn, and of a Dockerfile.

        Raises:
            BuildContextError: as check.
        """
        digest = hashlib.sha256()

        def add(part: bytes) -> None:
            digest.update(len(part).to_bytes(8, "big") + part)

        add(json.dumps([_FORMAT, self.args, self.target, self.platform]).encode())
        for entry in self.entries():
            add(os.fsencode(entry.path))
            add(describe(entry))
        add(dockerfile)
        return digest.hexdigest()[:FINGERPRINT_HEX_DIGITS]

    def check(self) -> None:
        """Find what would make the build fail, without reading the files.

        Raises:
            BuildContextError: the context or the Dockerfile is missing, a file is unreadable, a symlink leads nowhere.
        """
        for _ in self.entries():
            pass

    def entries(self) -> "Iterator[Entry]":
        """Everything in the context that Docker does not ignore, each folder before what is in it.

        Files, folders and symlinks, as in git: not sockets, pipes and devices.

        Raises:
            BuildContextError: as check.
        """
        self._require_files()
        ignore = self._ignore()
        return _walk(str(self.context), ignore, "", ignore.root)

    def read_dockerfile(self) -> bytes:
        """The Dockerfile's content. Raises BuildContextError as check."""
        self._require_files()
        return self.dockerfile.read_bytes()

    def _require_files(self) -> None:
        _check_folder(self.context)
        if not self.dockerfile.is_file():
            raise BuildContextError(f'has no Dockerfile at "{os.path.relpath(self.dockerfile, self.context)}"')
        _check_readable(self.dockerfile, os.path.relpath(self.dockerfile, self.context))

    def _ignore(self) -> DockerIgnore:
        # The file beside the Dockerfile replaces the one in the context. Source: `docker build` reference.
        own = self.dockerfile.with_name(self.dockerfile.name + ".dockerignore")
        before = (*IGNORED, *self.ignore)
        for path in (own, self.context / ".dockerignore"):
            if path.is_file():
                _check_readable(path, os.path.relpath(path, self.context))
                try:
                    return DockerIgnore(path.read_bytes().decode("utf-8", "surrogateescape"), before)
                except ValueError as error:
                    raise BuildContextError(f'has a "{path.name}" that Docker cannot read: {error}') from error
        return DockerIgnore(before=before)


@dataclass(frozen=True)
class Entry:
    """One file, folder or symlink of a context."""

    path: str
    """Relative to the context, with `/`."""
    location: str
    status: os.stat_result = field(repr=False)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def is_symlink(self) -> bool:
        return stat.S_ISLNK(self.status.st_mode)

    @property
    def executable(self) -> bool:
        """All that git keeps of a file's mode."""
        return bool(self.status.st_mode & stat.S_IXUSR)

    def describe(self) -> bytes:
        """What the fingerprint takes of it."""
        if self.is_symlink:
            return described_symlink(Path(self.location).readlink())
        if self.is_folder:
            return FOLDER
        return described_file(self.executable, _content_digest(self.location, self.status.st_size))


_KINDS = frozenset({stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK})

FOLDER = b"folder"
"""What the fingerprint takes of a folder."""


def described_file(executable: bool, content_digest: bytes) -> bytes:
    """What the fingerprint takes of a file."""
    return (b"executable " if executable else b"file ") + content_digest


def described_symlink(target: Path) -> bytes:
    """What the fingerprint takes of a symlink."""
    return b"symlink " + os.fsencode(target)


# A program has one view of its files: each context is read once, however many images are made from it.
@functools.cache
def _fingerprint(build: Build) -> str:
    return build.fingerprint_by(Entry.describe, build.read_dockerfile())


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


def _walk(folder: str, ignore: DockerIgnore, prefix: str, parent: Match) -> Iterator[Entry]:
    try:
        with os.scandir(folder) as found:
            names = sorted(entry.name for entry in found)
    except PermissionError as error:
        if parent.ignored:
            return
        raise BuildContextError(f'has a folder "{prefix}" that cannot be read: {error.strerror}') from error
    except OSError as error:
        raise BuildContextError(f'has a folder "{prefix}" that cannot be read: {error.strerror}') from error
    for name in names:
        path = prefix + name
        location = f"{folder}/{name}"
        status = os.lstat(location)
        if name == TOOLS_FOLDER and Path(folder).samefile(Path.cwd()):
            continue
        match = ignore.match(path, parent)
        entry = Entry(path, location, status)
        if not match.ignored and stat.S_IFMT(status.st_mode) in _KINDS:
            _check_entry(entry)
            yield entry
        if entry.is_folder and (not match.ignored or ignore.may_keep_below(path)):
            below = _walk(location, ignore, path + "/", match)
            if match.ignored and (first := next(below, None)) is not None:
                # What is put back below an ignored folder brings the folder with it.
                _check_entry(entry)
                yield entry
                yield first
            yield from below


def _check_folder(context: Path) -> None:
    if not context.is_dir():
        raise BuildContextError("is not a folder" if context.exists() else "does not exist")
    try:
        if not any(context.iterdir()):
            raise BuildContextError("is an empty folder")
    except PermissionError as error:
        raise BuildContextError("cannot be read: permission denied") from error


def _check_entry(entry: Entry) -> None:
    path = entry.path
    _check_text("has a file", path, path)
    if entry.is_symlink:
        link = Path(entry.location)
        target = link.readlink()
        _check_text(f'has a symlink "{path}" to a file', str(target), path)
        # An absolute target is meant for the image's own file system.
        if not target.is_absolute() and not link.exists():
            what = "in a circle" if _loops(link) else "nowhere"
            raise BuildContextError(f'has a symlink "{path}" that leads {what} ("{target}"): mend it or ignore it')
    elif not entry.is_folder:
        _check_readable(entry.location, path)


def _check_text(what: str, name: str, path: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        shown = ascii(os.fsencode(path))[2:-1]
        raise BuildContextError(
            f'{what} whose name is not UTF-8 ("{shown}"), which no image can have: rename it or ignore it'
        ) from error


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
