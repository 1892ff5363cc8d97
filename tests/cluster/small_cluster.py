"""A cluster of a test's own, small and quickly started: one Nomad agent for raw_exec jobs and one Consul agent.

For what would disturb the other tests on theirs: garbage collection, and a second cluster beside the first one.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.api import Api
from tests.cluster.folders import of_the_cluster
from tests.cluster.second_node import descendants
from tests.ports import SMALL_TASKS, free_ports
from toolchain import paths
from toolchain.embedded import leftovers
from toolchain.embedded.addresses import Addresses
from toolchain.waiting import wait_until

START_S = 120.0
STOP_S = 30.0
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class SmallCluster:
    """Where its servers are."""

    nomad: str
    consul: str

    @property
    def addresses(self) -> Addresses:
        """For a stack of this cluster; there is no registry."""
        return Addresses(self.nomad, self.consul, "", None, "")

    def collect_garbage(self) -> None:
        """Makes Nomad forget what has ended, as it does after `job_gc_threshold`."""
        Api(self.nomad).call("PUT", "/v1/system/gc")


@contextmanager
def small_cluster(folder: Path) -> Iterator[SmallCluster]:
    """Starts both agents and ends them, with their jobs, by their processes."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as running:
        http, server, lan, rpc, serf, nomad_http = free_ports(6)
        off = dict.fromkeys(("serf_wan", "grpc", "grpc_tls", "dns"), -1)
        consul: dict[str, Any] = {
            "server": True,
            "bootstrap_expect": 1,
            "node_name": f"small-{http}",
            "data_dir": str(folder / "consul"),
            "ports": {**off, "http": http, "server": server, "serf_lan": lan},
            **dict.fromkeys(("bind_addr", "advertise_addr", "client_addr"), LOOPBACK),
        }
        nomad: dict[str, Any] = {
            "name": f"small-{nomad_http}",
            "data_dir": str(folder / "nomad"),
            "bind_addr": LOOPBACK,
            "disable_update_check": True,
            "advertise": dict.fromkeys(("http", "rpc", "serf"), LOOPBACK),
            "ports": {"http": nomad_http, "rpc": rpc, "serf": serf},
            "consul": {"address": f"{LOOPBACK}:{http}"},
            "server": {"enabled": True, "bootstrap_expect": 1},
            "client": {
                "enabled": True,
                "network_interface": "lo",
                "min_dynamic_port": SMALL_TASKS.start,
                "max_dynamic_port": SMALL_TASKS.stop - 1,
                "options": {
                    "driver.denylist": "docker",
                    "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean",
                },
            },
            "plugin": {"raw_exec": {"config": {"enabled": True}}},
        }
        found = SmallCluster(f"http://{LOOPBACK}:{nomad_http}", f"http://{LOOPBACK}:{http}")
        running.callback(leftovers.unmount_below, folder)
        running.enter_context(_agent(folder, "consul", consul, "-config-file"))
        assert wait_until(lambda: _answers(found.consul, "/v1/status/leader"), START_S)
        running.enter_context(_agent(folder, "nomad", nomad, "-config"))
        assert wait_until(lambda: _answers(found.nomad, "/v1/nodes?filter=Status==ready"), START_S)
        # By this it is known whose Consul it is.
        assert wait_until(lambda: _answers(found.consul, "/v1/catalog/service/nomad"), START_S)
        running.callback(_end_jobs, Api(found.nomad))
        yield found


@contextmanager
def _agent(folder: Path, name: str, settings: dict[str, Any], option: str) -> Iterator[None]:
    file = folder / f"{name}.json"
    file.write_text(json.dumps(settings))
    with (folder / f"{name}.log").open("w") as log:
        agent = subprocess.Popen(
            [paths.ROOT / ".caravan" / "bin" / name, "agent", f"{option}={file}"],
            env={**os.environ, **of_the_cluster()},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
    finally:
        # Its tasks outlive it; those of a job that was purged a moment ago are in no list of Nomad's any more.
        tasks = descendants(agent.pid)
        agent.terminate()
        agent.wait(STOP_S)
        for pid in tasks:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _answers(address: str, path: str) -> bool:
    try:
        return bool(Api(address).call("GET", path))
    except (OSError, AssertionError):
        return False


def _end_jobs(nomad: Api) -> None:
    """Tasks outlive their agent."""
    for job in nomad.call("GET", "/v1/jobs?namespace=*") or []:
        nomad.call("DELETE", f"/v1/job/{job['ID']}?namespace={job['Namespace']}")
    wait_until(lambda: not any(a["ClientStatus"] in ("running", "pending") for a in _allocations(nomad)), STOP_S)


def _allocations(nomad: Api) -> list[Any]:
    return nomad.call("GET", "/v1/allocations?namespace=*") or []
