"""Preview and update of N services beside the floor, Nomad's command line and its HTTP API."""

import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial

from bench.bench import WITHOUT_CHECKPOINTS, Bench, in_turns, progress, timed
from bench.jobs import Job, job
from bench.measure import Row
from bench.nomad_cli import NomadCli
from bench.processes import Usage
from bench.workspace import Wanted, Workspace

CLI_LOOP_UP_TO = 100
"""One `nomad` command after the other is not measured for more jobs than this."""

OF_TARGETS = ("up of {size} new", "preview of {size} unchanged", "preview of {size} changed")
"""The steps that targets are about."""


def measure(bench: Bench, program: str, size: int) -> list[Row]:
    """All kinds of changes to `size` services; ours and the floor both without checkpoints (see checkpoints.py)."""
    runs: dict[str, dict[str, list[Usage]]] = defaultdict(lambda: defaultdict(list))
    others: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for round_ in range(bench.rounds):
        ours = bench.workspace(f"ours-{program}-{size}", program, "caravan", **WITHOUT_CHECKPOINTS)
        floor = bench.workspace(f"floor-{program}-{size}", program, "floor", **WITHOUT_CHECKPOINTS)
        for name, step in _steps(size, only_targets=bench.only_targets).items():
            progress(f"{program}, {name}, round {round_ + 1}")
            turns = in_turns({"ours": partial(step, ours), "floor": partial(step, floor)}, round_)
            for contender, used in turns.items():
                runs[name][contender].append(used)
            peers = {f"preview of {size} changed"} | (set() if bench.only_targets else {f"up of {size} new"})
            if program == "jobs" and name in peers:
                for contender, seconds in _peers(bench, ours.folder.name, size, plan="preview" in name).items():
                    others[name][contender].append(seconds)
        bench.clean_up(ours, floor)
    return _rows(program, size, runs, others)


def _steps(size: int, *, only_targets: bool) -> dict[str, Callable[[Workspace], Usage]]:
    few = max(1, size // 100)
    steps: dict[str, Callable[[Workspace], Usage]] = {
        f"preview of {size} new": lambda it: it.preview(Wanted(size)),
        f"up of {size} new": lambda it: it.up(Wanted(size)),
        f"preview of {size} unchanged": lambda it: it.preview(Wanted(size)),
        f"up of {size} unchanged": lambda it: it.up(Wanted(size)),
        f"preview of {size} with {few} changed": lambda it: it.preview(Wanted(size, few)),
        f"up of {size} with {few} changed": lambda it: it.up(Wanted(size, few)),
        f"preview of {size} changed": lambda it: it.preview(Wanted(size, size, 3)),
        f"up of {size} changed": lambda it: it.up(Wanted(size, size, 3)),
    }
    kept = {step.format(size=size) for step in OF_TARGETS} if only_targets else steps.keys()
    return {name: step for name, step in steps.items() if name in kept}


def _peers(bench: Bench, prefix: str, size: int, *, plan: bool) -> dict[str, float]:
    """Seconds of the same work without Pulumi: dry runs of the same jobs, or registrations of as many others."""
    cli = NomadCli(bench.folder / "cli", bench.addresses.nomad)
    loops = {"nomad x8": 8, **({"nomad loop": 1} if size <= CLI_LOOP_UP_TO and not bench.only_targets else {})}
    found = {}
    if plan:
        jobs = [job(prefix, number, 3) for number in range(size)]
        files = cli.write(jobs)
        for name, at_once in loops.items():
            found[name] = timed(partial(cli.plan, files, at_once))
        found["HTTP API"] = timed(partial(bench.nomad.plan, jobs))
        return found
    for name, at_once in loops.items():
        files = cli.write(_new_jobs("cli", size))
        found[name] = timed(partial(cli.run, files, at_once))
        bench.nomad.purge("cli-")
    jobs = _new_jobs("api", size)
    found["HTTP API"] = timed(partial(bench.nomad.register, jobs))
    bench.nomad.purge("api-")
    return found


def _new_jobs(prefix: str, size: int) -> list[Job]:
    return [job(f"{prefix}-{time.time_ns()}", number, 1) for number in range(size)]


def _rows(
    program: str,
    size: int,
    runs: dict[str, dict[str, list[Usage]]],
    others: dict[str, dict[str, list[float]]],
) -> list[Row]:
    part = "scale" if program == "jobs" else f"scale, {program}"
    rows = []
    for name, used in runs.items():
        wall = {contender: [u.wall_s for u in each] for contender, each in used.items()}
        cpu = {contender: [u.cpu_s for u in each] for contender, each in used.items()}
        rows.append(Row.of(part, name, "floor", "s", wall["floor"]))
        rows.append(Row.of(part, name, "ours", "s", wall["ours"], "floor", wall["floor"]))
        rows.append(Row.of(part, f"{name}, processor", "ours", "s", cpu["ours"], "floor", cpu["floor"]))
        for peer, seconds in others[name].items():
            rows.append(Row.of(part, name, peer, "s", seconds))
            rows.append(Row.of(part, name, "ours", "s", wall["ours"], peer, seconds))
    for role in ("provider", "program", "engine"):
        peaks = [max(u.peak_bytes.get(role, 0) for each in runs.values() for u in each["ours"]) / 1e6]
        rows.append(Row.of(part, f"memory of the {role}, {size}", "ours", "MB", peaks))
    return rows
