"""A Nomad with ACLs: one server of the tests' own on free loopback ports, with its management token."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.api import Api
from tests.cluster.folders import of_the_cluster
from tests.ports import free_ports
from toolchain import paths
from toolchain.waiting import wait_until

START_S = 60.0
STOP_S = 20.0


@dataclass(frozen=True)
class AclNomad:
    """Where the server is, and the token that may do everything."""

    address: str
    token: str

    def api(self, token: str | None = None) -> Api:
        """The API as the holder of `token`; default: of the management token."""
        return Api(self.address, self.token if token is None else token)


@contextmanager
def acl_nomad(folder: Path) -> Iterator[AclNomad]:
    """Starts the server, makes it give out its management token, and ends it by its process."""
    http, rpc, serf = free_ports(3)
    config = folder / "nomad.hcl"
    config.write_text(
        f'data_dir = "{folder / "data"}"\nbind_addr = "127.0.0.1"\n'
        'advertise {\n  http = "127.0.0.1"\n  rpc = "127.0.0.1"\n  serf = "127.0.0.1"\n}\n'
        f"ports {{\n  http = {http}\n  rpc = {rpc}\n  serf = {serf}\n}}\n"
        "server {\n  enabled = true\n  bootstrap_expect = 1\n}\nacl {\n  enabled = true\n}\n"
    )
    nomad = paths.ROOT / ".caravan" / "bin" / "nomad"
    log = folder / "nomad.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [nomad, "agent", "-config", config],
            env={**os.environ, **of_the_cluster()},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{http}"
        assert wait_until(lambda: _has_leader(address), START_S), log.read_text()
        yield AclNomad(address, Api(address).call("POST", "/v1/acl/bootstrap")["SecretID"])
    finally:
        server.terminate()
        server.wait(STOP_S)


def _has_leader(address: str) -> bool:
    try:
        return bool(Api(address).call("GET", "/v1/status/leader"))
    except (OSError, AssertionError):
        return False
