"""What every command pays before anything is done: the CLI, imports of the program, starts of the plugins."""

import subprocess
from functools import partial

from bench.bench import Bench, progress, timed
from bench.measure import Row
from bench.workspace import PROVIDERS, activated
from toolchain import paths

IMPORTS = ("pulumi", "pulumi_nomad", "pulumi_docker", "pulumi_consul", "components.program")


def measure(bench: Bench) -> list[Row]:
    """Seconds from start to end, or to the port that a plugin prints when it is ready."""
    progress("start-up")
    environment = {**activated(), "PYTHONPATH": str(paths.ROOT)}
    python = str(paths.ROOT / ".venv" / "bin" / "python")
    commands = {
        "pulumi version": ["pulumi", "version"],
        "python": [python, "-c", "pass"],
        **{f"import {name}": [python, "-c", f"import {name}"] for name in IMPORTS},
    }
    plugins = {
        "plugin of nomad": PROVIDERS["caravan"] / "nomad" / "pulumi-resource-nomad",
        "plugin of consul": PROVIDERS["caravan"] / "consul" / "pulumi-resource-consul",
        "plugin that does nothing": PROVIDERS["floor"] / "nomad" / "pulumi-resource-nomad",
    }
    rounds = range(max(5, bench.rounds))
    seconds: dict[str, list[float]] = {name: [] for name in (*commands, *plugins)}
    for _ in rounds:
        for name, command in commands.items():
            seconds[name].append(timed(partial(_run, command, environment)))
        for name, program in plugins.items():
            seconds[name].append(timed(partial(_start, str(program), environment)))
    nothing = seconds["plugin that does nothing"]
    return [
        Row.of("start-up", name, "ours", "s", each, "floor", nothing)
        if name in ("plugin of nomad", "plugin of consul")
        else Row.of("start-up", name, "", "s", each)
        for name, each in seconds.items()
    ]


def _run(command: list[str], environment: dict[str, str]) -> None:
    subprocess.run(command, env=environment, check=True, capture_output=True)


def _start(program: str, environment: dict[str, str]) -> None:
    """Starts a plugin, waits for its port, and ends it."""
    with subprocess.Popen([program, "127.0.0.1:1"], env=environment, stdout=subprocess.PIPE, text=True) as plugin:
        assert plugin.stdout is not None
        assert plugin.stdout.readline().strip().isdigit(), f"{program} told no port"
        plugin.terminate()
