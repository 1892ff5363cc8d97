"""The Nomad agent: server and client in one, with the Docker driver, on loopback."""

import json
import string
from pathlib import Path

from toolchain import paths
from toolchain.embedded.agent import Agent
from toolchain.embedded.local_http import get_json
from toolchain.embedded.ports import Ports

_CONFIG = string.Template("""\
name                 = "caravan"
datacenter           = "dc1"
data_dir             = $data_dir
bind_addr            = "127.0.0.1"
disable_update_check = true

ports {
  http = $http
  rpc  = $rpc
  serf = $serf
}

# Without it the agent refuses loopback.
advertise {
  http = "127.0.0.1"
  rpc  = "127.0.0.1"
  serf = "127.0.0.1"
}

server {
  enabled          = true
  bootstrap_expect = 1
}

client {
  enabled           = true
  network_interface = "lo"
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

consul {
  address      = $consul
  grpc_address = $consul_grpc
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


def agent(cluster: Path, ports: Ports, docker_host: str) -> Agent:
    """Nomad of the cluster in this folder, with the Docker daemon at `docker_host`."""
    config = cluster / "config" / "nomad.hcl"
    return Agent(
        name="nomad",
        cluster=cluster,
        command=[str(paths.BIN / "nomad"), "agent", f"-config={config}"],
        address=f"http://{ports.address('nomad_http')}",
        port_names=tuple(name for name in ports.named if name.startswith("nomad_")),
        lacks=lambda: _lacks(ports.address("nomad_http")),
        start_timeout_s=90,
        stop_grace_s=30,
        config={config: render(cluster, ports, docker_host)},
        # At a first start the client may ask before the server has made its keyring ("keyring has not been initialized
        # yet"), and then tries again only after 15 to 30 s, or 1 s in dev mode (client.registerRetryIntv of Nomad).
        restart_after_s=12,
    )


def data_folder(cluster: Path) -> Path:
    """Where the agent keeps its state and the allocations' folders."""
    return cluster / "data" / "nomad"


def render(cluster: Path, ports: Ports, docker_host: str) -> str:
    """The agent's configuration file."""
    # JSON strings are HCL strings.
    return _CONFIG.substitute(
        data_dir=json.dumps(str(data_folder(cluster))),
        http=ports["nomad_http"],
        rpc=ports["nomad_rpc"],
        serf=ports["nomad_serf"],
        first_dynamic=ports.dynamic[0],
        last_dynamic=ports.dynamic[1],
        consul=json.dumps(ports.address("consul_http")),
        consul_grpc=json.dumps(ports.address("consul_grpc")),
        docker_host=json.dumps(docker_host),
    )


def _lacks(address: str) -> str | None:
    if not get_json(address, "/v1/status/leader"):
        return "leader"
    nodes = get_json(address, "/v1/nodes") or []
    ready = [node for node in nodes if node["Status"] == "ready"]
    if not ready:
        return "ready node"
    driver = (ready[0].get("Drivers") or {}).get("docker") or {}
    return None if driver.get("Detected") and driver.get("Healthy") else "healthy Docker driver"
