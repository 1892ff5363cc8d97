"""The resource nomad:index/aclToken:AclToken. Its secretId is a secret output, and in no message."""

from typing import Any, ClassVar

from providers.http_api import Unreachable, join
from providers.nomad.client import Json
from providers.nomad.fields import Blocks, Duration, Flag, Refused, Text, Texts, go_duration, nanoseconds
from providers.nomad.record import Record
from providers.plugin import CheckFailure, ProviderError
from providers.properties import Properties

CLIENT = "client"
MANAGEMENT = "management"
MAX_NAME_CHARS = 256
"""Source: Nomad `structs.maxTokenNameLength`."""


class AclTokenResource(Record):
    """ACL tokens. ID: the accessor ID. Names are for people; several tokens may have the same."""

    token = "nomad:index/aclToken:AclToken"
    noun = "ACL token"
    named_by_nomad = True
    secrets: ClassVar = frozenset({"secretId"})
    computed = ("accessorId", "createTime", "expirationTime", "secretId")
    fields: ClassVar = {
        "name": Text(max_chars=MAX_NAME_CHARS),
        "type": Text(required=True, one_of=(CLIENT, MANAGEMENT)),
        "policies": Texts(),
        "roles": Blocks(
            fields={
                "id": Text(required=True),
                "name": Refused(because="Nomad knows it by the role's id. Take it out."),
            },
            key="id",
        ),
        "global": Flag(replaces=True),
        "expirationTtl": Duration(replaces=True),
    }

    async def fetch(self, id: str) -> Json | None:
        found: Json | None = await self._client.find(join("v1", "acl", "token", id))
        return found

    async def existing(self, inputs: Properties) -> tuple[str, Json] | None:
        return None

    def values(self, found: Json) -> dict[str, Any]:
        ttl_ns = nanoseconds(found.get("ExpirationTTL") or "")
        values = {
            "name": found.get("Name"),
            "type": found["Type"],
            "policies": found.get("Policies"),
            "roles": [{"id": role["ID"]} for role in found.get("Roles") or []],
            "global": found.get("Global"),
            "expirationTtl": go_duration(ttl_ns) if ttl_ns else None,
        }
        return {name: value for name, value in values.items() if value}

    def outputs(self, found: Json) -> dict[str, Any]:
        return {
            "accessorId": found["AccessorID"],
            "secretId": found["SecretID"],
            "createTime": found.get("CreateTime") or "",
            "expirationTime": found.get("ExpirationTime") or "",
            "global": bool(found.get("Global")),
            "roles": [{"id": role["ID"], "name": role.get("Name") or ""} for role in found.get("Roles") or []],
        }

    async def write(self, id: str | None, inputs: Properties, current: Json | None) -> str:
        body: Json = {
            "Name": inputs.values["name"],
            "Type": inputs.values["type"],
            "Policies": inputs.get("policies", []),
            "Roles": [{"ID": role["id"]} for role in inputs.get("roles", [])],
            "Global": inputs.get("global", False),
            "ExpirationTTL": inputs.get("expirationTtl", ""),
        }
        path = join("v1", "acl", "token")
        if id:
            path, body["AccessorID"] = join("v1", "acl", "token", id), id
        try:
            made = (await self._client.api.change("POST", path, body, query=self._client.query())).body
        except Unreachable as error:
            if id:
                raise
            raise ProviderError(
                f'Whether the ACL token "{inputs.values["name"]}" was made is not known: {error} Before the next '
                "`pulumi up`, look for one too many with `nomad acl token list`."
            ) from error
        return str(made["AccessorID"])

    async def remove(self, id: str) -> None:
        await self._client.api.change("DELETE", join("v1", "acl", "token", id), query=self._client.query())

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        """What a token of its type must and must not have (source: Nomad `ACLToken.Validate`)."""
        linked = [name for name in ("policies", "roles") if inputs.get(name)]
        if inputs.get("type") == MANAGEMENT:
            reason = "a management token may do everything; take this out, or make it a client token."
            return [CheckFailure(name, f"ACL token: {name} is given, but {reason}") for name in linked]
        if inputs.get("type") == CLIENT and not linked:
            return [CheckFailure("policies", "ACL token: a client token needs policies or roles; give it one.")]
        return []
