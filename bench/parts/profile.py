"""Where the provider's own time goes: its functions by time, for each kind of step."""

import os
import pstats
from collections.abc import Callable
from io import StringIO

from bench.bench import WITHOUT_CHECKPOINTS, Bench, progress
from bench.measure import Row
from bench.workspace import Wanted

LONGEST = 40
"""Functions shown of each step."""


def measure(bench: Bench, size: int) -> list[Row]:
    """Writes `profile-SIZE.txt` into the run's folder; the rows hold the provider's time in all, waiting included."""
    written = bench.folder / f"profile-{size}.out"
    it = bench.workspace("profiled", "jobs", "profiled", BENCH_PROFILE=str(written), **WITHOUT_CHECKPOINTS)
    steps: dict[str, Callable[[], object]] = {
        f"up of {size} new": lambda: it.up(Wanted(size)),
        f"preview of {size} unchanged": lambda: it.preview(Wanted(size)),
        f"preview of {size} changed": lambda: it.preview(Wanted(size, size)),
        f"up of {size} changed": lambda: it.up(Wanted(size, size)),
    }
    rows = []
    with (bench.folder / f"profile-{size}.txt").open("w") as report:
        for name, step in steps.items():
            progress(f"profile, {name}")
            step()
            text = StringIO()
            found = pstats.Stats(str(written), stream=text).strip_dirs()
            for order in ("cumulative", "tottime"):
                found.sort_stats(order).print_stats(LONGEST)
            report.write(f"{name}{os.linesep}{text.getvalue()}")
            seconds = sum(time for _, _, time, _, _ in found.stats.values())  # type: ignore[attr-defined]
            rows.append(Row.of("profile", name, "ours", "s", [seconds]))
    written.unlink()
    bench.clean_up(it)
    return rows
