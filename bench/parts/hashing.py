"""The fingerprint of a build context against `tar | sha256sum`."""

import shutil
import subprocess
from pathlib import Path

from bench.bench import Bench, progress, timed
from bench.measure import Row
from components import build_context
from components.build_context import Build

FILES_IN_A_FOLDER = 100
FILE_BYTES = 2000


def measure(bench: Bench, files: int) -> list[Row]:
    """Both read all files, which are in the page cache."""
    context = bench.folder / f"context-{files}"
    _write(context, files)
    ours, tar = [], []
    for round_ in range(bench.rounds):
        progress(f"hashing {files} files, round {round_ + 1}")
        ours.append(timed(lambda: _fingerprint(context)))
        tar.append(timed(lambda: _tar(context)))
    shutil.rmtree(context)
    name = f"hash of {files} files"
    return [Row.of("hashing", name, "tar", "s", tar), Row.of("hashing", name, "ours", "s", ours, "tar", tar)]


def _fingerprint(context: Path) -> None:
    build_context._fingerprint.cache_clear()
    Build.of(context).fingerprint()


def _tar(context: Path) -> None:
    with subprocess.Popen(["tar", "--sort=name", "-cf", "-", "."], cwd=context, stdout=subprocess.PIPE) as packed:
        subprocess.run(["sha256sum"], stdin=packed.stdout, check=True, stdout=subprocess.PIPE)


def _write(context: Path, files: int) -> None:
    shutil.rmtree(context, ignore_errors=True)
    for number in range(files):
        folder = context / f"{number // FILES_IN_A_FOLDER:04}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:06}.txt").write_bytes(str(number).encode().ljust(FILE_BYTES, b"."))
    (context / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
