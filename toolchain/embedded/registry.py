"""The image registry: plain HTTP on loopback, images in the cluster's folder."""

import json
from pathlib import Path

from toolchain.embedded.agent import Agent
from toolchain.embedded.local_http import get_json
from toolchain.embedded.ports import Ports
from toolchain.errors import ToolchainError
from toolchain.system_packages import which


def agent(cluster: Path, ports: Ports) -> Agent:
    """The registry of the cluster in this folder. Raises ToolchainError when its program is missing."""
    program = which("docker-registry")
    if program is None:
        raise ToolchainError("The program docker-registry is missing. Install it with: make tools")
    config = cluster / "config" / "registry.json"
    address = ports.address("registry")
    return Agent(
        name="registry",
        cluster=cluster,
        command=[program, "serve", str(config)],
        address=address,
        port_names=("registry",),
        lacks=lambda: None if get_json(address, "/v2/") is not None else "answer",
        start_timeout_s=120,
        stop_grace_s=10,
        config={config: render(cluster, address)},
    )


def render(cluster: Path, address: str) -> str:
    """The registry's configuration file: YAML, of which JSON is a part."""
    return json.dumps(
        {
            "version": "0.1",
            "log": {"level": "info", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(cluster / "data" / "registry")},
                "delete": {"enabled": True},
            },
            "http": {"addr": address},
        },
        indent=2,
    )
