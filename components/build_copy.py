"""A copy of what goes into a build, which Docker builds from instead of the checkout.

What git does not keep of a file must not reach the image, as one tag would then mean several images: the copy has the
modes of a checkout with the usual umask, and no ignored file, hard link, owner or attribute. Its fingerprint is taken
while it is made, so that the image is what its tag says, however the files change meanwhile.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO

from components.build_context import (
    FOLDER,
    LONGEST_READ_BYTES,
    Build,
    BuildContextError,
    Entry,
    described_file,
    described_symlink,
)

WAIT_S = 0.2
"""Between two looks whether another command has finished with the copy."""

_FILE_MODE, _EXECUTABLE_MODE, _FOLDER_MODE = 0o644, 0o755, 0o755
_NANOSECONDS = 10**9


class BuildCopy:
    """The copy of one image's build.

    Args:
        build: what goes into it.
        folder: what the copy's place is below; nobody else can look into it.
        name: the image's. BuildKit keeps what it was sent by the name of the context's folder, and takes only the
            differences next time.
    """

    def __init__(self, build: Build, folder: Path, name: str) -> None:
        self._build = build
        self._place = folder / name
        self.context = self._place / name
        self.dockerfile = self._place / f"{name}.Dockerfile"
        self._lock_file = folder / f"{name}.lock"
        self._lock: IO[str] | None = None

    async def make(self, waiting: Callable[[], None]) -> None:
        """Make it, after others have finished with theirs.

        Args:
            waiting: called once where another command builds this image from the same folder now.

        Raises:
            BuildContextError: as Build.check, or a file has changed since the fingerprint was taken.
        """
        self._place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._take_lock(waiting)
        try:
            self._fill()
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Remove it and let others make theirs."""
        shutil.rmtree(self._place, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def _take_lock(self, waiting: Callable[[], None]) -> None:
        lock = self._lock_file.open("w")
        told = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not told:
                    waiting()
                told = True
                await asyncio.sleep(WAIT_S)
            else:
                self._lock = lock
                return

    def _fill(self) -> None:
        shutil.rmtree(self._place, ignore_errors=True)
        self._place.mkdir(mode=0o700)
        self.context.mkdir()
        dockerfile = self._build.read_dockerfile()
        self.dockerfile.write_bytes(dockerfile)
        # It comes before a .dockerignore in the context, which has done its part.
        self.dockerfile.with_name(f"{self.dockerfile.name}.dockerignore").write_text("# All that is here is meant.\n")
        entries: list[Entry] = []

        def copied(entry: Entry) -> bytes:
            entries.append(entry)
            return _copied(entry, self.context / entry.path)

        if self._build.fingerprint_by(copied, dockerfile) != self._build.fingerprint():
            last = max(entries, key=lambda entry: entry.status.st_mtime_ns, default=None)
            changed = f' ("{last.path}" is the newest in it)' if last else ""
            raise BuildContextError(f"has changed since this command began{changed}: run it again")
        for entry in reversed(entries):
            if entry.is_folder:
                os.utime(self.context / entry.path, ns=(entry.status.st_mtime_ns, entry.status.st_mtime_ns))


def _copied(entry: Entry, target: Path) -> bytes:
    """Copy the entry; what the fingerprint takes of the copy."""
    if entry.is_folder:
        target.mkdir()
        target.chmod(_FOLDER_MODE)
        return FOLDER
    time_ns = entry.status.st_mtime_ns
    if entry.is_symlink:
        leads_to = Path(entry.location).readlink()
        target.symlink_to(leads_to)
        os.utime(target, ns=(time_ns, time_ns), follow_symlinks=False)
        return described_symlink(leads_to)
    digest = hashlib.sha256()
    with Path(entry.location).open("rb", buffering=0) as source, target.open("xb") as copy:
        while part := source.read(LONGEST_READ_BYTES):
            digest.update(part)
            copy.write(part)
    target.chmod(_EXECUTABLE_MODE if entry.executable else _FILE_MODE)
    # BuildKit takes a file of the same size and time for the one that it has already. Makers of reproducible files give
    # all of them one time, so the part of the time that no image keeps is made from the content.
    fraction_ns = int.from_bytes(digest.digest()[:8], "big") % _NANOSECONDS
    time_ns += fraction_ns - time_ns % _NANOSECONDS
    os.utime(target, ns=(time_ns, time_ns))
    return described_file(entry.executable, digest.digest())
