"""A service that serves already, which several tests change one after the other: none has to deploy a first version."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tests import observation
from tests.cluster.api import Api
from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.faults.services import deploys, service
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

T = TypeVar("T", Project, Stack)

SETTLED_S = 60.0


@dataclass
class Serving(Generic[T]):
    """`version` is Nomad's number of what serves when a test begins, `before` what it greets with."""

    target: T
    version: int = -1
    before: str = ""
    declared: str = ""
    """What the version greets with that the program declares now."""
    _number: int = 0

    @property
    def name(self) -> str:
        return self.target.name

    @property
    def nomad(self) -> Api:
        return self.target.nomad

    @property
    def consul(self) -> Api:
        return self.target.consul

    def begin(self) -> None:
        """A test begins: sees to it that a good version serves."""
        observation.current().service = self.name
        if not self._serves(self.declared) and not (self._serves(self.before) and self.job_version() == self.version):
            self.declare()
            self.target.up()
            assert wait_until(lambda: self._serves(self.declared), SETTLED_S), self.nomad.running(self.name)
        job = self.nomad.job(self.name)
        self.version, self.before = job["Version"], _greeting(job)
        # What this has cost is not the test's.
        observation.begin(self.name)

    def declare(self, **task: Any) -> str:
        """Declares another version; `task` is its own. Returns what it greets with."""
        return self.declare_job(service(self.name, self.next_greeting(), **task))

    def declare_job(self, job: dict[str, Any]) -> str:
        """The same with a job that is made of `service`."""
        deploys(self.target, job)
        self.declared = _greeting(job)
        return self.declared

    def next_greeting(self) -> str:
        self._number += 1
        return f"version {self._number}"

    def job_version(self) -> int:
        """The number of the newest version."""
        return int(self.nomad.job(self.name)["Version"])

    def is_registered(self) -> bool:
        """Whether exactly one version more has been registered since the test began."""
        return self.job_version() == self.version + 1

    def runs(self) -> list[int]:
        """The versions of the instances that run."""
        return [int(allocation["JobVersion"]) for allocation in self.nomad.running(self.name)]

    def next_runs(self) -> bool:
        """Whether the version after the one of the beginning is what runs, registered just once."""
        job = self.nomad.job(self.name)
        return bool(job["Stable"]) and job["Version"] == self.version + 1 and self.runs() == [self.version + 1]

    def serves_next(self) -> None:
        """Asserts that exactly one registration has taken place, and that it is what serves."""
        assert self.is_registered(), self.job_version()
        with Load(self.consul, self.name) as load:
            load.goes_on()
        assert load.answers == {self.declared}
        load.lost_none()

    def _serves(self, greeting: str) -> bool:
        """Whether the version that greets with this serves, and nothing else."""
        job = self.nomad.job(self.name)
        if job is None or not job["Stable"] or self.runs() != [job["Version"]]:
            return False
        return _greeting(job) == greeting and len(self.consul.healthy(self.name)) == 1


def _greeting(job: dict[str, Any]) -> str:
    return str(job["TaskGroups"][0]["Tasks"][0]["Config"]["args"][2])
