"""Starts the plugin; the Pulumi engine does this through the executable beside this file."""

import asyncio
import contextlib
from typing import ClassVar

from providers.consul import config
from providers.consul.client import ConsulClient
from providers.consul.config_entry import ConfigEntryResource, EntryRecord
from providers.consul.entry_graph import EntryGraph
from providers.consul.expected import ExpectedNodes
from providers.consul.health import TOKEN, ServiceHealth
from providers.consul.key_prefix import KeyPrefixResource
from providers.consul.keys import KeysResource
from providers.consul.lookups import TOKENS, functions
from providers.consul.node import NodeResource
from providers.consul.service import ServiceResource
from providers.consul.typed_entries import (
    ServiceDefaultsResource,
    ServiceIntentionsResource,
    ServiceResolverResource,
    ServiceRouterResource,
    ServiceSplitterResource,
)
from providers.http_api import HttpApi
from providers.plugin import CheckFailure, Plugin, ProviderError, ResourceType
from providers.previewed import Command
from providers.properties import Properties
from providers.record import Record
from providers.server import run
from providers.written import Written

ENTRIES: tuple[type[EntryRecord], ...] = (
    ConfigEntryResource,
    ServiceDefaultsResource,
    ServiceIntentionsResource,
    ServiceResolverResource,
    ServiceRouterResource,
    ServiceSplitterResource,
)

SERVED: tuple[type[Record[ConsulClient]], ...] = (
    *ENTRIES,
    KeysResource,
    KeyPrefixResource,
    NodeResource,
    ServiceResource,
)

_AGENT = "register the service with the agent itself (a Nomad job's service, or the agent's configuration)."
_ACL = "make it with the command `consul acl`."
INSTEAD = {
    "consul:index/intention:Intention": (
        "Consul has replaced single intentions by one entry for each destination. Use "
        "consul.ConfigEntryServiceIntentions with the sources of that destination, or components.ServiceIntentions."
    ),
    "consul:index/agentService:AgentService": _AGENT,
    "consul:index/catalogEntry:CatalogEntry": "use consul.Node and consul.Service.",
    **{
        f"consul:index/{name[0].lower()}{name[1:]}:{name}": _ACL
        for name in ("AclPolicy", "AclRole", "AclToken", "AclAuthMethod", "AclBindingRule")
    },
}
"""What can be done without the official plugin, which serves these types, where that cannot be had."""

DELETIONS_LOOK_S = 2.0
"""How long the look at what a deletion would break may take at the end of a command."""

_PARTLY = ("import", "--target", "-t", "--exclude", "-x")
"""Commands and options with which not all that a program declares is checked (Pulumi `pulumi up`)."""


class ConsulPlugin(Plugin):
    """pulumi-resource-consul."""

    name = "consul"
    version = "3.15.2"
    sdk = "pulumi_consul"
    serves: ClassVar = dict.fromkeys((*(served.token for served in SERVED), TOKEN, *TOKENS), frozenset())
    instead = INSTEAD

    _api: HttpApi | None = None
    _graph: EntryGraph | None = None

    async def check_config(self, settings: Properties) -> list[CheckFailure]:
        return config.check(settings)

    async def configure(self, settings: Properties) -> None:
        loaded = config.load(settings)
        if loaded is None:
            return
        self._api = loaded.api()
        if self._api.unverified:
            await self.engine.warning("", self._api.unverified)
        await self._api.reachable("/v1/status/leader")
        client = ConsulClient(self._api, loaded)
        self._graph = graph = EntryGraph(client)
        nodes = ExpectedNodes()
        made: list[ResourceType] = [
            *(entry(self.engine, client, graph) for entry in ENTRIES),
            *(keys(self.engine, client) for keys in (KeysResource, KeyPrefixResource)),
            *(catalogue(self.engine, client, nodes) for catalogue in (NodeResource, ServiceResource)),
        ]
        written = Written.beside_state(self.name)
        for record in made:
            if isinstance(record, Record):
                record.written = written
        self.resources.update({served.token: one for served, one in zip(SERVED, made, strict=True)})
        self.functions[TOKEN] = ServiceHealth(self._api, loaded)
        self.functions.update(functions(client))

    async def close(self) -> None:
        await super().close()
        if self._graph is not None:
            await self._warn_of_deletions(self._graph)
        if self._api is not None:
            await self._api.close()

    async def _warn_of_deletions(self, graph: EntryGraph) -> None:
        """Only now is it known what the program does not declare. Where it cannot be had, the deletion itself tells."""
        command = Command.running()
        if command and any(word.startswith(_PARTLY) for word in command.arguments[1:]):
            return
        with contextlib.suppress(ProviderError, TimeoutError):
            async with asyncio.timeout(DELETIONS_LOOK_S):
                for sentence in await graph.refused_deletions():
                    await self.engine.warning("", sentence)


def main() -> None:
    """Serve until the engine is gone or says stop."""
    run(ConsulPlugin)


if __name__ == "__main__":
    main()
