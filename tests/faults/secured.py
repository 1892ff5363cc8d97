"""A cluster of the tests' own that lets nobody in: Nomad and Consul with ACLs and mutual TLS, on loopback."""

import json
import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import trustme

from tests.cluster.api import Api
from tests.cluster.folders import of_the_cluster
from tests.ports import SECURED_TASKS, free_ports
from toolchain import paths
from toolchain.cluster import Addresses
from toolchain.embedded import leftovers
from toolchain.waiting import wait_until

START_S = 120.0
STOP_S = 30.0
LOOPBACK = "127.0.0.1"
NOMAD_NAME, CONSUL_NAME = "server.global.nomad", "server.dc1.consul"
"""The names in the servers' certificates, which the servers demand of each other."""


@dataclass(frozen=True)
class Authority:
    """A certificate authority. `ca` is the path of its certificate."""

    folder: Path
    name: str
    issuer: trustme.CA

    @classmethod
    def new(cls, folder: Path, name: str) -> "Authority":
        authority = cls(folder, name, trustme.CA(organization_name=name))
        authority.issuer.cert_pem.write_to_path(str(authority.ca))
        return authority

    @property
    def ca(self) -> Path:
        return self.folder / f"{self.name}-ca.pem"

    def issue(self, holder: str, *names: str, **limits: Any) -> tuple[Path, Path]:
        """The files of a certificate and its key for `names`."""
        cert, key = (self.folder / f"{self.name}-{holder}{end}.pem" for end in ("", "-key"))
        issued = self.issuer.issue_cert(*names, LOOPBACK, **limits)
        issued.cert_chain_pems[0].write_to_path(str(cert))
        issued.private_key_pem.write_to_path(str(key))
        return cert, key


@dataclass(frozen=True)
class Secured:
    """Where the servers are, who signs their certificates, and the tokens that may do everything."""

    folder: Path
    nomad: str
    consul: str
    nomad_authority: Authority
    consul_authority: Authority
    nomad_token: str
    consul_token: str

    def addresses(self) -> Addresses:
        """There is no registry, and no image."""
        return Addresses(self.nomad, self.consul, "", None, "unix:///var/run/docker.sock")

    def environment(self) -> dict[str, str]:
        """What the servers' own command-line tools read, with the tokens that may do everything."""
        nomad_cert, nomad_key = self.certificate(self.nomad_authority)
        consul_cert, consul_key = self.certificate(self.consul_authority)
        return {
            "NOMAD_ADDR": self.nomad,
            "NOMAD_CACERT": str(self.nomad_authority.ca),
            "NOMAD_CLIENT_CERT": str(nomad_cert),
            "NOMAD_CLIENT_KEY": str(nomad_key),
            "NOMAD_TLS_SERVER_NAME": NOMAD_NAME,
            "NOMAD_TOKEN": self.nomad_token,
            "CONSUL_HTTP_ADDR": self.consul.removeprefix("https://"),
            "CONSUL_HTTP_SSL": "true",
            "CONSUL_CACERT": str(self.consul_authority.ca),
            "CONSUL_CLIENT_CERT": str(consul_cert),
            "CONSUL_CLIENT_KEY": str(consul_key),
            "CONSUL_TLS_SERVER_NAME": CONSUL_NAME,
            "CONSUL_HTTP_TOKEN": self.consul_token,
        }

    @staticmethod
    def certificate(authority: Authority) -> tuple[Path, Path]:
        """The certificate and key of whoever uses the API."""
        return authority.folder / f"{authority.name}-cli.pem", authority.folder / f"{authority.name}-cli-key.pem"

    def nomad_api(self, token: str = "") -> Api:
        return Api(self.nomad, token or self.nomad_token, _client_side(self.nomad_authority))

    def consul_api(self, token: str = "") -> Api:
        return Api(self.consul, token or self.consul_token, _client_side(self.consul_authority))

    def nomad_token_for(self, rules: str, **limits: Any) -> str:
        """A token with only this policy (HCL)."""
        name = f"p{uuid4().hex}"
        api = self.nomad_api()
        api.call("POST", f"/v1/acl/policy/{name}", {"Name": name, "Rules": rules})
        body = {"Name": name, "Type": "client", "Policies": [name], **limits}
        return str(api.call("POST", "/v1/acl/token", body)["SecretID"])

    def consul_token_for(self, rules: str) -> str:
        """A token with only this policy (HCL)."""
        name = f"p{uuid4().hex}"
        api = self.consul_api()
        api.call("PUT", "/v1/acl/policy", {"Name": name, "Rules": rules})
        return str(api.call("PUT", "/v1/acl/token", {"Policies": [{"Name": name}]})["SecretID"])


@contextmanager
def secured_cluster(folder: Path) -> Iterator[Secured]:
    """Starts Consul, a Nomad server and a Nomad client with raw_exec; ends them by their processes."""
    ports = _Ports(*free_ports(7))
    authorities = Authority.new(folder, "nomad"), Authority.new(folder, "consul")
    for authority in authorities:
        authority.issue("cli", "cli")
    cluster = Secured(
        folder,
        f"https://{LOOPBACK}:{ports.nomad_http}",
        f"https://{LOOPBACK}:{ports.consul_https}",
        *authorities,
        nomad_token=str(uuid4()),
        consul_token=str(uuid4()),
    )
    nomad = paths.ROOT / ".caravan" / "bin" / "nomad"
    with ExitStack() as started:
        started.callback(leftovers.unmount_below, folder)
        consul = paths.ROOT / ".caravan" / "bin" / "consul"
        started.enter_context(_agent(folder, "consul", consul, "-config-file", _consul(cluster, ports)))
        started.enter_context(_agent(folder, "nomad", nomad, "-config", _nomad_server(cluster, ports)))
        _await(folder, "consul", lambda: cluster.consul_api().call("GET", "/v1/health/node/secured"))
        _await(folder, "nomad", lambda: cluster.nomad_api().call("GET", "/v1/status/leader"))
        bootstrap = {"BootstrapSecret": cluster.nomad_token}
        Api(cluster.nomad, tls=_client_side(authorities[0])).call("POST", "/v1/acl/bootstrap", bootstrap)
        _await(folder, "nomad", lambda: cluster.nomad_api().call("GET", "/.well-known/jwks.json")["keys"])
        started.enter_context(_agent(folder, "nomad-client", nomad, "-config", _nomad_client(cluster, ports)))
        _await(folder, "nomad-client", lambda: _ready(cluster))
        yield cluster


@dataclass(frozen=True)
class _Ports:
    nomad_http: int
    nomad_rpc: int
    nomad_serf: int
    nomad_client_http: int
    consul_https: int
    consul_rpc: int
    consul_serf: int


def _client_side(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.ca))
    context.load_cert_chain(*Secured.certificate(authority))
    return context


def _consul(cluster: Secured, ports: _Ports) -> Path:
    cert, key = cluster.consul_authority.issue("server", CONSUL_NAME)
    files = {"ca_file": str(cluster.consul_authority.ca), "cert_file": str(cert), "key_file": str(key)}
    off = dict.fromkeys(("http", "grpc", "grpc_tls", "dns", "serf_wan"), -1)
    config = {
        "node_name": "secured",
        "data_dir": str(cluster.folder / "consul-data"),
        "server": True,
        "bootstrap_expect": 1,
        "bind_addr": LOOPBACK,
        "client_addr": LOOPBACK,
        "ports": {**off, "https": ports.consul_https, "server": ports.consul_rpc, "serf_lan": ports.consul_serf},
        "performance": {"raft_multiplier": 1},
        "tls": {
            "defaults": {**files, "verify_incoming": True, "verify_outgoing": True},
            "internal_rpc": {"verify_server_hostname": True},
        },
        "acl": {
            "enabled": True,
            "default_policy": "deny",
            "tokens": {"initial_management": cluster.consul_token, "agent": cluster.consul_token},
        },
    }
    return _written(cluster.folder / "consul.json", config)


def _nomad_server(cluster: Secured, ports: _Ports) -> Path:
    config = _nomad(cluster, "server", NOMAD_NAME)
    config |= {
        "ports": {"http": ports.nomad_http, "rpc": ports.nomad_rpc, "serf": ports.nomad_serf},
        "server": {"enabled": True, "bootstrap_expect": 1},
        "acl": {"enabled": True, "token_min_expiration_ttl": "1s"},
    }
    return _written(cluster.folder / "nomad-server.json", config)


def _nomad_client(cluster: Secured, ports: _Ports) -> Path:
    config = _nomad(cluster, "client", "client.global.nomad")
    # Not the same ones for two test processes.
    first_port = SECURED_TASKS[os.getpid() * 100 % len(SECURED_TASKS)]
    config |= {
        "ports": {"http": ports.nomad_client_http},
        "client": {
            "enabled": True,
            "servers": [f"{LOOPBACK}:{ports.nomad_rpc}"],
            "network_interface": "lo",
            "min_dynamic_port": first_port,
            "max_dynamic_port": first_port + 99,
            "options": {
                "driver.denylist": "docker",
                "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean",
            },
        },
        "plugin": {"raw_exec": {"config": {"enabled": True}}},
    }
    return _written(cluster.folder / "nomad-client.json", config)


def _nomad(cluster: Secured, role: str, name: str) -> dict[str, Any]:
    cert, key = cluster.nomad_authority.issue(role, name)
    consul_cert, consul_key = cluster.certificate(cluster.consul_authority)
    return {
        "name": role,
        "data_dir": str(cluster.folder / f"nomad-{role}-data"),
        "bind_addr": LOOPBACK,
        "disable_update_check": True,
        "advertise": {"http": LOOPBACK, "rpc": LOOPBACK, "serf": LOOPBACK},
        "acl": {"enabled": True},
        "tls": {
            "http": True,
            "rpc": True,
            "ca_file": str(cluster.nomad_authority.ca),
            "cert_file": str(cert),
            "key_file": str(key),
            "verify_server_hostname": True,
            "verify_https_client": True,
        },
        "consul": {
            "address": cluster.consul.removeprefix("https://"),
            "ssl": True,
            "ca_file": str(cluster.consul_authority.ca),
            "cert_file": str(consul_cert),
            "key_file": str(consul_key),
            "token": cluster.consul_token,
        },
    }


def _written(file: Path, config: dict[str, Any]) -> Path:
    file.write_text(json.dumps(config))
    return file


@contextmanager
def _agent(folder: Path, name: str, program: Path, option: str, config: Path) -> Iterator[None]:
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "agent", option, config],
            env={**os.environ, **of_the_cluster()},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)


def _await(folder: Path, name: str, answers: Any) -> None:
    def there() -> bool:
        try:
            return bool(answers())
        except (OSError, AssertionError):
            return False

    assert wait_until(there, START_S), (folder / f"{name}.log").read_text()[-5000:]


def _ready(cluster: Secured) -> bool:
    return any(node["Status"] == "ready" for node in cluster.nomad_api().call("GET", "/v1/nodes"))
