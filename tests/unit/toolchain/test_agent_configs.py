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
    config = nomad.render(CLUSTER, PORTS, "unix:///run/docker.sock")
    assert 'data_dir             = "/somewhere/a cluster/data/nomad"' in config
    assert 'endpoint     = "unix:///run/docker.sock"' in config
    assert re.search(r"image = false", config)
    assert re.search(r"dangling_containers \{\s+enabled = false", config)
    assert '"node_id"' in config
    assert "$" not in config
