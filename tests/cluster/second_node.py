"""A second node of the tests' cluster, which a test may take away: only raw_exec, no Docker."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.api import Api
from tests.cluster.folders import cluster_folder, of_the_cluster
from tests.ports import free_ports
from toolchain import paths
from toolchain.embedded import leftovers, ports
from toolchain.waiting import wait_until

START_S = 60.0
STOP_S = 20.0
NAME = "second"
"""The node's name, and the value of its meta `which`."""


@dataclass
class SecondNode:
    """The running client."""

    process: subprocess.Popen[bytes]

    def lose(self) -> None:
        """What a power cut does: the client and all its tasks end, and nobody is told."""
        for pid in [self.process.pid, *descendants(self.process.pid)]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(STOP_S)


@contextmanager
def second_node(folder: Path, nomad: Api, node_pool: str = "default") -> Iterator[SecondNode]:
    """Starts the node and waits until it is ready; afterwards it is gone from the cluster.

    In a node pool of its own it takes no job of another test.
    """
    cluster = ports.recorded_for(cluster_folder())
    assert cluster is not None
    [http] = free_ports(1)
    config = {
        "name": NAME,
        "datacenter": "dc1",
        "data_dir": str(folder / "second-node"),
        "bind_addr": ports.LOOPBACK,
        "disable_update_check": True,
        "advertise": {"http": ports.LOOPBACK, "rpc": ports.LOOPBACK, "serf": ports.LOOPBACK},
        "ports": {"http": http},
        "consul": {"address": cluster.address("consul_http")},
        "client": {
            "enabled": True,
            "servers": [cluster.address("nomad_rpc")],
            "network_interface": "lo",
            "node_pool": node_pool,
            "meta": {"which": NAME},
            "options": {
                "driver.denylist": "docker",
                "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean",
            },
        },
        "plugin": {"raw_exec": {"config": {"enabled": True}}},
    }
    file = folder / "second-node.json"
    file.write_text(json.dumps(config))
    with (folder / "second-node.log").open("wb") as log:
        process = subprocess.Popen(
            [paths.ROOT / ".caravan" / "bin" / "nomad", "agent", f"-config={file}"],
            env={**os.environ, **of_the_cluster()},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    node = SecondNode(process)
    try:
        assert wait_until(lambda: _status(nomad) == "ready", START_S), (folder / "second-node.log").read_text()
        yield node
    finally:
        if process.poll() is None:
            node.lose()
        for known in _nodes(nomad):
            nomad.call("POST", f"/v1/node/{known['ID']}/purge")
        leftovers.unmount_below(folder)


def _nodes(nomad: Api) -> list[dict[str, str]]:
    return [node for node in nomad.call("GET", "/v1/nodes") if node["Name"] == NAME]


def _status(nomad: Api) -> str:
    return next((node["Status"] for node in _nodes(nomad)), "")


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    table = subprocess.run(["ps", "-eww", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    rows = [(int(child), int(parent)) for child, parent in map(str.split, table.splitlines())]
    found = [pid]
    for parent in found:
        found += [child for child, its in rows if its == parent]
    return found[1:]
