"""`python -m bench`: measures Caravan beside its peers, and says whether the targets are met."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench import model, report
from bench.bench import Bench
from bench.measure import Row
from bench.parts import checkpoints, hashing, profile, requests, rollouts, scale, startup
from bench.store import Store
from bench.targets import targets
from toolchain import cluster, paths

FOLDER = paths.ROOT / ".caravan" / "bench"
CLUSTER = paths.ROOT / ".caravan" / "bench-cluster"
RESULTS = FOLDER / "results.json"
PARTS = ("startup", "hashing", "requests", "scale", "services", "checkpoints", "rollouts", "profile")

Cell = tuple[str, Callable[[], list[Row]]]


class Extent(NamedTuple):
    """How much is measured where the options do not say otherwise."""

    sizes: list[int]
    rounds: int
    rollouts: list[int]
    files: list[int]
    parts: tuple[str, ...]


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split(": ")[1])
    much = parser.add_mutually_exclusive_group()
    much.add_argument("--full", action="store_true", help="everything, up to 1000 services: some hours")
    much.add_argument("--targets", action="store_true", help="what the targets are about, up to 1000 services")
    parser.add_argument("--parts", nargs="+", choices=PARTS, help="default: all; with --targets all but profile")
    parser.add_argument(
        "--sizes",
        nargs="+",
        type=int,
        help="numbers of services. Default 1 100; with --targets 1 100 1000; with --full 1 10 100 1000",
    )
    parser.add_argument(
        "--rounds", type=int, help="how often each is measured. Default 2; with --targets 3; with --full 5"
    )
    parser.add_argument(
        "--rollouts",
        nargs="+",
        type=int,
        help="rollouts at once. Default 100; with --targets or --full 100 1000",
    )
    parser.add_argument(
        "--files",
        nargs="+",
        type=int,
        help="files to hash. Default 10 1000; with --targets or --full 10 1000 50000",
    )
    parser.add_argument("--again", action="store_true", help="start anew where a run was interrupted")
    parser.add_argument("--write", type=Path, help="also write the tables as Markdown, as to docs/scale-measured.md")
    options = parser.parse_args(arguments)
    full = Extent([1, 10, 100, 1000], 5, [100, 1000], [10, 1000, 50_000], PARTS)
    needed = Extent([1, 100, 1000], 3, [100, 1000], [10, 1000, 50_000], PARTS[:-1])
    extent = full if options.full else needed if options.targets else Extent([1, 100], 2, [100], [10, 1000], PARTS)
    options.sizes = options.sizes or extent.sizes
    options.rounds = options.rounds or extent.rounds
    options.rollouts = options.rollouts or extent.rollouts
    options.files = options.files or extent.files
    options.parts = options.parts or list(extent.parts)
    return options


def _cells(options: argparse.Namespace, bench: Bench) -> list[Cell]:
    """What to measure, in order, the quick first."""
    cells: list[Cell] = []
    if "startup" in options.parts:
        cells.append(("startup", partial(startup.measure, bench)))
    if "hashing" in options.parts:
        cells += [(f"hashing {files}", partial(hashing.measure, bench, files)) for files in options.files]
    if "requests" in options.parts:
        cells.append(("requests", partial(requests.measure, bench)))
    for part, program in (("scale", "jobs"), ("services", "services")):
        if part in options.parts:
            cells += [(f"{part} {size}", partial(scale.measure, bench, program, size)) for size in options.sizes]
    if "checkpoints" in options.parts:
        cells += [(f"checkpoints {size}", partial(checkpoints.measure, bench, size)) for size in options.sizes]
    if "rollouts" in options.parts:
        cells += [(f"rollouts {size}", partial(rollouts.measure, bench, size)) for size in options.rollouts]
    if "profile" in options.parts:
        cells.append((f"profile {max(options.sizes)}", partial(profile.measure, bench, max(options.sizes))))
    return cells


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when all has been measured, whether the targets are met or not."""
    options = _options(arguments)
    if options.again:
        RESULTS.unlink(missing_ok=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    run = {
        "commit": _commit(),
        "options": " ".join(str(getattr(options, name)) for name in ("targets", "parts", *Extent._fields[:-1])),
    }
    store = Store(RESULTS, run)
    addresses = cluster.start(CLUSTER)
    bench = Bench(FOLDER, addresses, options.rounds, options.targets)
    try:
        for name, measure in _cells(options, bench):
            store.measured(name, measure)
    except KeyboardInterrupt:
        print(f"Interrupted. The same command goes on from here; so far: {RESULTS}", file=sys.stderr)
        return 130
    finally:
        cluster.reset(CLUSTER)
    store.finish()
    growth = model.cells(store.rows, options.sizes)
    judged = [it for target in targets(options.sizes, options.rollouts) if (it := target.judge(store.rows))]
    print(report.table(report.HEAD, report.cells(store.rows)))
    print()
    if growth:
        print(report.table(model.HEAD, growth))
        print()
    print(report.table(report.TARGET_HEAD, report.target_cells(judged)))
    print(f"\nAs JSON: {RESULTS}")
    if options.write:
        options.write.write_text(report.document(store.rows, judged, growth, run["commit"], os.cpu_count() or 1))
    return 0


def _commit() -> str:
    """The commit that is measured, with a mark where the checkout differs from it."""
    asked = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(asked, cwd=paths.ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
