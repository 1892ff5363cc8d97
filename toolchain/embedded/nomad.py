"""Nomad: a server and a client with the Docker driver, on loopback.

Two agents, as in production. In one agent the client asks before the server has elected itself and read its keyring,
is refused, and tries again only after 15 to 30 s (outside of dev mode, which keeps nothing for the next start).
"""

import json
import string
from pathlib import Path

from toolchain import paths
from toolchain.embedded.agent import Agent
from toolchain.embedded.local_http import get_json
from toolchain.embedded.ports import LOOPBACK, Ports

_COMMON = string.Template("""\
name                 = "caravan"
datacenter           = "dc1"
data_dir             = $data_dir
bind_addr            = "127.0.0.1"
disable_update_check = true

# Without it the agent refuses loopback.
advertise {
  http = "127.0.0.1"
  rpc  = "127.0.0.1"
  serf = "127.0.0.1"
}

consul {
  address      = $consul
  grpc_address = $consul_grpc
}
""")

_SERVER = string.Template("""
ports {
  http = $http
  rpc  = $rpc
  serf = $serf
}

server {
  enabled          = true
  bootstrap_expect = 1
}
""")

_CLIENT = string.Template("""
ports {
  http = $http
}

client {
  enabled           = true
  servers           = [$server]
  network_interface = "lo"
  # Ports on loopback cannot be reached from inside containers. Those of services that containers call are published on
  # this network instead: on Docker's bridge, which only this machine and its containers are in.
  host_network "containers" {
    cidr = "$containers/32"
  }
  # Nomad takes each address of an interface for a placement of its own: a static port could be had twice, the second
  # time where nobody looks for it.
  host_network "loopback-ipv6" {
    cidr           = "::1/128"
    reserved_ports = "1-65535"
  }
  min_dynamic_port  = $first_dynamic
  max_dynamic_port  = $last_dynamic
  options = {
    # Asking a cloud's metadata service costs time everywhere else, and fails the start where AWS_CA_BUNDLE is set.
    "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean"
  }
  reserved {
    cpu    = 100 # MHz
    memory = 128 # MiB
  }
}

plugin "docker" {
  config {
    endpoint     = $docker_host
    extra_labels = ["job_name", "task_group_name", "task_name", "node_id"]
    volumes {
      enabled = true
    }
    gc {
      # A revert needs the old image.
      image = false
      # Removes containers that this agent does not know, and those of another cluster on the same dockerd are such.
      dangling_containers {
        enabled = false
      }
    }
  }
}

plugin "raw_exec" {
  config {
    enabled = true
  }
}
""")


def server(cluster: Path, ports: Ports) -> Agent:
    """The Nomad server of the cluster in this folder."""
    config = cluster / "config" / "nomad.hcl"
    return Agent(
        name="nomad",
        cluster=cluster,
        command=[str(paths.BIN / "nomad"), "agent", f"-config={config}"],
        address=f"http://{ports.address('nomad_http')}",
        port_names=("nomad_http", "nomad_rpc", "nomad_serf"),
        lacks=lambda: _server_lacks(ports.address("nomad_http")),
        start_timeout_s=120,
        stop_grace_s=15,
        config={config: render_server(cluster, ports)},
    )


def client(cluster: Path, ports: Ports, docker_host: str, containers: str = LOOPBACK) -> Agent:
    """The Nomad client of the cluster in this folder.

    Args:
        cluster, ports: the cluster's.
        docker_host: address of the Docker daemon.
        containers: this machine's address as containers see it.
    """
    config = cluster / "config" / "nomad-client.hcl"
    return Agent(
        name="nomad-client",
        cluster=cluster,
        command=[str(paths.BIN / "nomad"), "agent", f"-config={config}"],
        address=f"http://{ports.address('nomad_client_http')}",
        port_names=("nomad_client_http",),
        lacks=lambda: _client_lacks(ports.address("nomad_http"), ports.address("nomad_client_http")),
        start_timeout_s=120,
        stop_grace_s=30,
        config={config: render_client(cluster, ports, docker_host, containers)},
    )


def client_data(cluster: Path) -> Path:
    """Where the client keeps its identity and the allocations' folders."""
    return cluster / "data" / "nomad-client"


def render_server(cluster: Path, ports: Ports) -> str:
    """The server's configuration file."""
    return _common(cluster / "data" / "nomad", ports) + _SERVER.substitute(
        http=ports["nomad_http"], rpc=ports["nomad_rpc"], serf=ports["nomad_serf"]
    )


def render_client(cluster: Path, ports: Ports, docker_host: str, containers: str = LOOPBACK) -> str:
    """The client's configuration file."""
    return _common(client_data(cluster), ports) + _CLIENT.substitute(
        http=ports["nomad_client_http"],
        server=json.dumps(ports.address("nomad_rpc")),
        first_dynamic=ports.dynamic[0],
        last_dynamic=ports.dynamic[1],
        docker_host=json.dumps(docker_host),
        containers=containers,
    )


def _common(data: Path, ports: Ports) -> str:
    # JSON strings are HCL strings.
    return _COMMON.substitute(
        data_dir=json.dumps(str(data)),
        consul=json.dumps(ports.address("consul_http")),
        consul_grpc=json.dumps(ports.address("consul_grpc")),
    )


def _server_lacks(server: str) -> str | None:
    if not get_json(server, "/v1/status/leader"):
        return "leader"
    # Signs the identities of nodes and tasks; read a moment after the election.
    keys = get_json(server, "/.well-known/jwks.json") or {}
    return None if keys.get("keys") else "keyring"


def _client_lacks(server: str, client: str) -> str | None:
    about_client = ((get_json(client, "/v1/agent/self") or {}).get("stats") or {}).get("client") or {}
    # After a restart the server still lists the node as ready, so the client is asked for its first heartbeat.
    if about_client.get("heartbeat_ttl", "0s") == "0s":
        return "heartbeat"
    nodes = get_json(server, "/v1/nodes") or []
    ready = [node for node in nodes if node["Status"] == "ready"]
    if not ready:
        return "ready node"
    driver = (ready[0].get("Drivers") or {}).get("docker") or {}
    return None if driver.get("Detected") and driver.get("Healthy") else "healthy Docker driver"
