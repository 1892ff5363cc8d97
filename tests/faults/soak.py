"""Deployments good and bad, dealt at random, of five services under load; and what must be true after each."""

import random
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.cluster.load import Load
from tests.cluster.project import FAST, UP_TIMEOUT_S, Project, Result
from tests.cluster.services import Services
from tests.faults.footprint import Watch
from tests.faults.services import SERVER
from toolchain import paths
from toolchain.waiting import wait_until

PROCESSES, CONTAINERS = ("a", "b", "c"), ("d", "e")
"""Services without an image, and services whose image each deployment builds and pushes anew."""

GOOD = "good"
REFUSED = ("missing image", "unplaceable", "changed by others")
"""Kinds of deployments that are refused before anything is registered."""
FAILING = ("missing command", "never healthy", "crash loop")
"""Kinds that Nomad takes back."""
DECK = (GOOD, GOOD, GOOD, *FAILING, *REFUSED)
"""Each kind comes once among so many deployments, and good ones three times."""

PROVIDERS = ("-m providers.nomad", "pulumi-resource-docker")
"""The plugins that an `up` of these services starts, by what their command lines hold."""

LOAD_PAUSE_S = 0.1
SETTLED_S = 60.0


@dataclass
class Service:
    """One of the five. `good` is its newest version that has come up, `written` what its files say."""

    name: str
    contained: bool
    good: int = 0
    written: int = 0
    kind: str = GOOD

    def greeting(self, number: int) -> str:
        return f"version {number} of {self.name}"

    def layer(self, registry: str) -> dict[str, Any]:
        """What the stack file says of it."""
        crash = ["-c", "import sys; sys.exit('cannot start')"]
        bad: dict[str, dict[str, Any]] = {
            GOOD: {},
            "changed by others": {},
            "missing image": {
                "driver": "docker",
                "image": {"reference": f"{registry}/{self.name}:of-nobody"},
                "ports": {"http": {"to": 3000}},
            },
            "unplaceable": {"resources": {"memory_mb": 900_000}},
            "missing command": {"command": "/no/such/program"},
            "never healthy": {"check": {"path": "/missing"}} if self.contained else {},
            "crash loop": {"command": "python3" if self.contained else sys.executable, "args": crash},
        }
        if self.contained:
            return bad[self.kind]
        # A process answers every path but that of its health with 200.
        health = "503" if self.kind == "never healthy" else "200"
        return {"args": [str(SERVER), "${PORT}", self.greeting(self.written), health], **bad[self.kind]}


@dataclass
class Soak:
    """Five services of a project. `seed` decides all that is random."""

    project: Project
    seed: int
    deployments: Counter[str] = field(default_factory=Counter)
    """How many there were of each kind."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._deck: list[str] = []
        self._to_refresh = False
        names = [(name, False) for name in PROCESSES] + [(name, True) for name in CONTAINERS]
        self._files = Services(self.project, *(name for name, _ in names))
        self._files.stack["caravan:defaults"] = {**FAST, "check": {**FAST["check"], "timeout_s": 5}}
        self.services = [Service(self._files.name(name), contained) for name, contained in names]
        for service in self.services:
            self._make(service)
        self.write()

    def total(self) -> int:
        return self.deployments.total()

    def deal(self, at_most: int) -> list[Service]:
        """Some services, at least one, with the next kinds of deployment; their files are written."""
        chosen = self._random.sample(self.services, min(at_most, self._random.randint(1, len(self.services))))
        for service in self.services:
            service.kind, service.written = GOOD, service.good
        number = self.total()
        for service in chosen:
            if not self._deck:
                self._deck = self._random.sample(DECK, len(DECK))
            number += 1
            service.kind, service.written = self._deck.pop(), number
            self.deployments[service.kind] += 1
        if self._to_refresh:
            # What others have changed is taken as the new base, as the refusal has said.
            self.project.run("refresh", "--yes")
        self._to_refresh = any(service.kind == "changed by others" for service in chosen)
        for service in chosen:
            if service.kind == "changed by others":
                self._change_behind_the_back(service)
        self.write()
        return chosen

    def up(self) -> tuple[Result, Watch]:
        """`pulumi up`, in which a failed service keeps no other one from its turn."""
        command = self.project.start("up", "--yes", "--skip-preview", "--continue-on-error")
        with Watch(command.pid, PROVIDERS) as watch:
            text = command.communicate(timeout=UP_TIMEOUT_S)[0]
        return Result(command.returncode, text), watch

    def judge(self, chosen: list[Service], up: Result, loads: dict[str, Load]) -> None:
        """Each good one serves, of each bad one the version before it, and the output says which have failed."""
        bad = [service for service in chosen if service.kind != GOOD]
        assert (up.code != 0) == bool(bad), up.text
        for service in bad:
            expected = f'job "{service.name}"' if service.kind in REFUSED else f'job "{service.name}" version'
            assert expected.lower() in up.diagnostics.lower(), f"{service.kind}:\n{up.text}"
        for service in chosen:
            if service.kind == GOOD:
                service.good = service.written
        for service in self.services:
            assert wait_until(partial(self._settled, service), SETTLED_S), f"{service}:\n{up.text}"
            load = loads[service.name]
            load.answers.clear()
            assert wait_until(partial(_goes_on, load, load.sent + 2), SETTLED_S)
            assert load.answers == {service.greeting(service.good)}, f"{service}:\n{up.text}"

    def write(self) -> None:
        """Writes the stack file, and the sources of the services in containers."""
        registry = self.project.addresses.registry
        self._files.overrides = {service.name: service.layer(registry) for service in self.services}
        self._files.write()
        for service in self.services:
            if service.contained:
                source = (paths.ROOT / "services" / "microservice-example" / "server.py").read_text()
                greeting = f'f"{service.greeting(service.written)}\\n'
                edited = source.replace('f"Hello from {NAME}@{VERSION}\\n', greeting)
                assert edited != source
                (self.project.folder / "services" / service.name / "server.py").write_text(edited)

    @contextmanager
    def loaded(self) -> Iterator[dict[str, Load]]:
        """Requests to each service, by its name."""
        with ExitStack() as running:
            yield {
                service.name: running.enter_context(Load(self.project.consul, service.name, pause_s=LOAD_PAUSE_S))
                for service in self.services
            }

    def _make(self, service: Service) -> None:
        process = {"driver": "raw_exec", "command": sys.executable, "ports": {"http": {}}}
        container = {"ports": {"http": {"to": 3000}}}
        own = container if service.contained else process
        self._files.written[service.name] = {"version": "1.0.0", "check": {"path": "/health"}, **own}
        if service.contained:
            folder = self.project.folder / "services" / service.name
            shutil.copytree(paths.ROOT / "services" / "microservice-example", folder)

    def _settled(self, service: Service) -> bool:
        """One instance runs, of the job's newest version, and Consul knows no other."""
        job = self.project.nomad.job(service.name)
        running = self.project.nomad.running(service.name)
        return (
            bool(job["Stable"])
            and [allocation["JobVersion"] for allocation in running] == [job["Version"]]
            and len(self.project.consul.healthy(service.name)) == 1
        )

    def _change_behind_the_back(self, service: Service) -> None:
        """As `nomad job run` does; the service goes on as it was, in a new instance."""
        job = self.project.nomad.job(service.name)
        for task in job["TaskGroups"][0]["Tasks"]:
            task["Env"] = {**(task["Env"] or {}), "CHANGED_BY_OTHERS": str(service.written)}
        version = job["Version"]
        self.project.nomad.register(job)
        assert wait_until(lambda: self.project.nomad.job(service.name)["Version"] > version, SETTLED_S)
        assert wait_until(lambda: self._settled(service), SETTLED_S)


def _goes_on(load: Load, beyond: int) -> bool:
    return load.sent > beyond
