"""The resource nomad:index/variable:Variable. Its items are secret: no message, diff or output shows a value."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from providers.fields import Refused, Text, TextMap
from providers.http_api import ApiError, join
from providers.nomad.client import Json, NomadClient
from providers.nomad.expected import Expected
from providers.nomad.masking import VariableValues
from providers.nomad.record import NomadRecord
from providers.plugin import CheckFailure, Diff, Engine, ProviderError
from providers.properties import Properties, contains_unknown

MAX_ITEMS_BYTES = 64 * 1024
"""Nomad's limit for the names and values of a variable's items together (`structs.maxVariableSize`)."""

VERSION = "caravan_secrets"
"""The item that tells the versions of a variable's values apart, where the program gives it. A job that reads the
values has it, too (as meta of its group), so it starts anew with them: once the variable is written, and only then."""

_WRITE_ONLY = (
    "Pulumi keeps every input in its state, encrypted, so nothing would be write-only. Give items; they are secret."
)


@dataclass(frozen=True, kw_only=True)
class _Items(TextMap):
    """The values; the version is none of them."""

    def normal(self, value: Any) -> Any:
        return values_of(value) if isinstance(value, Mapping) else value


def values_of(items: Mapping[str, Any]) -> dict[str, Any]:
    """A variable's items without their version."""
    return {name: value for name, value in items.items() if name != VERSION}


class VariableResource(NomadRecord):
    """Variables. ID: PATH@NAMESPACE. Written by compare and swap (`cas`), so that no write of others is lost."""

    token = "nomad:index/variable:Variable"
    noun = "variable"
    key = "path"
    secrets: ClassVar = frozenset({"items"})
    fields: ClassVar = {
        "path": Text(
            required=True,
            replaces=True,
            pattern="[a-zA-Z0-9-_~/]{1,128}",
            allowed="1 to 128 letters (a-z, A-Z), digits and the signs - _ ~ /",
        ),
        "namespace": Text(replaces=True),
        "items": _Items(required=True),
        "itemsWo": Refused(because=_WRITE_ONLY),
        "itemsWoVersion": Refused(because=_WRITE_ONLY),
    }

    def __init__(
        self,
        engine: Engine,
        client: NomadClient,
        expected: Expected | None = None,
        known: VariableValues | None = None,
    ) -> None:
        super().__init__(engine, client, expected)
        self._known = known or VariableValues()

    async def check(self, urn: str, old: Properties, new: Properties) -> list[CheckFailure]:
        """Notes the values, too, so that no message about a job repeats one that the job has printed."""
        for inputs in (old, new):
            self._known.note(inputs.get("items"))
        return await super().check(urn, old, new)

    async def diff(self, urn: str, id: str, old_inputs: Properties, outputs: Properties, new: Properties) -> Diff:
        """Only the values count: the version alone changes where they are encrypted anew, with another passphrase."""
        found = await super().diff(urn, id, old_inputs, outputs, new)
        before, now = (inputs.get("items", {}) for inputs in (old_inputs, new))
        if isinstance(now, Mapping) and not found.changed and before.get(VERSION) != now.get(VERSION):
            text = "values are encrypted anew, and the same as before: neither the variable nor its job changes."
            await self._engine.info(urn, f"{self._title(new)}: its {text}")
        return found

    async def update(
        self,
        urn: str,
        id: str,
        old_inputs: Properties,
        outputs: Properties,
        new: Properties,
        timeout_s: float,
        preview: bool,
    ) -> Properties:
        """As for every record, with a version that no values before these had."""
        wanted = Properties({**new.values, "items": _versioned(new.get("items"), outputs.get("items"))}, new.secrets)
        return await super().update(urn, id, old_inputs, outputs, wanted, timeout_s, preview)

    def defaults(self, urn: str) -> dict[str, Any]:
        return {"namespace": "default"}

    def id(self, inputs: Properties) -> str:
        return f"{inputs.values['path']}@{inputs.values['namespace']}"

    async def fetch(self, id: str) -> Json | None:
        path, namespace = _place(id)
        found: Json | None = await self._client.find(join("v1", "var", path), namespace)
        return found

    def values(self, found: Json) -> dict[str, Any]:
        return {"path": found["Path"], "namespace": found["Namespace"], "items": found.get("Items") or {}}

    async def write(self, urn: str, id: str | None, inputs: Properties, current: Json | None) -> str:
        path, namespace = inputs.values["path"], inputs.values["namespace"]
        body = {"Path": path, "Namespace": namespace, "Items": inputs.values["items"]}
        query = self._client.query(namespace, cas=str(current["ModifyIndex"] if current else 0))
        try:
            await self._client.api.change("PUT", join("v1", "var", path), body, query=query)
        except ApiError as error:
            if error.status != 409:
                raise
            # Not the server's own words, nor the error as a cause: they hold the items.
            raise ProviderError(self._raced_text(inputs, "overwritten")) from None
        return self.id(inputs)

    async def remove(self, id: str, current: Json, inputs: Properties) -> None:
        path, namespace = _place(id)
        query = self._client.query(namespace, cas=str(current["ModifyIndex"]))
        try:
            await self._client.api.change("DELETE", join("v1", "var", path), query=query)
        except ApiError as error:
            if error.status != 409:
                raise
            raise ProviderError(self._raced_text(inputs, "deleted")) from None

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        """Nomad's rules for paths and sizes (source: Nomad `structs.VariableDecrypted.Validate`)."""
        failures = []
        path, items = inputs.get("path"), inputs.get("items")
        if isinstance(path, str) and (reason := _reserved(path)):
            failures.append(CheckFailure("path", f"variable: path is {path!r}; {reason}"))
        if isinstance(items, dict) and not contains_unknown(items):
            size = sum(len(name.encode()) + len(value.encode()) for name, value in items.items())
            if size > MAX_ITEMS_BYTES:
                reason = f"variable: items have {size} bytes; Nomad takes {MAX_ITEMS_BYTES} at the most."
                failures.append(CheckFailure("items", reason))
        return failures


def _versioned(items: Any, before: Any) -> Any:
    """The items with a version that follows from the one before: also for values that there were earlier, since
    instances may run with those that came between."""
    if not isinstance(items, Mapping) or not isinstance(before, Mapping) or VERSION not in items:
        return items
    wanted, had = items[VERSION], before.get(VERSION)
    if contains_unknown(wanted) or contains_unknown(items) or had is None:
        return items
    if values_of(items) == values_of(before):
        return {**items, VERSION: had}
    return {**items, VERSION: hashlib.sha256(f"{had} {wanted}".encode()).hexdigest()[:16]}


def _place(id: str) -> tuple[str, str]:
    """Path and namespace. An ID without a namespace is in the default one."""
    path, _, namespace = id.partition("@")
    return path, namespace or "default"


def _reserved(path: str) -> str | None:
    parts = path.split("/")
    if parts[0] != "nomad" or parts[:2] == ["nomad", "jobs"]:
        return None
    if parts[:2] == ["nomad", "job-templates"]:
        return None if len(parts) == 3 else 'Nomad takes one name below "nomad/job-templates".'
    return 'of the paths below "nomad", Nomad takes those below "nomad/jobs" and "nomad/job-templates" only.'
