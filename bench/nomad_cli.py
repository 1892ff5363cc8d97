"""Nomad's own command line, once for each job: what people use without Pulumi."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.jobs import Job
from bench.workspace import activated

DIFFERENCES = 1
"""Exit code of `nomad job plan` when there is something to change."""


class NomadCli:
    """Runs `nomad` on jobs that are written to `folder`."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._environment = {**activated(), "NOMAD_ADDR": address}
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, jobs: list[Job]) -> list[Path]:
        """The jobs as files, which is not part of what is measured."""
        files = [self._folder / f"{job['ID']}.json" for job in jobs]
        for file, job in zip(files, jobs, strict=True):
            file.write_text(json.dumps({"Job": job}))
        return files

    def plan(self, files: list[Path], at_once: int) -> None:
        self._each(["job", "plan", "-json"], files, at_once, allowed=(0, DIFFERENCES))

    def run(self, files: list[Path], at_once: int) -> None:
        self._each(["job", "run", "-json", "-detach"], files, at_once, allowed=(0,))

    def _each(self, arguments: list[str], files: list[Path], at_once: int, allowed: tuple[int, ...]) -> None:
        def one(file: Path) -> None:
            done = subprocess.run(
                ["nomad", *arguments, str(file)],
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            if done.returncode not in allowed:
                raise RuntimeError(f"nomad {' '.join(arguments)} {file.name} failed: {done.stdout}")

        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(one, files))
