"""A Pulumi project in a folder of its own: one program, our providers or those that do nothing, its own backend."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench import processes
from bench.processes import Usage
from toolchain import paths

TIMEOUT_S = 1800.0

PROVIDERS = {
    "caravan": paths.ROOT / "providers",
    "floor": paths.ROOT / "bench" / "floor",
    "profiled": paths.ROOT / "bench" / "profiled",
}
"""Folders with an executable for each package: the product's, the ones that do nothing, ours under a profiler."""


class CommandFailed(Exception):
    """A measured command failed; the message holds its output."""


@dataclass(frozen=True)
class Wanted:
    """What the program declares: `size` services in version `base`, the first `changed` of them in `version`."""

    size: int
    changed: int = 0
    version: int = 2
    base: int = 1


class Workspace:
    """One contender's project and stack. `environment` is added to that of `activate`."""

    def __init__(self, folder: Path, program: str, providers: Path, environment: dict[str, str]) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "state").mkdir(parents=True)
        self.folder = folder
        shutil.copy(paths.ROOT / "bench" / "programs" / f"{program}.py", folder / "__main__.py")
        served = [name for name in ("nomad", "consul") if (providers / name).is_dir()]
        plugins = "".join(f"    - {{name: {name}, path: {providers / name}}}\n" for name in served)
        (folder / "Pulumi.yaml").write_text(f"name: bench\nruntime: python\nplugins:\n  providers:\n{plugins}")
        self.environment = {
            **activated(),
            "PYTHONPATH": str(paths.ROOT),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "of the bench",
            "BENCH_PREFIX": folder.name,
            **environment,
        }
        self.pulumi("stack", "init", "bench")

    def pulumi(self, *arguments: str, wanted: Wanted | None = None) -> Usage:
        """Runs `pulumi ARGUMENTS`. Raises CommandFailed."""
        declared = wanted or Wanted(0)
        used = processes.run(
            ["pulumi", *arguments, "--non-interactive"],
            self.folder,
            {
                **self.environment,
                "BENCH_SIZE": str(declared.size),
                "BENCH_CHANGED": str(declared.changed),
                "BENCH_VERSION": str(declared.version),
                "BENCH_BASE": str(declared.base),
            },
            TIMEOUT_S,
        )
        if used.code:
            raise CommandFailed(f"pulumi {' '.join(arguments)} in {self.folder} failed:\n{used.output[-4000:]}")
        return used

    def preview(self, wanted: Wanted) -> Usage:
        return self.pulumi("preview", wanted=wanted)

    def up(self, wanted: Wanted, parallel: int | None = None) -> Usage:
        """The update alone: the preview before it is measured apart. `parallel`: steps at once, Pulumi's default."""
        more = ["--parallel", str(parallel)] if parallel else []
        return self.pulumi("up", "--yes", "--skip-preview", *more, wanted=wanted)


@cache
def activated() -> dict[str, str]:
    """The environment that `. ./activate` gives: what users have is what is measured."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "NOMAD_"))}
    shown = subprocess.run(
        ["sh", "-c", ". ./activate >/dev/null 2>&1; exec env -0"],
        cwd=paths.ROOT,
        env=inherited,
        check=True,
        stdout=subprocess.PIPE,
    )
    pairs = shown.stdout.decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)
