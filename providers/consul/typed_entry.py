"""What the types for one kind of config entry each have in common."""

from typing import Any, ClassVar

from providers.consul import entry_schema
from providers.consul.client import Json
from providers.consul.config_entry import EntryRecord
from providers.consul.entry_parts import Parts, from_entry, text_map, to_entry
from providers.consul.entry_parts import fields as fields_of
from providers.fields import Field, Text
from providers.plugin import CheckFailure
from providers.properties import Properties, contains_unknown

META = {"meta": text_map("Meta")}


def inputs_of(parts: Parts) -> dict[str, Field]:
    """The inputs of a type: its parts, and what names the entry."""
    tenancy = {"namespace": Text(replaces=True), "partition": Text(replaces=True)}
    return {"name": Text(replaces=True), **tenancy, **fields_of(parts)}


class TypedEntry(EntryRecord):
    """A config entry of one kind. ID: the name.

    Fields of the entry that the type has no input for stay as others have set them.
    """

    kind: ClassVar[str]
    parts: ClassVar[Parts]

    def kind_of(self, inputs: Properties) -> str:
        return self.kind

    def place(self, id: str) -> tuple[str, str]:
        return self.kind, id

    def entry(self, inputs: Properties) -> Json | None:
        return to_entry(self.parts, inputs.values)

    def input_of(self, problem: str) -> str:
        return next((name for name, part in self.parts.items() if part.api and problem.startswith(part.api)), "name")

    def kept(self, current: Json) -> Json:
        known = {part.api for part in self.parts.values()}
        entry = entry_schema.normal(self.kind, current)
        return {name: value for name, value in entry.items() if name not in known}

    def values(self, found: Json) -> dict[str, Any]:
        return {"name": found["Name"], **from_entry(self.parts, entry_schema.normal(self.kind, found))}

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        failures = await super().more_faults(inputs)
        # What the inputs themselves say in the words of the SDK need not be said again in Consul's.
        return [failure for failure in failures if not contains_unknown(inputs.get(failure.property))]

    def _normal(self, inputs: Properties) -> dict[str, Any]:
        return entry_schema.compared(self.kind, to_entry(self.parts, inputs.values))

    def _found(self, current: Json) -> dict[str, Any]:
        # In full depth, so that what no input can say inside of a part counts as a change of others.
        known = {part.api for part in self.parts.values()}
        return {name: value for name, value in entry_schema.compared(self.kind, current).items() if name in known}

    def _hidden(self, inputs: Properties) -> frozenset[str]:
        return frozenset(part.api for name, part in self.parts.items() if name in inputs.secrets)

    def _differs(self, name: str, old: Properties, new: Properties) -> bool:
        if name not in self.parts or contains_unknown([old.get(name), new.get(name)]):
            return super()._differs(name, old, new)
        part = {name: self.parts[name]}
        one, other = (entry_schema.compared(self.kind, to_entry(part, it.values)) for it in (old, new))
        return one != other

    def _foreign_text(self, base: Properties, lines: list[str], then: str) -> str:
        return (
            super()._foreign_text(base, lines, then)
            + " A field that this type has no input for needs consul.ConfigEntry."
        )
