"""The resource nomad:index/aclToken:AclToken. Its secretId is a secret output, and in no message."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from providers.fields import Blocks, Duration, Flag, Refused, Text, Texts, go_duration, nanoseconds
from providers.http_api import Unreachable, join
from providers.nomad.client import Json
from providers.nomad.record import NomadRecord
from providers.plugin import CheckFailure, Diff, ProviderError
from providers.properties import Properties

CLIENT = "client"
MANAGEMENT = "management"
MAX_NAME_CHARS = 256
"""Source: Nomad `structs.maxTokenNameLength`."""


class AclTokenResource(NomadRecord):
    """ACL tokens. ID: the accessor ID. Names are for people; several tokens may have the same."""

    token = "nomad:index/aclToken:AclToken"
    noun = "ACL token"
    named_by_server = True
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

    async def diff(self, urn: str, id: str, old_inputs: Properties, outputs: Properties, new: Properties) -> Diff:
        """One that has expired is replaced: Nomad refuses it, and forgets it some time later."""
        diff = await super().diff(urn, id, old_inputs, outputs, new)
        expires = outputs.get("expirationTime")
        if not expires or diff.replaces or datetime.fromisoformat(expires) > datetime.now(UTC):
            return diff
        await self._engine.warning(
            urn,
            f"{self._title(old_inputs)} expired at {expires} and is replaced by a new one. Whoever has its secret "
            "needs the new one; what uses its secretId in this program follows.",
        )
        return Diff(sorted({*diff.changed, "expirationTtl"}), ["expirationTtl"])

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

    def outputs(self, found: Json, inputs: Properties) -> dict[str, Any]:
        return {
            "accessorId": found["AccessorID"],
            "secretId": found["SecretID"],
            "createTime": found.get("CreateTime") or "",
            "expirationTime": found.get("ExpirationTime") or "",
            "global": bool(found.get("Global")),
            "roles": [{"id": role["ID"], "name": role.get("Name") or ""} for role in found.get("Roles") or []],
        }

    async def write(self, urn: str, id: str | None, inputs: Properties, current: Json | None) -> str:
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
            path = join("v1", "acl", "token", id)
            # Nomad 2.0 takes a time that is not given for another one, and refuses the update.
            body |= {"AccessorID": id, "ExpirationTime": (current or {}).get("ExpirationTime")}
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

    async def delete(self, urn: str, id: str, inputs: Properties, outputs: Properties, timeout_s: float) -> None:
        """Deletes it, whatever a destroy has deleted first: Nomad itself takes out what points to something gone."""
        there = {link["ID"] for link in (await self.fetch(id) or {}).get("Roles") or []}
        left = [link for link in inputs.get("roles", []) if link["id"] in there]
        await super().delete(urn, id, Properties({**inputs.values, "roles": left}, inputs.secrets), outputs, timeout_s)

    async def remove(self, id: str, current: Json, inputs: Properties) -> None:
        await self._client.api.change("DELETE", join("v1", "acl", "token", id), query=self._client.query())

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        """What a token of its type must and must not have (source: Nomad `ACLToken.Validate`)."""
        linked = [name for name in ("policies", "roles") if inputs.get(name)]
        if inputs.get("type") == MANAGEMENT and linked:
            reason = f"{' and '.join(linked)} given to a management token, which may do everything"
            return [CheckFailure(linked[0], f"ACL token: {reason}; take that out, or make it a client token.")]
        if inputs.get("type") == CLIENT and not linked:
            return [CheckFailure("policies", "ACL token: a client token needs policies or roles; give it one.")]
        return []
