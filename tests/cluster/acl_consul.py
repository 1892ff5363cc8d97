"""A Consul with ACLs: one server of the tests' own on free loopback ports, with its management token."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.acl_nomad import START_S, STOP_S
from tests.cluster.folders import of_the_cluster
from tests.ports import free_ports
from toolchain import paths
from toolchain.embedded.local_http import get_json
from toolchain.waiting import wait_until

PORTS = ("http", "server", "serf_lan")
TOKEN = "6a1253d2-1785-24fd-91c2-f8e78c745511"
"""The management token, which the server is told."""


@dataclass(frozen=True)
class AclConsul:
    """Where the server is (host:port)."""

    address: str

    def run(self, *arguments: str) -> Any:
        """`consul ARGUMENTS -format=json` as the holder of the management token."""
        environment = {**os.environ, "CONSUL_HTTP_ADDR": self.address, "CONSUL_HTTP_TOKEN": TOKEN}
        command = [str(paths.ROOT / ".caravan" / "bin" / "consul"), *arguments, "-format=json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=START_S)
        return json.loads(done.stdout)

    def token_for(self, name: str, rules: str) -> str:
        """The secret of a new token that may do what `rules` say."""
        self.run("acl", "policy", "create", "-name", name, "-rules", rules)
        return str(self.run("acl", "token", "create", "-policy-name", name)["SecretID"])


@contextmanager
def acl_consul(folder: Path) -> Iterator[AclConsul]:
    """Starts the server and ends it by its process."""
    ports: dict[str, int] = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    config = folder / "consul.json"
    off = dict.fromkeys(("serf_wan", "grpc", "grpc_tls", "dns"), -1)
    acl = {"enabled": True, "default_policy": "deny", "tokens": {"initial_management": TOKEN}}
    loopback = dict.fromkeys(("bind_addr", "advertise_addr", "client_addr"), "127.0.0.1")
    settings = {"server": True, "bootstrap_expect": 1, "data_dir": str(folder / "data"), "ports": {**off, **ports}}
    config.write_text(json.dumps({**settings, **loopback, "acl": acl, "node_name": "acl"}))
    log = folder / "consul.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [paths.ROOT / ".caravan" / "bin" / "consul", "agent", f"-config-file={config}"],
            env={**os.environ, **of_the_cluster()},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"127.0.0.1:{ports['http']}"
    try:
        assert wait_until(lambda: bool(get_json(address, "/v1/status/leader")), START_S), log.read_text()
        assert wait_until(lambda: _takes_the_token(address), START_S), log.read_text()
        yield AclConsul(address)
    finally:
        server.terminate()
        server.wait(STOP_S)


def _takes_the_token(address: str) -> bool:
    try:
        AclConsul(address).run("acl", "token", "list")
    except subprocess.CalledProcessError:
        return False
    return True
