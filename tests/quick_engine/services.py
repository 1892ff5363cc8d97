"""Services that users describe in service.yaml, deployed without the CLI: small processes, so no image is built."""

import json
from typing import Any

import yaml

from tests.cluster.project import FAST
from tests.cluster.services import PROCESS
from tests.quick_engine.stack import Stack
from toolchain import paths


class StackServices:
    """Makes the checkout's own program that of the stack, with services whose names begin with the stack's."""

    def __init__(self, stack: Stack, *names: str) -> None:
        self._stack = stack
        self.stack: dict[str, Any] = {"caravan:defaults": FAST}
        """The `caravan:` keys of the stack file without `caravan:services`."""
        self.written: dict[str, dict[str, Any]] = {self.name(name): dict(PROCESS) for name in names}
        """Each service.yaml by the service's name."""
        self.overrides: dict[str, Any] = {}
        """What the stack changes, by the service's name."""
        for folder in ("services", "stacks"):
            (stack.folder / folder).mkdir()

    def name(self, short: str) -> str:
        return f"{self._stack.name}-{short}" if short else self._stack.name

    def calls(self, caller: str, *callees: str) -> None:
        self.written[self.name(caller)]["calls"] = {self.name(callee): {} for callee in callees}

    def write(self) -> None:
        """Writes all files, and gives the program its configuration as the CLI does."""
        for name, service in self.written.items():
            folder = self._stack.folder / "services" / name
            folder.mkdir(exist_ok=True)
            (folder / "service.yaml").write_text(yaml.safe_dump(service))
        services = {name: self.overrides.get(name, {}) for name in self.written}
        config = {"caravan:datacenters": ["dc1"], **self.stack, "caravan:services": services}
        (self._stack.folder / "stacks" / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
        for key, value in config.items():
            self._stack.config[key] = value if isinstance(value, str) else json.dumps(value)
        (self._stack.folder / "__main__.py").write_text((paths.ROOT / "__main__.py").read_text())
