"""The resource nomad:index/nodePool:NodePool."""

from typing import Any, ClassVar

from providers.fields import Block, Duration, Text, TextMap, go_duration, nanoseconds
from providers.http_api import join
from providers.nomad.client import Json
from providers.nomad.record import MAX_DESCRIPTION_CHARS, NomadRecord
from providers.plugin import CheckFailure
from providers.properties import Properties

BUILT_IN = ("all", "default")

IDENTITY_TTL_NS = 24 * 3600 * 10**9
"""Nomad's default for `node_identity_ttl`: 24 h."""

_BUSY = ("has nodes", "has non-terminal jobs")


class NodePoolResource(NomadRecord):
    """Node pools. ID: the name. Nomad's own two, `all` and `default`, cannot be changed."""

    token = "nomad:index/nodePool:NodePool"
    noun = "node pool"
    fields: ClassVar = {
        "name": Text(
            replaces=True,
            pattern="[a-zA-Z0-9-_]{1,128}",
            allowed="1 to 128 letters (a-z, A-Z), digits, hyphens and underscores",
        ),
        "description": Text(max_chars=MAX_DESCRIPTION_CHARS),
        "meta": TextMap(),
        "nodeIdentityTtl": Duration(default_ns=IDENTITY_TTL_NS),
        "schedulerConfig": Block(
            fields={
                "schedulerAlgorithm": Text(one_of=("binpack", "spread")),
                "memoryOversubscription": Text(one_of=("enabled", "disabled")),
            }
        ),
    }

    async def fetch(self, id: str) -> Json | None:
        found: Json | None = await self._client.find(join("v1", "node", "pool", id))
        return found

    def values(self, found: Json) -> dict[str, Any]:
        ttl_ns = found.get("NodeIdentityTTL")
        return {
            name: value
            for name, value in {
                "name": found["Name"],
                "description": found.get("Description"),
                "meta": found.get("Meta"),
                "nodeIdentityTtl": go_duration(ttl_ns) if ttl_ns else None,
                "schedulerConfig": _scheduler(found.get("SchedulerConfiguration") or {}),
            }.items()
            if value
        }

    async def write(self, urn: str, id: str | None, inputs: Properties, current: Json | None) -> str:
        scheduler = inputs.get("schedulerConfig", {})
        memory = scheduler.get("memoryOversubscription")
        wanted = {
            "SchedulerAlgorithm": scheduler.get("schedulerAlgorithm") or None,
            "MemoryOversubscriptionEnabled": memory == "enabled" if memory else None,
        }
        given = {name: value for name, value in wanted.items() if value is not None}
        name = self.id(inputs)
        body = {
            "Name": name,
            "Description": inputs.get("description", ""),
            "Meta": inputs.get("meta"),
            "NodeIdentityTTL": nanoseconds(inputs.get("nodeIdentityTtl", "")) or IDENTITY_TTL_NS,
            "SchedulerConfiguration": given or None,
        }
        await self._client.api.change("PUT", join("v1", "node", "pool", name), body, query=self._client.query())
        return name

    async def remove(self, id: str, current: Json, inputs: Properties) -> None:
        await self.remove_when_free(join("v1", "node", "pool", id), _BUSY)

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        """Nomad's own pools, and what only Nomad Enterprise takes."""
        failures = []
        name = inputs.get("name")
        if name in BUILT_IN:
            failures.append(
                CheckFailure(
                    "name", f"node pool: name is {name!r}, Nomad's own, which cannot be changed; give another."
                )
            )
        if inputs.get("schedulerConfig"):
            failures += await self.only_enterprise(["schedulerConfig"])
        return failures


def _scheduler(found: Json) -> dict[str, str]:
    memory = found.get("MemoryOversubscriptionEnabled")
    values = {
        "schedulerAlgorithm": found.get("SchedulerAlgorithm") or "",
        "memoryOversubscription": "" if memory is None else "enabled" if memory else "disabled",
    }
    return {name: value for name, value in values.items() if value}
