"""What the resources that are one object of Nomad each have in common: all served types but jobs."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from providers.http_api import ApiError, Unreachable
from providers.nomad.client import Json, NomadClient
from providers.nomad.expected import Expected
from providers.nomad.fields import Field, differing, faults, normalised
from providers.plugin import CheckFailure, Diff, Engine, ProviderError
from providers.properties import UNKNOWN, Properties, contains_unknown

MAX_DESCRIPTION_CHARS = 256
"""Source: Nomad's limit for the description of a namespace, node pool, ACL policy and ACL role."""

ENDING_FOR_S = 60.0
"""How long jobs that were stopped a moment ago may take to end before what they use is deleted."""

PAUSE_S = 1.0


class Record(ABC):
    """An object of Nomad as a Pulumi resource. What is wanted, recorded and there is compared in normal form.

    Subclasses say which inputs there are and how the object is read and written. Nothing is overwritten that differs
    from what the state records, and nothing is taken over that exists.
    """

    token: ClassVar[str]
    noun: ClassVar[str]
    """What messages call the object: "namespace"."""
    key: ClassVar[str] = "name"
    """The input that names the object."""
    named_by_nomad: ClassVar[bool] = False
    """Whether Nomad makes up the object's ID, so that one that is gone cannot be made again under it."""
    fields: ClassVar[Mapping[str, Field]]
    secrets: ClassVar[frozenset[str]] = frozenset()
    """Properties that are secret whatever the program says."""
    computed: ClassVar[tuple[str, ...]] = ()
    """Outputs that only the server knows."""

    def __init__(self, engine: Engine, client: NomadClient, expected: Expected | None = None) -> None:
        self._engine = engine
        self._client = client
        self._expected = expected or Expected()

    def id(self, inputs: Properties) -> str:
        """The ID of the object that the inputs name."""
        return str(inputs.values[self.key])

    @abstractmethod
    async def fetch(self, id: str) -> Json | None:
        """The object, or None."""

    async def existing(self, inputs: Properties) -> tuple[str, Json] | None:
        """The object that already has the name that a new one is to get, and its ID."""
        found = await self.fetch(self.id(inputs))
        return None if found is None else (self.id(inputs), found)

    @abstractmethod
    def values(self, found: Json) -> dict[str, Any]:
        """The inputs that would make this object."""

    def outputs(self, found: Json) -> dict[str, Any]:
        """The object's `computed` outputs."""
        return {}

    @abstractmethod
    async def write(self, id: str | None, inputs: Properties, current: Json | None) -> str:
        """Makes (`current` is None) or changes the object; its ID. Compare and swap where Nomad can do that."""

    @abstractmethod
    async def remove(self, id: str) -> None:
        """Deletes the object, which existed a moment ago."""

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        """What else is wrong with inputs that are right one by one. They may be unknown, and wrong ones are absent."""
        return []

    def defaults(self, urn: str) -> dict[str, Any]:
        """What inputs that are absent stand for."""
        return {}

    async def check(self, urn: str, old: Properties, new: Properties) -> list[CheckFailure]:
        """Everything that is wrong with the inputs, at once."""
        new = self._settled(urn, new, old)
        found = faults(self.fields, new.values, secret=new.secrets | self.secrets)
        failures = [CheckFailure(name, f"{self.noun}: {sentence}") for name, sentence in found]
        wrong = {failure.property for failure in failures}
        rest = {name: value for name, value in new.values.items() if name not in wrong}
        return failures + await self.more_faults(Properties(rest, new.secrets))

    async def diff(self, urn: str, id: str, old_inputs: Properties, outputs: Properties, new: Properties) -> Diff:
        """By what the inputs come to.

        An object that is gone is made again; one that others changed is warned of, and never put back in silence.
        """
        old, new = self._settled(urn, old_inputs, outputs), self._settled(urn, new, outputs)
        changed = [name for name in sorted(self.fields) if self._differs(name, old, new)]
        replaces = [name for name in changed if self.fields[name].replaces]
        current = await self.fetch(id)
        if current is None:
            missing = sorted({*changed, *(name for name in self.fields if new.get(name) is not None)})
            return Diff(missing, [self.key] if self.named_by_nomad else replaces)
        if not changed and (lines := self._moved(old, current)):
            text = self._foreign_text(old, lines, "Nothing is changed now.")
            await self._engine.warning(urn, text)
        return Diff(changed, replaces)

    async def create(self, urn: str, new: Properties, timeout_s: float, preview: bool) -> tuple[str, Properties]:
        """Makes an object that does not exist yet. Raises ProviderError for one that exists."""
        new = self._settled(urn, new, Properties())
        if not any(contains_unknown(new.get(name)) for name, field in self.fields.items() if self._names(name, field)):
            existing = await self.existing(new)
            if existing is not None:
                raise ProviderError(self._exists_text(urn, new, existing[0]))
        if preview:
            self._expected.add(self.noun, new.get(self.key))
            return "", self._predicted(new, None)
        return await self._made(new)

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
        """Changes the object, but only from what the state records. Raises ProviderError where others changed it."""
        old, new = self._settled(urn, old_inputs, outputs), self._settled(urn, new, outputs)
        current = await self.fetch(id)
        if current is None and self.named_by_nomad:
            raise ProviderError(
                f"{self._title(old)} was deleted meanwhile. Run `pulumi up` again: it is replaced then."
            )
        if current is None:
            await self._engine.info(
                urn,
                f"{self._title(new)} is not in Nomad any more: it was removed outside this stack and is made again.",
            )
            if preview:
                self._expected.add(self.noun, new.get(self.key))
                return self._predicted(new, None)
            return (await self._made(new))[1]
        lines = self._moved(old, current)
        known = not new.has_unknown(self.fields)
        # An `up` that was killed after its change leaves an object that is not the recorded one, but the wanted one.
        done = known and self._normal(new) == self._found(current)
        if lines and not done:
            raise ProviderError(self._foreign_text(old, lines, "It is not overwritten."))
        if preview:
            if known and not done:
                await self._engine.info(urn, self._change_text(new, current))
            return self._predicted(new, outputs)
        if not done:
            await self._write(id, new, current)
            current = await self._there(new, id)
        return self._outputs(new, current)

    async def read(
        self, urn: str, id: str, inputs: Properties, outputs: Properties
    ) -> tuple[str, Properties, Properties]:
        """What Nomad has now. Inputs that come to the same stay as they are written."""
        current = await self.fetch(id)
        if current is None:
            return "", Properties(), Properties()
        values = self.values(current)
        settled = self._settled(urn, inputs, outputs) if inputs.values else inputs
        kept = dict(inputs.values)
        for name, field in self.fields.items():
            if field.normal(values.get(name)) == field.normal(settled.get(name)):
                continue
            if values.get(name) is None:
                kept.pop(name, None)
            else:
                kept[name] = values[name]
        inputs = Properties(kept, inputs.secrets | self.secrets)
        return self._id_of(id, current), inputs, self._outputs(inputs, current)

    async def delete(self, urn: str, id: str, inputs: Properties, outputs: Properties, timeout_s: float) -> None:
        """Deletes the object; one that is gone already is as good."""
        if await self.fetch(id) is not None:
            await self.remove(id)

    async def remove_when_free(self, path: str, busy: tuple[str, ...]) -> None:
        """Deletes what is at `path`, and waits for what still uses it while Nomad refuses with one of `busy`."""
        deadline = asyncio.get_running_loop().time() + ENDING_FOR_S
        while True:
            try:
                await self._client.api.change("DELETE", path, query=self._client.query())
            except ApiError as error:
                if "not found" in error.answer:
                    return
                waits = any(text in error.answer for text in busy)
                if not waits or asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(PAUSE_S)
            else:
                return

    async def only_enterprise(self, given: list[str]) -> list[CheckFailure]:
        """Refuses inputs that only Nomad Enterprise takes; its other edition would say so as late as at the update."""
        version = await self._client.edition() if given else ""
        if not version or "ent" in version:
            return []
        return [
            CheckFailure(name, f"{self.noun}: {name} needs Nomad Enterprise; the server is {version}. Take it out.")
            for name in given
        ]

    def _names(self, name: str, field: Field) -> bool:
        return name == self.key or field.replaces

    def _id_of(self, id: str, current: Json) -> str:
        """The ID in its full form, for one that was typed in for an import."""
        return id if self.named_by_nomad else self.id(Properties(self.values(current)))

    def _settled(self, urn: str, inputs: Properties, recorded: Properties) -> Properties:
        """The inputs with their defaults. An object without a name keeps the one it has, or gets the resource's."""
        values = {name: value for name, value in inputs.values.items() if value is not None}
        if "name" in self.fields and not values.get("name"):
            values["name"] = recorded.get("name") or urn.rsplit("::", 1)[-1]
        return Properties({**self.defaults(urn), **values}, inputs.secrets)

    def _differs(self, name: str, old: Properties, new: Properties) -> bool:
        one, other = old.get(name), new.get(name)
        if contains_unknown(one) or contains_unknown(other):
            return True
        normal = self.fields[name].normal
        return bool(normal(one) != normal(other))

    def _normal(self, inputs: Properties) -> dict[str, Any]:
        return normalised(self.fields, inputs.values)

    def _found(self, current: Json) -> dict[str, Any]:
        return normalised(self.fields, self.values(current))

    def _moved(self, old: Properties, current: Json) -> list[str]:
        """What others changed, a line each."""
        return differing(self._normal(old), self._found(current), self.secrets | old.secrets)

    async def _made(self, new: Properties) -> tuple[str, Properties]:
        made = await self._write(None, new, None)
        return made, self._outputs(new, await self._there(new, made))

    async def _write(self, id: str | None, new: Properties, current: Json | None) -> str:
        try:
            return await self.write(id, new, current)
        except Unreachable:
            # The answer is lost: reads back whether the change took place.
            found = (id, await self.fetch(id)) if id else await self.existing(new)
            if found is None or found[1] is None or self._normal(new) != self._found(found[1]):
                raise
            return found[0]
        except ApiError as error:
            raise ProviderError(f"{self._title(new)}: {error}") from error

    async def _there(self, new: Properties, id: str) -> Json:
        found = await self.fetch(id)
        if found is None:
            raise ProviderError(
                f"{self._title(new)} was written and is already gone again: somebody deleted it meanwhile."
            )
        return found

    def _outputs(self, inputs: Properties, current: Json) -> Properties:
        values = {**self.values(current), **self.outputs(current)}
        return Properties(values, self.secrets | inputs.secrets)

    def _predicted(self, new: Properties, outputs: Properties | None) -> Properties:
        known = {name: outputs.get(name) if outputs else UNKNOWN for name in self.computed}
        return Properties({**new.values, **known}, self.secrets | new.secrets)

    def _title(self, inputs: Properties) -> str:
        name = inputs.get(self.key)
        return f'{self.noun} "{name}"' if isinstance(name, str) else self.noun

    def _change_text(self, new: Properties, current: Json) -> str:
        lines = differing(self._found(current), self._normal(new), self.secrets | new.secrets)
        return "\n  ".join([f"{self._title(new)}:", *lines])

    def _foreign_text(self, old: Properties, lines: list[str], then: str) -> str:
        listed = "".join(f"\n  {line}" for line in lines)
        return (
            f"{self._title(old)} was changed outside this stack since the last `pulumi up`. {then} "
            f"What was changed (recorded → in Nomad):{listed}\n"
            "To take what is in Nomad as the new base, run `pulumi refresh`; the next `pulumi preview` then shows what "
            "`pulumi up` would put back."
        )

    def _exists_text(self, urn: str, new: Properties, id: str) -> str:
        name = urn.rsplit("::", 1)[-1]
        return (
            f"{self._title(new)} already exists in Nomad, and this stack has no record of it. It is not overwritten. "
            f"To manage it here: pulumi import --generate-code=false {self.token} {name} {id}. "
            f"Or give this one another {self.key}."
        )
