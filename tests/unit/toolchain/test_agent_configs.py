"""The configuration files of the servers."""

import json
import re
from pathlib import Path

from toolchain.embedded import consul, nomad, registry
from toolchain.embedded.ports import DEFAULTS, Ports

PORTS = Ports(dict(DEFAULTS), (20000, 21999))
CLUSTER = Path("/somewhere/a cluster")


def test_consul_listens_on_loopback_with_every_port_given() -> None:
    config = json.loads(consul.render(CLUSTER, PORTS))
    assert {config[key] for key in ("bind_addr", "advertise_addr", "client_addr")} == {"127.0.0.1"}
    assert sorted(config["ports"].values()) == sorted(p for name, p in DEFAULTS.items() if name.startswith("consul_"))
    assert config["data_dir"] == "/somewhere/a cluster/data/consul"


def test_the_registry_listens_on_loopback_and_keeps_images_in_the_cluster() -> None:
    config = json.loads(registry.render(CLUSTER, "127.0.0.1:5000"))
    assert config["http"]["addr"] == "127.0.0.1:5000"
    assert config["storage"]["filesystem"]["rootdirectory"] == "/somewhere/a cluster/data/registry"
    assert "auth" not in config


def test_nomad_leaves_images_and_other_clusters_containers_alone() -> None:
    config = nomad.render_client(CLUSTER, PORTS, "unix:///run/docker.sock")
    assert 'data_dir             = "/somewhere/a cluster/data/nomad-client"' in config
    assert 'endpoint     = "unix:///run/docker.sock"' in config
    assert "image = false" in config
    assert re.search(r"dangling_containers \{\s+enabled = false", config)
    assert '"node_id"' in config


def test_a_static_port_of_the_node_is_one_address() -> None:
    """Findings B3 and X6: the second instance was at [::1], where nobody looks."""
    config = nomad.render_client(CLUSTER, PORTS, "unix:///run/docker.sock")
    assert re.search(r'host_network "loopback-ipv6" \{\s+cidr\s+= "::1/128"\s+reserved_ports = "1-65535"', config)


def test_nomads_client_finds_its_server() -> None:
    server, client = nomad.render_server(CLUSTER, PORTS), nomad.render_client(CLUSTER, PORTS, "unix:///run/docker.sock")
    assert "rpc  = 4647" in server
    assert 'servers           = ["127.0.0.1:4647"]' in client
    assert "http = 4649" in client
    for config in (server, client):
        assert 'bind_addr            = "127.0.0.1"' in config
        assert "$" not in config
