"""How many requests the provider makes for each job, over how many connections."""

from collections.abc import Callable

from bench.bench import WITHOUT_CHECKPOINTS, Bench, progress
from bench.counting import Counted, CountingProxy
from bench.measure import Row
from bench.workspace import Wanted

JOBS = 20


def measure(bench: Bench) -> list[Row]:
    """Counted by a proxy between the provider and Nomad."""
    progress("requests")
    rows = []
    with CountingProxy(bench.addresses.nomad) as proxy:
        it = bench.workspace("requests", "jobs", "caravan", NOMAD_ADDR=proxy.address, **WITHOUT_CHECKPOINTS)
        steps: dict[str, Callable[[], object]] = {
            "preview, new": lambda: it.preview(Wanted(JOBS)),
            "up, new": lambda: it.up(Wanted(JOBS)),
            "preview, unchanged": lambda: it.preview(Wanted(JOBS)),
            "up, unchanged": lambda: it.up(Wanted(JOBS)),
            "preview, changed": lambda: it.preview(Wanted(JOBS, JOBS)),
            "up, changed": lambda: it.up(Wanted(JOBS, JOBS)),
        }
        for name, step in steps.items():
            proxy.begin()
            step()
            rows += _rows(name, proxy.counted)
        bench.clean_up(it)
    return rows


def _rows(name: str, counted: Counted) -> list[Row]:
    of_jobs = sum(count for path, count in counted.requests.items() if "/v1/job" in path or "/validate/job" in path)
    return [
        Row.of("requests", name, "ours", "per job", [of_jobs / JOBS]),
        Row.of("requests", f"{name}, connections", "ours", "", [counted.connections]),
    ]
