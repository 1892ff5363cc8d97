"""`python -m bench`: measures Caravan beside its peers, and says whether the targets are met."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import report
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


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split(": ")[1])
    parser.add_argument("--full", action="store_true", help="everything, up to 1000 services: some hours")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="default: all")
    parser.add_argument(
        "--sizes", nargs="+", type=int, help="numbers of services. Default 1 100; with --full 1 10 100 1000"
    )
    parser.add_argument("--rounds", type=int, help="how often each is measured. Default 2; with --full 5")
    parser.add_argument("--rollouts", nargs="+", type=int, help="rollouts at once. Default 100; with --full 100 1000")
    parser.add_argument(
        "--files", nargs="+", type=int, help="files to hash. Default 10 1000; with --full 10 1000 50000"
    )
    parser.add_argument("--again", action="store_true", help="start anew where a run was interrupted")
    parser.add_argument("--write", type=Path, help="also write the tables as Markdown, as to docs/scale-measured.md")
    options = parser.parse_args(arguments)
    options.sizes = options.sizes or ([1, 10, 100, 1000] if options.full else [1, 100])
    options.rounds = options.rounds or (5 if options.full else 2)
    options.rollouts = options.rollouts or ([100, 1000] if options.full else [100])
    options.files = options.files or ([10, 1000, 50_000] if options.full else [10, 1000])
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
        "options": f"{options.parts} {options.sizes} {options.rounds} {options.rollouts} {options.files}",
    }
    store = Store(RESULTS, run)
    addresses = cluster.start(CLUSTER)
    bench = Bench(FOLDER, addresses, options.rounds)
    try:
        for name, measure in _cells(options, bench):
            store.measured(name, measure)
    except KeyboardInterrupt:
        print(f"Interrupted. The same command goes on from here; so far: {RESULTS}", file=sys.stderr)
        return 130
    finally:
        cluster.reset(CLUSTER)
    store.finish()
    judged = [it for target in targets(options.sizes, options.rollouts) if (it := target.judge(store.rows))]
    print(report.table(report.HEAD, report.cells(store.rows)))
    print()
    print(report.table(report.TARGET_HEAD, report.target_cells(judged)))
    print(f"\nAs JSON: {RESULTS}")
    if options.write:
        options.write.write_text(report.document(store.rows, judged, run["commit"], os.cpu_count() or 1))
    return 0


def _commit() -> str:
    """The commit that is measured, with a mark where the checkout differs from it."""
    asked = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(asked, cwd=paths.ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
