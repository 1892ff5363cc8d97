"""Services of the tests' own, as users write them: small processes without an image, so that nothing is built."""

import shutil
import sys
from collections.abc import Mapping
from typing import Any

import yaml

from tests.cluster.project import FAST, Project

PROCESS: dict[str, Any] = {
    "version": "1.0.0",
    "driver": "raw_exec",
    "command": sys.executable,
    "args": ["-m", "http.server", "${NOMAD_PORT_http}"],
    "ports": {"http": {}},
    "check": {"path": "/"},
}
"""An HTTP server that answers every check of `/`."""


class Services:
    """Replaces the project's service by several, whose names begin with the project's."""

    def __init__(self, project: Project, *names: str) -> None:
        self._project = project
        self.stack: dict[str, Any] = {"caravan:defaults": FAST}
        """The `caravan:` keys of the stack file without `caravan:services`."""
        self.written: dict[str, dict[str, Any]] = {self.name(name): dict(PROCESS) for name in names}
        """Each service.yaml by the service's name."""
        self.overrides: dict[str, Any] = {}
        """What the stack changes, by the service's name."""
        shutil.rmtree(project.service)

    def name(self, short: str) -> str:
        return f"{self._project.name}-{short}"

    def calls(self, caller: str, *callees: str) -> None:
        self.written[self.name(caller)]["calls"] = {self.name(callee): {} for callee in callees}

    def write(self) -> None:
        """Writes all files; what Pulumi itself has put into the stack file stays."""
        for name, service in self.written.items():
            folder = self._project.folder / "services" / name
            folder.mkdir(exist_ok=True)
            (folder / "service.yaml").write_text(yaml.safe_dump(service))
        path = self._project.folder / "stacks" / "Pulumi.dev.yaml"
        stack = yaml.safe_load(path.read_text())
        services: Mapping[str, Any] = {name: self.overrides.get(name, {}) for name in self.written}
        stack["config"] = {**stack["config"], **self.stack, "caravan:services": services}
        path.write_text(yaml.safe_dump(stack))
