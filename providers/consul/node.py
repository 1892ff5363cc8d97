"""The resource consul:index/node:Node: a node without an agent, in the catalogue only."""

from typing import Any, ClassVar

from providers.consul.client import Conflict, ConsulClient, Json
from providers.consul.expected import ExpectedNodes
from providers.consul.kv import TOKEN_REFUSED
from providers.consul.record import ConsulRecord
from providers.consul.rights import Right
from providers.fields import Refused, Text, TextMap
from providers.http_api import join
from providers.plugin import CheckFailure, Engine, ProviderError
from providers.properties import Properties

OWNER_KEY = "caravan_owner"
"""In the meta of a node or service: the resource that made it."""

MAX_OWNER_CHARS = 512
"""Consul's limit for a value in the meta."""


class NodeResource(ConsulRecord):
    """Nodes that an agent does not speak for. ID: the name. One with an agent is the agent's to change."""

    token = "consul:index/node:Node"
    noun = "node"
    fields: ClassVar = {
        "name": Text(replaces=True, max_chars=128),
        "address": Text(required=True),
        "meta": TextMap(),
        "datacenter": Text(replaces=True),
        "partition": Text(replaces=True),
        "token": Refused(because=TOKEN_REFUSED),
    }

    def __init__(self, engine: Engine, client: ConsulClient, expected: ExpectedNodes) -> None:
        super().__init__(engine, client)
        self._expected = expected

    def rights(self, inputs: Properties) -> list[Right]:
        name = inputs.get("name")
        return [Right("node", "write", name)] if isinstance(name, str) else []

    def own_id(self, id: str, recorded: Properties) -> str:
        """The official plugin writes NAME-ADDRESS."""
        name, address = recorded.get("name"), recorded.get("address")
        return str(name) if name and id == f"{name}-{address}" else id

    async def fetch(self, id: str) -> Json | None:
        return await self.look(id)

    async def look(self, id: str, *known: Properties) -> Json | None:
        where = known[0].values if known else {}
        found = await self._client.find(join("v1", "catalog", "node", id), self._client.query(where))
        return found["Node"] if found else None

    def is_mine(self, urn: str, inputs: Properties, existing: Json) -> bool:
        return (existing.get("Meta") or {}).get(OWNER_KEY) == urn[:MAX_OWNER_CHARS]

    def values(self, found: Json) -> dict[str, Any]:
        meta = {key: value for key, value in (found.get("Meta") or {}).items() if key != OWNER_KEY}
        return {"name": found["Node"], "address": found["Address"], **({"meta": meta} if meta else {})}

    async def write(self, urn: str, id: str | None, inputs: Properties, current: Json | None) -> str:
        name = self.id(inputs)
        body = {
            **{key: current[key] for key in ("ID", "TaggedAddresses") if current and current.get(key)},
            "Node": name,
            "Address": inputs.values["address"],
            "Meta": {**inputs.get("meta", {}), OWNER_KEY: urn[:MAX_OWNER_CHARS]},
            "ModifyIndex": current["ModifyIndex"] if current else 0,
        }
        await self._transact({"Node": {"Verb": "cas", "Node": body}}, inputs, "overwritten")
        return name

    async def remove(self, id: str, current: Json, inputs: Properties) -> None:
        found = await self._client.find(join("v1", "catalog", "node", id), self._client.query(inputs.values))
        if services := sorted((found or {}).get("Services") or {}):
            raise ProviderError(
                f'node "{id}" still has the services {", ".join(services)}, which would go with it. It is not deleted. '
                "Take the services away first."
            )
        body = {"Node": id, "ModifyIndex": current["ModifyIndex"]}
        await self._transact({"Node": {"Verb": "delete-cas", "Node": body}}, inputs, "deleted")

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        return await self._client.refuse_tenancy(self.noun, inputs)

    async def foresee(self, id: str, inputs: Properties) -> None:
        self._expected.add(inputs.get("name"))

    async def _transact(self, operation: Json, inputs: Properties, spared: str) -> None:
        try:
            await self._client.transaction([operation], self._client.query(inputs.values))
        except Conflict:
            raise ProviderError(self._raced_text(inputs, spared)) from None
