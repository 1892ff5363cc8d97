"""Which ports a cluster listens on: the default ones where they are free, and never those of another cluster."""

import json
import socket
from collections.abc import Collection, Iterable
from pathlib import Path

from toolchain import locks, paths
from toolchain.errors import ToolchainError

LOOPBACK = "127.0.0.1"

DEFAULTS = {
    "nomad_http": 4646,
    "nomad_rpc": 4647,
    "nomad_serf": 4648,
    "nomad_client_http": 4649,
    "consul_http": 8500,
    "consul_rpc": 8300,
    "consul_serf_lan": 8301,
    "consul_serf_wan": 8302,
    "consul_grpc": 8502,
    "consul_grpc_tls": 8503,
    "consul_dns": 8600,
    "registry": 5000,
}
"""Sources: Nomad "Ports used" (4649 is ours: its client shares the server's host), Consul "Required ports"."""

_ALSO_UDP = {"nomad_serf", "consul_serf_lan", "consul_serf_wan", "consul_dns"}
# Below the ports that Linux gives to outgoing connections (32768 and up), so that those do not take them.
_FALLBACKS = range(15000, 20000)
_DYNAMIC_BLOCKS = [(first, first + 499) for first in range(20000, 32000, 500)]
"""Ports of tasks: Nomad's default range, cut up so that two clusters do not give out the same one."""


class DamagedRecordError(ToolchainError):
    """A cluster's cluster.json cannot be read."""


class Ports:
    """The ports of one cluster."""

    def __init__(self, named: dict[str, int], dynamic: tuple[int, int]) -> None:
        self.named = named
        """By the names in DEFAULTS."""
        self.dynamic = dynamic
        """First and last port that Nomad may give to tasks."""

    def __getitem__(self, name: str) -> int:
        return self.named[name]

    def address(self, name: str) -> str:
        """`127.0.0.1:PORT`."""
        return f"{LOOPBACK}:{self.named[name]}"


def of_cluster(folder: Path, *, prefer_defaults: bool) -> Ports:
    """The ports recorded in the cluster's folder; at its first start they are chosen and recorded.

    Clusters that are stopped keep their ports: all of a user's clusters are listed in the cache.
    """
    with locks.exclusive(paths.cache() / "clusters.lock"):
        recorded = _read(folder)
        others = [cluster for cluster in _known_clusters() if cluster != folder]
        if recorded is None:
            recorded = _choose([ports for ports in map(_read, others) if ports], prefer_defaults)
            folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps({"ports": recorded.named, "dynamic_ports": recorded.dynamic}, indent=2)
            _write(_file(folder), text + "\n")
        _write(_clusters_file(), json.dumps([str(cluster) for cluster in [*others, folder]], indent=2) + "\n")
    return recorded


def recorded_for(folder: Path) -> Ports | None:
    """The ports of the cluster in this folder, None if it was never started."""
    return _read(folder)


def is_free(name: str, port: int) -> bool:
    """Whether a server of ours could listen on the port now."""
    kinds = [socket.SOCK_STREAM] + ([socket.SOCK_DGRAM] if name in _ALSO_UDP else [])
    return all(_can_bind(port, kind) for kind in kinds)


def _choose(others: Iterable[Ports], prefer_defaults: bool) -> Ports:
    others = list(others)
    taken = {port for ports in others for port in ports.named.values()}
    named: dict[str, int] = {}
    for server in ("nomad", "consul", "registry"):
        defaults = {name: port for name, port in DEFAULTS.items() if name.startswith(server)}
        # All of a server's default ports or none: one taken port means that another such server is in use here.
        if prefer_defaults and all(port not in taken and is_free(name, port) for name, port in defaults.items()):
            named |= defaults
        else:
            for name in defaults:
                named[name] = _fallback(name, taken | set(named.values()))
    used = [ports.dynamic for ports in others]

    def shared_by(block: tuple[int, int]) -> int:
        return sum(first <= block[1] and block[0] <= last for first, last in used)

    return Ports(named, min(_DYNAMIC_BLOCKS, key=shared_by))


def _fallback(name: str, taken: Collection[int]) -> int:
    for port in _FALLBACKS:
        if port not in taken and is_free(name, port):
            return port
    raise ToolchainError(f"No port from {_FALLBACKS.start} to {_FALLBACKS.stop - 1} on {LOOPBACK} is free for {name}.")


def _can_bind(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            # As Go's servers do; else a port counts as taken for a minute after its last connection closed.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            if kind == socket.SOCK_STREAM:
                probe.listen(1)
        except OSError:
            return False
    return True


def _file(folder: Path) -> Path:
    return folder / "cluster.json"


def _clusters_file() -> Path:
    return paths.cache() / "clusters.json"


def _known_clusters() -> list[Path]:
    try:
        listed = json.loads(_clusters_file().read_text())
    except (FileNotFoundError, ValueError):
        return []
    return [Path(cluster) for cluster in listed if _file(Path(cluster)).is_file()]


def _read(folder: Path) -> Ports | None:
    try:
        recorded = json.loads(_file(folder).read_text())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise DamagedRecordError(
            f"{_file(folder)} is damaged ({error}). Make a new cluster with: make cluster-reset"
        ) from error
    first, last = recorded["dynamic_ports"]
    # A cluster made by an older Caravan may lack a port that was added since.
    return Ports(DEFAULTS | recorded["ports"], (first, last))


def _write(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.write_text(text)
    new.rename(file)
