"""The resource nomad:index/aclRole:AclRole."""

from typing import Any, ClassVar

from providers.claims import Claim
from providers.fields import Blocks, Text
from providers.http_api import join
from providers.nomad.client import Json
from providers.nomad.record import MAX_DESCRIPTION_CHARS, NomadRecord
from providers.properties import Properties


class AclRoleResource(NomadRecord):
    """ACL roles. ID: the one that Nomad gives them. Their names are unique."""

    token = "nomad:index/aclRole:AclRole"
    noun = "ACL role"
    named_by_server = True
    fields: ClassVar = {
        "name": Text(pattern="[a-zA-Z0-9-]{1,128}", allowed="1 to 128 letters (a-z, A-Z), digits and hyphens"),
        "description": Text(max_chars=MAX_DESCRIPTION_CHARS),
        "policies": Blocks(required=True, fields={"name": Text(required=True)}, key="name"),
    }

    async def fetch(self, id: str) -> Json | None:
        found: Json | None = await self._client.find(join("v1", "acl", "role", id))
        return found

    def owned(self, inputs: Properties) -> list[Claim]:
        return [Claim(self.noun, str(inputs.values["name"]))]

    async def existing(self, inputs: Properties) -> tuple[str, Json] | None:
        found = await self._client.find(join("v1", "acl", "role", "name", inputs.values["name"]))
        return None if found is None else (found["ID"], found)

    def values(self, found: Json) -> dict[str, Any]:
        values = {
            "name": found["Name"],
            "description": found.get("Description"),
            "policies": [{"name": policy["Name"]} for policy in found.get("Policies") or []],
        }
        return {name: value for name, value in values.items() if value}

    async def write(self, urn: str, id: str | None, inputs: Properties, current: Json | None) -> str:
        body: Json = {
            "Name": inputs.values["name"],
            "Description": inputs.get("description", ""),
            "Policies": [{"Name": policy["name"]} for policy in inputs.values["policies"]],
        }
        path = join("v1", "acl", "role")
        if id:
            path, body["ID"] = join("v1", "acl", "role", id), id
        made = (await self._client.api.change("POST", path, body, query=self._client.query())).body
        return str(made["ID"])

    async def delete(self, urn: str, id: str, inputs: Properties, outputs: Properties, timeout_s: float) -> None:
        """Deletes it, whatever a destroy has deleted first: Nomad itself takes out what points to something gone."""
        there = {link["Name"] for link in (await self.fetch(id) or {}).get("Policies") or []}
        left = [link for link in inputs.get("policies", []) if link["name"] in there]
        await super().delete(
            urn, id, Properties({**inputs.values, "policies": left}, inputs.secrets), outputs, timeout_s
        )

    async def remove(self, id: str, current: Json, inputs: Properties) -> None:
        await self._client.api.change("DELETE", join("v1", "acl", "role", id), query=self._client.query())
