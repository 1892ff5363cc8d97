"""The resource nomad:index/namespace:Namespace."""

from typing import Any, ClassVar

from providers.fields import Block, Text, TextMap, Texts
from providers.http_api import join
from providers.nomad.client import Json
from providers.nomad.record import MAX_DESCRIPTION_CHARS, NomadRecord
from providers.plugin import CheckFailure
from providers.properties import Properties

BUILT_IN = "default"
BUILT_IN_DESCRIPTION = "Default shared namespace"

ENTERPRISE_INPUTS = ("quota", "nodePoolConfig", "consulConfig", "vaultConfig")

_CAPABILITIES = {
    "enabledTaskDrivers": "EnabledTaskDrivers",
    "disabledTaskDrivers": "DisabledTaskDrivers",
    "enabledNetworkModes": "EnabledNetworkModes",
    "disabledNetworkModes": "DisabledNetworkModes",
}
_ACCESS = {"default": "Default", "alloweds": "Allowed", "denieds": "Denied"}
_BLOCKS = {
    "capabilities": ("Capabilities", _CAPABILITIES),
    "nodePoolConfig": ("NodePoolConfiguration", _ACCESS),
    "consulConfig": ("ConsulConfiguration", _ACCESS),
    "vaultConfig": ("VaultConfiguration", _ACCESS),
}


def _access() -> Block:
    return Block(fields={"default": Text(), "alloweds": Texts(), "denieds": Texts()})


class NamespaceResource(NomadRecord):
    """Namespaces. ID: the name. Nomad's own, `default`, is imported, and reset where others are deleted."""

    token = "nomad:index/namespace:Namespace"
    noun = "namespace"
    fields: ClassVar = {
        "name": Text(
            replaces=True, pattern="[a-zA-Z0-9-]{1,128}", allowed="1 to 128 letters (a-z, A-Z), digits and hyphens"
        ),
        "description": Text(max_chars=MAX_DESCRIPTION_CHARS),
        "quota": Text(),
        "meta": TextMap(),
        "capabilities": Block(fields={name: Texts() for name in _CAPABILITIES}),
        "nodePoolConfig": _access(),
        "consulConfig": _access(),
        "vaultConfig": _access(),
    }

    async def fetch(self, id: str) -> Json | None:
        found: Json | None = await self._client.find(join("v1", "namespace", id))
        return found

    def values(self, found: Json) -> dict[str, Any]:
        values: dict[str, Any] = {
            "name": found["Name"],
            "description": found.get("Description"),
            "quota": found.get("Quota"),
            "meta": found.get("Meta"),
        }
        for name, (theirs, parts) in _BLOCKS.items():
            block = found.get(theirs) or {}
            values[name] = {part: block[key] for part, key in parts.items() if block.get(key)}
        return {name: value for name, value in values.items() if value}

    async def write(self, urn: str, id: str | None, inputs: Properties, current: Json | None) -> str:
        name = self.id(inputs)
        body: Json = {
            "Name": name,
            "Description": inputs.get("description", ""),
            "Quota": inputs.get("quota", ""),
            "Meta": inputs.get("meta"),
        }
        for ours, (theirs, parts) in _BLOCKS.items():
            block = inputs.get(ours, {})
            given = {key: block[part] for part, key in parts.items() if block.get(part)}
            body[theirs] = given or None
        await self._put(name, body)
        return name

    async def remove(self, id: str, current: Json, inputs: Properties) -> None:
        if id == BUILT_IN:
            await self._put(id, {"Name": id, "Description": BUILT_IN_DESCRIPTION})
            return
        await self.remove_when_free(join("v1", "namespace", id), ("has non-terminal jobs",))

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        """Blocks that contradict themselves, and what only Nomad Enterprise takes."""
        failures = [
            CheckFailure(name, f"namespace: {name} has both alloweds and denieds; give one of them.")
            for name in ("nodePoolConfig", "consulConfig", "vaultConfig")
            if isinstance(block := inputs.get(name), dict) and block.get("alloweds") and block.get("denieds")
        ]
        return failures + await self.only_enterprise([name for name in ENTERPRISE_INPUTS if inputs.get(name)])

    async def _put(self, name: str, body: Json) -> None:
        await self._client.api.change("PUT", join("v1", "namespace", name), body, query=self._client.query())
