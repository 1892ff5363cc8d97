"""What the backend's checkpoints cost: an update of N new services with and without them."""

from functools import partial

from bench.bench import WITHOUT_CHECKPOINTS, Bench, in_turns, progress
from bench.measure import Row
from bench.processes import Usage
from bench.workspace import Wanted

WITH_CHECKPOINTS = {"PULUMI_SKIP_CHECKPOINTS": "false"}

CONTENDERS = {
    "floor with": ("floor", WITH_CHECKPOINTS),
    "ours without": ("caravan", WITHOUT_CHECKPOINTS),
    "ours with": ("caravan", WITH_CHECKPOINTS),
    "floor without": ("floor", WITHOUT_CHECKPOINTS),
}
"""Providers and environment of each; the first two are what the target is about."""


def measure(bench: Bench, size: int) -> list[Row]:
    """Time and bytes written, for the floor and for ours."""
    runs: dict[str, list[Usage]] = {}
    contenders = list(CONTENDERS.items())[: 2 if bench.only_targets else None]
    for round_ in range(bench.rounds):
        spaces = {
            who: bench.workspace(f"{who.replace(' ', '-')}-{size}", "jobs", providers, **environment)
            for who, (providers, environment) in contenders
        }
        progress(f"checkpoints, {size}, round {round_ + 1}")
        work = {name: partial(space.up, Wanted(size)) for name, space in spaces.items()}
        for name, used in in_turns(work, round_).items():
            runs.setdefault(name, []).append(used)
        bench.clean_up(*spaces.values())
    name = f"up of {size} new"
    wall = {who: [used.wall_s for used in each] for who, each in runs.items()}
    rows = [Row.of("checkpoints", name, "floor with", "s", wall["floor with"])]
    for who in (who for who, _ in contenders if who != "floor with"):
        rows.append(Row.of("checkpoints", name, who, "s", wall[who], "floor with", wall["floor with"]))
    for who, each in runs.items():
        rows.append(Row.of("checkpoints", f"written, {name}", who, "MB", [used.written_bytes / 1e6 for used in each]))
    return rows
