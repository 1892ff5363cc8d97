"""What all parts of a run share: the cluster, the folder, the sizes, and rounds in which contenders take turns."""

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.nomad import Nomad
from bench.processes import Usage
from bench.workspace import PROVIDERS, Workspace
from toolchain.cluster import Addresses

WITHOUT_CHECKPOINTS = {"PULUMI_SKIP_CHECKPOINTS": "true"}


@dataclass(frozen=True)
class Bench:
    """One run. `rounds`: how often each contender is measured. `only_targets`: what no target is about is left out."""

    folder: Path
    addresses: Addresses
    rounds: int
    only_targets: bool = False

    @property
    def nomad(self) -> Nomad:
        return Nomad(self.addresses.nomad)

    def workspace(self, name: str, program: str, providers: str, **environment: str) -> Workspace:
        """A new project whose jobs have the name's prefix; jobs that an earlier run left under it are ended."""
        self.nomad.purge(f"{name}-")
        environment = {
            **self.addresses.environment(),
            "BENCH_IMAGE": self.addresses.base_image or "python:3.12-slim",
            **environment,
        }
        return Workspace(self.folder / name, program, PROVIDERS[providers], environment)

    def clean_up(self, *workspaces: Workspace) -> None:
        """Ends the jobs of workspaces and deletes their folders."""
        for workspace in workspaces:
            self.nomad.purge(f"{workspace.folder.name}-")
            shutil.rmtree(workspace.folder, ignore_errors=True)


def in_turns(contenders: Mapping[str, Callable[[], Usage]], round_: int) -> dict[str, Usage]:
    """Runs each contender once, right after one another; every other round the other way round."""
    order = list(contenders)[:: 1 if round_ % 2 == 0 else -1]
    return {name: contenders[name]() for name in order}


def timed(work: Callable[[], object]) -> float:
    """How long it takes, seconds."""
    started_s = time.perf_counter()
    work()
    return time.perf_counter() - started_s


def progress(text: str) -> None:
    """A line that says what is being measured."""
    print(f"  {time.strftime('%H:%M:%S')} {text}", flush=True)
