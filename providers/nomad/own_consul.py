"""Which Consul is the one of a Nomad: a provider of another cluster must not be judged by the environment's Consul.

A Nomad agent registers itself in its Consul (`consul.auto_advertise`), so a Consul that lists the servers or clients of
a Nomad is its own. Where Nomad says that its agents do that, one that lists none of them is another one.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto
from urllib.parse import urlsplit

from providers.connection import url
from providers.http_api import ApiError, HttpApi, Unreachable, join
from providers.nomad.client import Json, NomadClient
from providers.nomad.config import NomadConfig
from providers.nomad.consul_health import ConsulWatch
from providers.nomad.passing import registers
from providers.nomad.snapshot import Snapshot

MAX_CLIENTS = 10
"""How many of Nomad's clients are looked up, where the servers are in no datacenter of this Consul."""

DOUBT_S = 10.0
"""How long Consul may list no running instance of a rollout before it is asked whose Consul it is.

Nomad registers a task's services when the task starts.
"""

HIDDEN = "X-Consul-Results-Filtered-By-ACLs"


class Whose(Enum):
    """Whose Consul it is, as far as it can be told."""

    THIS = auto()
    ANOTHER = auto()
    UNKNOWN = auto()


@dataclass(frozen=True)
class _Names:
    """What the agents call themselves in Consul (Nomad agent `consul` block), and where they say that it is."""

    server: str = "nomad"
    client: str = "nomad-client"
    advertised: bool = False
    """Whether it is known that they register themselves."""
    address: str = ""

    @staticmethod
    def of(agent: Json | None) -> "_Names":
        blocks = (agent or {}).get("Consuls") or []
        block = next((block for block in blocks if block.get("Name") == "default"), None)
        if block is None:
            return _Names()
        scheme = "https" if block.get("EnableSSL") else "http"
        address = str(block.get("Addr") or "")
        return _Names(
            block.get("ServerServiceName") or "nomad",
            block.get("ClientServiceName") or "nomad-client",
            bool(block.get("AutoAdvertise")),
            url(address, "Nomad's own address of Consul", default_scheme=scheme) if address else "",
        )


async def whose(nomad: NomadClient, consul: HttpApi) -> Whose:
    """Whose Consul it is. Raises Unreachable."""
    try:
        return await _whose(nomad, consul, _Names.of(await nomad.agent()))
    except ApiError:
        return Whose.UNKNOWN


async def _whose(nomad: NomadClient, consul: HttpApi, names: _Names) -> Whose:
    servers, hidden = await _listed(consul, names.server)
    if servers & set(await nomad.peers()):
        return Whose.THIS
    clients, hidden_too = await _listed(consul, names.client)
    if clients & await _clients(nomad, {address.rpartition(":")[0] for address in clients}):
        return Whose.THIS
    return Whose.UNKNOWN if hidden or hidden_too or not names.advertised else Whose.ANOTHER


async def _listed(consul: HttpApi, service: str) -> tuple[set[str], bool]:
    """The addresses (host:port) of a service in Consul, and whether it hides some from its token."""
    answer = await consul.get(join("v1", "catalog", "service", service))
    found = {f"{one['ServiceAddress'] or one['Address']}:{one['ServicePort']}" for one in answer.body or []}
    return found, answer.headers.get(HIDDEN) == "true"


async def _clients(nomad: NomadClient, hosts: set[str]) -> set[str]:
    """The addresses (host:port) of some of Nomad's clients on these hosts."""
    known = [node for node in await nomad.nodes() if node.get("Address") in hosts] if hosts else []
    nodes = [await nomad.find(join("v1", "node", node["ID"])) for node in known[:MAX_CLIENTS]]
    return {str(node["HTTPAddr"]) for node in nodes if node}


async def consul_of(nomad: NomadClient, loaded: NomadConfig) -> tuple[HttpApi | None, str]:
    """The Consul to ask for the health of this Nomad's instances, and a sentence where none is asked.

    It is the one that the provider is given, or that of the environment; where the provider's Nomad is not the
    environment's, only after a look at whose Consul that is. If it is another one's, Nomad says where its own is.
    """
    if loaded.consul is None:
        return None, ""
    api = loaded.consul.api()
    if loaded.consul_elsewhere is None:
        return api, ""
    try:
        found = await whose(nomad, api)
    except Unreachable:
        found = Whose.ANOTHER
    if found is not Whose.ANOTHER:
        return api, ""
    await api.close()
    names = _Names.of(await _agent(nomad))
    own = names.address if _is_reachable_from_here(names.address, nomad.address) else ""
    if own and own != loaded.consul.address:
        # Token and certificates of the environment are for its own Consul.
        theirs = replace(loaded.consul_elsewhere, address=own).api()
        try:
            if await whose(nomad, theirs) is Whose.THIS:
                return theirs, ""
        except Unreachable:
            pass
        await theirs.close()
    return None, _not_asked_text(nomad.address, loaded.consul.address)


async def _agent(nomad: NomadClient) -> Json | None:
    try:
        return await nomad.agent()
    except ApiError:
        return None


def _is_reachable_from_here(consul: str, nomad: str) -> bool:
    """Whether an address that a Nomad server has for itself may be one here: loopback is each machine's own."""
    return bool(consul) and (not _is_loopback(consul) or _is_loopback(nomad))


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.") or address.startswith("unix://")


def _not_asked_text(nomad: str, consul: str) -> str:
    return (
        f"The Consul at {consul} (CONSUL_HTTP_ADDR) is not the one of the Nomad at {nomad}: it lists none of its "
        "agents. It is not asked for the health of new instances, and Nomad's word is the last one. To have Consul "
        "asked, set nomad:consulAddress, or run a stack for this cluster alone, with its CONSUL_HTTP_ADDR."
    )


class Doubt:
    """Whether the Consul that a rollout asks knows this Nomad at all; asked once, when it lists no running instance."""

    def __init__(self, nomad: NomadClient, consul: HttpApi) -> None:
        self._nomad = nomad
        self._consul = consul
        self._since: float | None = None
        self._settled = False

    async def is_another(self, snapshot: Snapshot, watch: ConsulWatch, now: float) -> bool:
        """Whether it is another cluster's Consul, so that what it lists says nothing."""
        expected = [a for a in snapshot.running() if registers(snapshot.job, a["TaskGroup"])]
        listed = any(watch.of_allocation(a["ID"]) for a in expected)
        if self._settled or not expected or listed or not watch.known():
            self._since = None
            self._settled |= listed
            return False
        self._since = self._since or now
        if now - self._since < DOUBT_S:
            return False
        self._settled = True
        try:
            return await whose(self._nomad, self._consul) is Whose.ANOTHER
        except Unreachable:
            return False

    def text(self, job_id: str) -> str:
        """What is told where it is."""
        return (
            f'Consul at {self._consul.address} does not list the instances of job "{job_id}", nor any agent of the '
            f"Nomad at {self._nomad.address}: it is another cluster's. Nomad's word is the last one. Set "
            "nomad:consulAddress or CONSUL_HTTP_ADDR to this cluster's Consul."
        )
