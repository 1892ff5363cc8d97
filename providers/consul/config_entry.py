"""The resource consul:index/configEntry:ConfigEntry, and what it has in common with the types for one kind each."""

import json
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from providers.claims import Claim, where
from providers.consul import entry_rules, entry_schema
from providers.consul.client import ConsulClient, Json, config_path
from providers.consul.entry_graph import EntryGraph
from providers.consul.entry_schema import OWNER_KEY
from providers.consul.record import ConsulRecord
from providers.consul.rights import Right
from providers.fields import Field, Text
from providers.http_api import ApiError
from providers.plugin import CheckFailure, Engine, ProviderError
from providers.properties import UNKNOWN, Properties, contains_unknown

_NAMELESS = frozenset({"mesh"})
"""Kinds of which there is one entry, named like the kind."""

_OF_A_SERVICE = frozenset({"service-defaults", "service-resolver", "service-splitter", "service-router"})
_OF_THE_MESH = frozenset({"proxy-defaults", "mesh", "exported-services"})
"""Kinds by what writing them needs. Source: `CanWrite` of each kind in Consul's structs."""

MAX_OWNER_CHARS = 512
"""Consul's limit for a value in an entry's Meta."""


class EntryRecord(ConsulRecord):
    """A config entry as a Pulumi resource. ID: KIND/NAME, or the name alone where the type says the kind.

    Compared as Consul names the fields. The entry's Meta carries the resource's URN as a mark of whose it is.
    """

    def __init__(self, engine: Engine, client: ConsulClient, graph: EntryGraph) -> None:
        super().__init__(engine, client)
        self._graph = graph

    @abstractmethod
    def kind_of(self, inputs: Properties) -> str:
        """The kind of the entry; "" where it is not known."""

    @abstractmethod
    def entry(self, inputs: Properties) -> Json | None:
        """The entry that the inputs describe, as Consul takes it, without kind and name; None where it is not known.

        Parts of it may be UNKNOWN.
        """

    @abstractmethod
    def input_of(self, problem: str) -> str:
        """The input that a sentence about the entry belongs to."""

    @abstractmethod
    def place(self, id: str) -> tuple[str, str]:
        """Kind and name of an ID. Raises ProviderError for one that has none."""

    def kept(self, current: Json) -> Json:
        """What a change leaves of the entry as it is."""
        return {}

    async def check(self, urn: str, old: Properties, new: Properties) -> list[CheckFailure]:
        settled = self._settled(urn, new, old)
        stack = "::".join(urn.split("::", 2)[:2]) + "::"
        self._graph.declares(stack, self.kind_of(settled), settled.get("name"))
        return await super().check(urn, old, new)

    async def fetch(self, id: str) -> Json | None:
        return await self.look(id)

    async def look(self, id: str, *known: Properties) -> Json | None:
        where = known[0].values if known else {}
        found: Json | None = await self._client.find(config_path(*self.place(id)), self._client.query(where))
        return found

    def rights(self, inputs: Properties) -> list[Right]:
        kind, name = self.kind_of(inputs), inputs.get("name")
        resource = "intention" if kind == "service-intentions" else "service" if kind in _OF_A_SERVICE else "mesh"
        if resource == "mesh":
            return [Right(resource, "write")] if kind in _OF_THE_MESH else []
        return [Right(resource, "write", name)] if isinstance(name, str) else []

    def owned(self, inputs: Properties) -> list[Claim]:
        kind = self.kind_of(inputs)
        return [Claim(kind, str(inputs.values["name"]), where(inputs, "partition", "namespace"))] if kind else []

    def is_mine(self, urn: str, inputs: Properties, existing: Json) -> bool:
        return (existing.get("Meta") or {}).get(OWNER_KEY) == urn[:MAX_OWNER_CHARS]

    async def write(self, urn: str, id: str | None, inputs: Properties, current: Json | None) -> str:
        kind = self.kind_of(inputs)
        body = entry_schema.normal(kind, self.entry(inputs) or {})
        meta = {**body.get("Meta", {}), OWNER_KEY: urn[:MAX_OWNER_CHARS]}
        kept = self.kept(current) if current else {}
        cas = str(current["ModifyIndex"] if current else 0)
        query = self._client.query(inputs.values, cas=cas)
        named = {"Kind": kind, "Meta": meta, **({} if kind in _NAMELESS else {"Name": inputs.values["name"]})}
        if (
            await self._client.api.change("PUT", "/v1/config", {**kept, **body, **named}, query=query)
        ).body is not True:
            raise ProviderError(self._raced_text(inputs, "overwritten"))
        return self.id(inputs)

    async def remove(self, id: str, current: Json, inputs: Properties) -> None:
        query = self._client.query(inputs.values, cas=str(current["ModifyIndex"]))
        kind, name = self.place(id)
        self._graph.deletes()
        try:
            answer = await self._client.api.change("DELETE", config_path(kind, name), query=query)
        except ApiError as error:
            needing = await self._graph.needing(kind, name)
            if error.status == 403 or not needing:
                raise
            listed = "".join(f"\n  {sentence}" for sentence in needing)
            raise ProviderError(f'{kind} "{name}" is not deleted, for Consul refuses that:{listed}') from error
        if answer.body is not True:
            raise ProviderError(self._raced_text(inputs, "deleted"))

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        """Unknown fields and wrong types, or else Consul's rules, or else filters that Consul cannot read."""
        failures = await self._client.refuse_tenancy(self.noun, inputs)
        kind, entry, name = self.kind_of(inputs), self.entry(inputs), inputs.get("name")
        if kind not in entry_schema.KINDS or entry is None:
            return failures
        found = list(entry_schema.faults(kind, entry, secret=bool(inputs.secrets)))
        if not found and not contains_unknown([entry, name]):
            normal = entry_schema.normal(kind, entry)
            found = list(entry_rules.broken(kind, name, normal)) or await self._filter_problems(normal)
        title = self._title(inputs)
        return failures + [CheckFailure(self.input_of(problem), f"{title}: {problem}") for problem in found]

    async def _filter_problems(self, entry: Json) -> list[str]:
        filters = {subset: described.get("Filter") for subset, described in entry.get("Subsets", {}).items()}
        reasons = {
            subset: await self._client.filter_problem(expression)
            for subset, expression in filters.items()
            if expression
        }
        return [
            f"Subsets.{subset}.Filter is not an expression that Consul reads: {reason}"
            for subset, reason in reasons.items()
            if reason
        ]

    async def foresee(self, id: str, inputs: Properties) -> None:
        """Raises ProviderError for what Consul would refuse, as it and this same update have the other entries."""
        kind, entry, name = self.kind_of(inputs), self.entry(inputs), inputs.get("name")
        if kind not in entry_schema.KINDS or entry is None or contains_unknown([entry, name]):
            return
        if broken := await self._graph.add(kind, name, entry_schema.normal(kind, entry)):
            listed = "".join(f"\n  {sentence}" for sentence in broken)
            raise ProviderError(f"{self._title(inputs)} would be refused by Consul:{listed}")

    def recorded(self, urn: str, inputs: Properties, outputs: Properties) -> Properties:
        """What Consul made of the inputs, so that what it adds by itself is held against nobody."""
        settled = self._settled(urn, inputs, outputs)
        made = {name: value for name, value in outputs.values.items() if name in self.fields and value is not None}
        return Properties({**settled.values, **made}, settled.secrets | outputs.secrets)

    def _title(self, inputs: Properties) -> str:
        kind, name = self.kind_of(inputs), inputs.get("name")
        return f'{kind} "{name}"' if kind and isinstance(name, str) else self.noun


@dataclass(frozen=True, kw_only=True)
class EntryJson(Field):
    """An entry's fields as a JSON text; compared by what they say, which the resource does, knowing the kind."""

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{name} must be a JSON text, such as json.dumps makes it."
            return
        try:
            read = json.loads(value)
        except json.JSONDecodeError as error:
            yield f"{name} is not JSON (line {error.lineno}, column {error.colno}: {error.msg})."
            return
        if not isinstance(read, dict):
            yield f"{name} is JSON, but not an object of the entry's fields."

    def normal(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) and value else None


class ConfigEntryResource(EntryRecord):
    """Config entries of any kind. ID: KIND/NAME."""

    token = "consul:index/configEntry:ConfigEntry"
    noun = "config entry"
    fields: ClassVar = {
        "kind": Text(required=True, replaces=True, one_of=tuple(sorted(entry_schema.KINDS))),
        "name": Text(replaces=True),
        "configJson": EntryJson(),
        "namespace": Text(replaces=True),
        "partition": Text(replaces=True),
    }

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        """A name that no ID could hold, too."""
        failures, name = await super().more_faults(inputs), inputs.get("name")
        if isinstance(name, str) and "/" in name:
            failures.append(CheckFailure("name", f"config entry: name is {name!r}; it must have no '/'."))
        return failures

    def id(self, inputs: Properties) -> str:
        return f"{inputs.values['kind']}/{inputs.values['name']}"

    def own_id(self, id: str, recorded: Properties) -> str:
        """The official plugin writes KIND-NAME."""
        is_official = "/" not in id and isinstance(recorded.get("kind"), str)
        return self.id(recorded) if is_official else id

    def kind_of(self, inputs: Properties) -> str:
        kind = inputs.get("kind")
        return kind if isinstance(kind, str) else ""

    def entry(self, inputs: Properties) -> Json | None:
        text = inputs.get("configJson", "{}")
        return None if text is UNKNOWN else json.loads(text)

    def input_of(self, problem: str) -> str:
        return "configJson"

    def place(self, id: str) -> tuple[str, str]:
        parts = id.split("/")
        if len(parts) != 2:
            raise ProviderError(f"The ID {id!r} names no config entry; it is KIND/NAME, such as service-defaults/web.")
        return parts[0], parts[1]

    def values(self, found: Json) -> dict[str, Any]:
        entry = entry_schema.normal(found["Kind"], found)
        name = found["Kind"] if found["Kind"] in _NAMELESS else found["Name"]
        return {"kind": found["Kind"], "name": name, "configJson": json.dumps(entry, sort_keys=True)}

    def _normal(self, inputs: Properties) -> dict[str, Any]:
        return {"configJson": entry_schema.compared(self.kind_of(inputs), self.entry(inputs) or {})}

    def _differs(self, name: str, old: Properties, new: Properties) -> bool:
        known = not any(contains_unknown([it.get("configJson"), it.get("kind")]) for it in (old, new))
        if name == "configJson" and known and old.get("kind") == new.get("kind"):
            return self._normal(old) != self._normal(new)
        return super()._differs(name, old, new)
