"""Folders in the user's cache that are either complete or not there."""

import shutil
from collections.abc import Callable
from pathlib import Path

from toolchain import locks


def fill_once(folder: Path, fill: Callable[[Path], None], on_wait: Callable[[], None] | None = None) -> None:
    """Make `folder` by calling `fill` on a temporary neighbour that is then renamed.

    Two processes that want the same folder take turns, and the second one finds it done. What an interrupted run left
    is discarded. Whatever `fill` raises is raised, and `folder` is then not there.
    """
    if folder.is_dir():
        return
    with locks.exclusive(folder.parent / f".{folder.name}.lock", on_wait):
        if folder.is_dir():
            return
        partial = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            fill(partial)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
