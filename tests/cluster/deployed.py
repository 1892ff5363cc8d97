"""The example service, deployed once by the CLI for the tests of a module: each finds a good version that serves."""

import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import observation
from tests.cluster.project import Project
from toolchain import paths
from toolchain.cluster import Addresses
from toolchain.waiting import wait_until

EXAMPLE = paths.ROOT / "services" / "microservice-example"
SETTLED_S = 60.0


class Deployed:
    """`version` is Nomad's number of what serves when a test begins, `greeting` the first line of its answer."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.version = 0
        self.greeting = ""
        self._number = 0
        self._source = project.folder / "deployed"
        """The source of what is deployed."""
        self._good = False

    def begin(self) -> None:
        """A test begins: a good version serves, and the source is as it is deployed."""
        if not self._good:
            self._restore(EXAMPLE)
            self.good_version_works()
        self._restore(self._source)
        self._good = False
        self.version = self.project.nomad.job(self.project.name)["Version"]
        assert wait_until(lambda: len(self.project.consul.healthy(self.project.name)) == 1, SETTLED_S)
        (address,) = self.project.consul.healthy(self.project.name)
        with urllib.request.urlopen(f"http://{address}/", timeout=10) as response:
            self.greeting = response.read().decode().splitlines()[0]
        # What this has cost is not the test's.
        observation.begin(self.project.name)

    def good_version_works(self) -> None:
        """The next plain `up` of a good version: no refresh, no import. The next test goes on from it."""
        self._number += 1
        server = self.project.service / "server.py"
        server.write_text(server.read_text().replace("Hello", f"Hello again {self._number}"))
        self.project.up("--skip-preview")
        shutil.rmtree(self._source, ignore_errors=True)
        shutil.copytree(self.project.service, self._source)
        assert self.project.nomad.job(self.project.name)["Stable"]
        assert len(self.project.outputs()["urls"]) == 1
        self._good = True

    def _restore(self, source: Path) -> None:
        shutil.rmtree(self.project.service)
        shutil.copytree(source, self.project.service)
        self.project.override({})

    def unharmed(self) -> None:
        """Nothing was deployed: the next test goes on from the same version."""
        assert self.project.nomad.job(self.project.name)["Version"] == self.version
        self._good = True


@contextmanager
def deployed_example(addresses: Addresses, folder: Path, name: str) -> Iterator[Deployed]:
    """Deploys it when the first test begins; its job ends with the block."""
    project = Project(folder, addresses, name)
    yield Deployed(project)
    project.clean_up()
