"""The Consul agent: one server with a data folder, on loopback."""

import json
from pathlib import Path

from toolchain import paths
from toolchain.embedded.agent import Agent
from toolchain.embedded.local_http import get_json
from toolchain.embedded.ports import LOOPBACK, Ports


def agent(cluster: Path, ports: Ports) -> Agent:
    """Consul of the cluster in this folder."""
    config = cluster / "config" / "consul.json"
    return Agent(
        name="consul",
        cluster=cluster,
        command=[str(paths.BIN / "consul"), "agent", f"-config-file={config}"],
        address=f"http://{ports.address('consul_http')}",
        port_names=tuple(name for name in ports.named if name.startswith("consul_")),
        lacks=lambda: _lacks(ports.address("consul_http")),
        start_timeout_s=120,
        stop_grace_s=15,
        config={config: render(cluster, ports)},
    )


def render(cluster: Path, ports: Ports) -> str:
    """The agent's configuration file."""
    return json.dumps(
        {
            "node_name": "caravan",
            "datacenter": "dc1",
            "data_dir": str(cluster / "data" / "consul"),
            "server": True,
            "bootstrap_expect": 1,
            "bind_addr": LOOPBACK,
            "advertise_addr": LOOPBACK,
            "client_addr": LOOPBACK,
            "ports": {
                "http": ports["consul_http"],
                "server": ports["consul_rpc"],
                "serf_lan": ports["consul_serf_lan"],
                "serf_wan": ports["consul_serf_wan"],
                "grpc": ports["consul_grpc"],
                "grpc_tls": ports["consul_grpc_tls"],
                "dns": ports["consul_dns"],
            },
            "connect": {"enabled": True},
            "ui_config": {"enabled": False},
            # One server has nobody to leave to: without these it would forget itself at each stop.
            "leave_on_terminate": False,
            "skip_leave_on_interrupt": True,
            # Elections as fast as in production; the default of 5 is for slow machines.
            "performance": {"raft_multiplier": 1},
            "disable_update_check": True,
            "log_level": "INFO",
        },
        indent=2,
    )


def _lacks(address: str) -> str | None:
    if not get_json(address, "/v1/status/leader"):
        return "leader"
    # A leader that just took over does not know its own node for a moment, and then refuses registrations.
    return None if get_json(address, "/v1/health/node/caravan") else "registered node"
