"""One server of the cluster: started once, known by its pid file, ready when it says so."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from toolchain import commands
from toolchain.embedded import processes
from toolchain.embedded.ports import Ports, is_free
from toolchain.embedded.processes import Process
from toolchain.errors import ToolchainError
from toolchain.progress import Step
from toolchain.waiting import wait_until

LOG_KEPT_BYTES = 10_000_000


@dataclass(frozen=True)
class Agent:
    """What is needed to start a server and to see how it is."""

    name: str
    cluster: Path
    """The cluster's folder, absolute."""
    command: list[str]
    address: str
    """What `status` shows and users connect to."""
    port_names: tuple[str, ...]
    """The ports it listens on, as in ports.DEFAULTS."""
    lacks: Callable[[], str | None]
    """What it still lacks to be ready; None when it is."""
    start_timeout_s: float
    stop_grace_s: float
    config: dict[Path, str] = field(default_factory=dict)
    """Files to write before the start."""

    @property
    def log(self) -> Path:
        """Standard output and error of the server."""
        return self.cluster / "logs" / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        """Its recorded process."""
        return self.cluster / "pids" / f"{self.name}.json"

    def process(self) -> Process | None:
        """Its process, if it runs."""
        return processes.load(self.pid_file)

    def start(self, ports: Ports, step: Step) -> None:
        """Start it unless it runs, and wait until it is ready. Raises ToolchainError with the end of its log."""
        process = self.process() or self._adopt()
        if process:
            self._wait(process, step)
            step.done(f"already runs at {self.address}")
            return
        self._refuse_taken_ports(ports)
        for file, text in self.config.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self._keep_log_small()
        process = processes.spawn(self.command, self.log, {**os.environ, processes.MARKER: str(self.cluster)})
        processes.save(process, self.pid_file)
        self._wait(process, step)
        step.done(f"ready at {self.address}")

    def stop(self) -> bool:
        """End it, by its pid; False when it did not run."""
        process = self.process() or self._adopt()
        if process:
            process.end(self.stop_grace_s)
        self.pid_file.unlink(missing_ok=True)
        return process is not None

    def _adopt(self) -> Process | None:
        """Its process, where a start was killed before it could record it."""
        for process in processes.marked(self.cluster):
            if processes.command_line(process) == self.command:
                processes.save(process, self.pid_file)
                return process
        return None

    def _refuse_taken_ports(self, ports: Ports) -> None:
        taken = [f"{ports[name]} ({name})" for name in self.port_names if not is_free(name, ports[name])]
        if taken:
            raise ToolchainError(
                f"{self.name} of the cluster in {self.cluster} cannot start: another program took its port "
                f"{', '.join(taken)} on 127.0.0.1. End that program, or make a new cluster on free ports with: "
                "make cluster-reset (this cluster's jobs and images are then gone)."
            )

    def _keep_log_small(self) -> None:
        if self.log.is_file() and self.log.stat().st_size > LOG_KEPT_BYTES:
            self.log.rename(self.log.with_suffix(".log.1"))

    def _wait(self, process: Process, step: Step) -> None:
        lacking: str | None = "answer"

        def settled() -> bool:
            nonlocal lacking
            lacking = self.lacks()
            step.update(f"waiting for its {lacking}")
            return lacking is None or not process.alive()

        wait_until(settled, self.start_timeout_s)
        if not process.alive():
            raise ToolchainError(f"{self.name} ended at its start. The end of {self.log}:\n{tail(self.log)}")
        if lacking:
            raise ToolchainError(
                f"{self.name} has no {lacking} after {self.start_timeout_s:g} s. "
                f"The end of {self.log}:\n{tail(self.log)}"
            )


def tail(log: Path) -> str:
    """The last lines of a log, indented."""
    return commands.tail(log.read_text(errors="replace").splitlines() if log.is_file() else ["(no log)"])
