"""Many rollouts followed at once: how long after Nomad's event the verdict is printed, and what following costs."""

from statistics import median

from bench.bench import WITHOUT_CHECKPOINTS, Bench, progress
from bench.counting import CountingProxy
from bench.measure import Row
from bench.verdicts import Listener, latencies, printed
from bench.workspace import Wanted


def measure(bench: Bench, at_once: int) -> list[Row]:
    """`at_once` new jobs of one instance each."""
    driver = _driver(bench)
    said: list[list[float]] = []
    for round_ in range(bench.rounds):
        progress(f"{at_once} rollouts at once ({driver}), round {round_ + 1}")
        it = bench.workspace("rollouts", "rollouts", "caravan", BENCH_DRIVER=driver, **WITHOUT_CHECKPOINTS)
        with Listener(bench.addresses.nomad) as listener:
            used = it.up(Wanted(at_once), parallel=at_once)
        said.append(latencies(listener.succeeded, printed(used.lines)))
        bench.clean_up(it)
    progress(f"{at_once} rollouts at once, their requests")
    with CountingProxy(bench.addresses.nomad) as proxy:
        it = bench.workspace("rollouts", "rollouts", "caravan", **_through(proxy.address, driver))
        counted_run = it.up(Wanted(at_once), parallel=at_once)
        counted = proxy.counted
        bench.clean_up(it)
    streams = counted.requests["GET /v1/event/stream"]
    name = f"{at_once} at once"
    requests = sum(counted.requests.values()) / at_once
    return [
        Row.of(
            "rollouts", f"{name}: verdict after Nomad's event, median", "ours", "s", [median(each) for each in said]
        ),
        Row.of("rollouts", f"{name}: verdict after Nomad's event, worst", "ours", "s", [max(each) for each in said]),
        Row.of("rollouts", f"{name}: up", "ours", "s", [counted_run.wall_s]),
        Row.of("rollouts", f"{name}: event streams", "ours", "", [streams]),
        Row.of("rollouts", f"{name}: requests", "ours", "per job", [requests]),
        Row.of("rollouts", f"{name}: connections", "ours", "", [counted.connections]),
        Row.of("rollouts", f"{name}: memory of the provider", "ours", "MB", [counted_run.peak_bytes["provider"] / 1e6]),
    ]


def _through(address: str, driver: str) -> dict[str, str]:
    return {"NOMAD_ADDR": address, "BENCH_DRIVER": driver, **WITHOUT_CHECKPOINTS}


def _driver(bench: Bench) -> str:
    """Nomad's driver for tests where this build has it: it starts no processes, so that there can be many."""
    nodes = bench.nomad.get("/v1/nodes")
    return "mock_driver" if any("mock_driver" in (node["Drivers"] or {}) for node in nodes) else "raw_exec"
