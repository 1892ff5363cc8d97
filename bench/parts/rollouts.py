"""Many rollouts followed at once: how long after Nomad's event the verdict is printed, and what following costs."""

from statistics import median

from bench.bench import WITHOUT_CHECKPOINTS, Bench, progress
from bench.counting import CountingProxy
from bench.measure import Row
from bench.verdicts import Listener, latencies, printed
from bench.workspace import Wanted, Workspace

TIMED_UP_TO = 100
"""With more rollouts at once, one node's own work is what is slow: only what following them costs is measured."""


def measure(bench: Bench, at_once: int) -> list[Row]:
    """`at_once` new jobs of one instance each."""
    driver = _driver(bench)
    name = f"{at_once} at once"
    rows = _latencies(bench, at_once, name, driver) if at_once <= TIMED_UP_TO else []
    progress(f"{at_once} rollouts at once ({driver}), their requests")
    with CountingProxy(bench.addresses.nomad) as proxy:
        it = _workspace(bench, driver, NOMAD_ADDR=proxy.address)
        used = it.up(Wanted(at_once), parallel=at_once)
        counted = proxy.counted
        bench.clean_up(it)
    values = {
        "up": ("s", used.wall_s),
        "event streams": ("", counted.requests["GET /v1/event/stream"]),
        "requests": ("per job", sum(counted.requests.values()) / at_once),
        "connections": ("", counted.connections),
        "memory of the provider": ("MB", used.peak_bytes["provider"] / 1e6),
    }
    return rows + [
        Row.of("rollouts", f"{name}: {measure}", "ours", unit, [value]) for measure, (unit, value) in values.items()
    ]


def _latencies(bench: Bench, at_once: int, name: str, driver: str) -> list[Row]:
    """Seconds between Nomad's event and the printed verdict: the median and the worst of each round."""
    said: list[list[float]] = []
    for round_ in range(bench.rounds):
        progress(f"{at_once} rollouts at once ({driver}), round {round_ + 1}")
        it = _workspace(bench, driver)
        with Listener(bench.addresses.nomad) as listener:
            used = it.up(Wanted(at_once), parallel=at_once)
        said.append(latencies(listener.succeeded, printed(used.lines)))
        bench.clean_up(it)
    what = f"{name}: verdict after Nomad's event"
    return [
        Row.of("rollouts", f"{what}, median", "ours", "s", [median(each) for each in said]),
        Row.of("rollouts", f"{what}, worst", "ours", "s", [max(each) for each in said]),
    ]


def _workspace(bench: Bench, driver: str, **environment: str) -> Workspace:
    return bench.workspace("rollouts", "rollouts", "caravan", BENCH_DRIVER=driver, **WITHOUT_CHECKPOINTS, **environment)


def _driver(bench: Bench) -> str:
    """Nomad's driver for tests where this build has it: it starts no processes, so that there can be many."""
    nodes = bench.nomad.get("/v1/nodes")
    return "mock_driver" if any("mock_driver" in (node["Drivers"] or {}) for node in nodes) else "raw_exec"
