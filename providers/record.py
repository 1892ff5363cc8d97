"""What the resources that are one object of a server each have in common: all served types but jobs."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from providers.claims import Claim, where
from providers.fields import Field, differing, faults, normalised
from providers.http_api import ApiError, Unreachable
from providers.plugin import CheckFailure, Diff, Engine, ProviderError
from providers.properties import UNKNOWN, Properties, contains_unknown
from providers.written import Written

Json = dict[str, Any]
C = TypeVar("C")


class Record(ABC, Generic[C]):
    """An object of a server as a Pulumi resource. What is wanted, recorded and there is compared in normal form.

    Subclasses say which inputs there are and how the object is read and written. Nothing is overwritten or deleted that
    differs from what the state records, and nothing is taken over that exists.
    """

    server: ClassVar[str]
    """What messages call the server: "Nomad"."""
    token: ClassVar[str]
    noun: ClassVar[str]
    """What messages call the object: "namespace"."""
    key: ClassVar[str] = "name"
    """The input that names the object."""
    named_by_server: ClassVar[bool] = False
    """Whether the server makes up the object's ID, so that one that is gone cannot be made again under it."""
    fields: ClassVar[Mapping[str, Field]]
    secrets: ClassVar[frozenset[str]] = frozenset()
    """Properties that are secret whatever the program says."""
    computed: ClassVar[tuple[str, ...]] = ()
    """Outputs that only the server knows."""

    def __init__(self, engine: Engine, client: C) -> None:
        self._engine = engine
        self._client = client
        self.written = Written(self.server, None)
        """What this stack's commands wrote; the plugin gives its own."""

    def id(self, inputs: Properties) -> str:
        """The ID of the object that the inputs name."""
        return str(inputs.values[self.key])

    def own_id(self, id: str, recorded: Properties) -> str:
        """The ID of a recorded object as this type writes it, where the official plugin has written another one."""
        return id

    @abstractmethod
    async def fetch(self, id: str) -> Json | None:
        """The object, or None."""

    async def look(self, id: str, *known: Properties) -> Json | None:
        """The object, or None. `known` are its inputs, where what belongs to it is not in its ID."""
        return await self.fetch(id)

    async def existing(self, inputs: Properties) -> tuple[str, Json] | None:
        """The object that already has the name that a new one is to get, and its ID."""
        found = await self.look(self.id(inputs), inputs)
        return None if found is None else (self.id(inputs), found)

    def is_mine(self, urn: str, inputs: Properties, existing: Json) -> bool:
        """Whether an object that exists is what an interrupted `up` has left of this resource.

        Where an object has no place for a mark: it is exactly as it is wanted, so that nothing of others can be lost.
        """
        return self._is_done(inputs, existing)

    def version(self, found: Json) -> str | None:
        """What only this very content of the object has in the server; None where nothing tells it."""
        index = found.get("ModifyIndex")
        return None if index is None else f"{found.get('CreateIndex')}/{index}"

    @abstractmethod
    def values(self, found: Json) -> dict[str, Any]:
        """The inputs that would make this object."""

    def outputs(self, found: Json, inputs: Properties) -> dict[str, Any]:
        """The object's `computed` outputs."""
        return {}

    @abstractmethod
    async def write(self, urn: str, id: str | None, inputs: Properties, current: Json | None) -> str:
        """Makes (`current` is None) or changes the object; its ID. Compare and swap where the server can do that."""

    @abstractmethod
    async def remove(self, id: str, current: Json, inputs: Properties) -> None:
        """Deletes the object, which was `current` a moment ago. Compare and swap where the server can do that."""

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        """What else is wrong with inputs that are right one by one. Those that are not, or not known, are UNKNOWN."""
        return []

    def defaults(self, urn: str) -> dict[str, Any]:
        """What inputs that are absent stand for."""
        return {}

    async def foresee(self, id: str, inputs: Properties) -> None:
        """Called at preview with an object that the update is going to write. Raises ProviderError."""
        return

    async def lacking(self, inputs: Properties) -> str:
        """A sentence that names what the token lacks to write the object; "" where nothing is known to be missing."""
        return ""

    async def check(self, urn: str, old: Properties, new: Properties) -> list[CheckFailure]:
        """Everything that is wrong with the inputs, at once."""
        new = self._settled(urn, new, old)
        found = faults(self.fields, new.values, secret=new.secrets | self.secrets)
        failures = [CheckFailure(name, f"{self.noun}: {sentence}") for name, sentence in found]
        wrong = {failure.property for failure in failures}
        rest = {name: UNKNOWN if name in wrong else value for name, value in new.values.items()}
        return failures + await self.more_faults(Properties(rest, new.secrets))

    def claims(self, urn: str, old: Properties, new: Properties) -> list[Claim]:
        """What inputs that are right are going to own, as far as they are known."""
        new = self._settled(urn, new, old)
        names = [name for name, field in self.fields.items() if self._names(name, field)]
        return [] if new.has_unknown(names) else self.owned(new)

    def owned(self, inputs: Properties) -> list[Claim]:
        """What the inputs own by name: no other resource may own it, too."""
        place = where(inputs, "datacenter", "partition", "namespace")
        return [] if self.named_by_server else [Claim(self.noun, self.id(inputs), place)]

    async def diff(self, urn: str, id: str, old_inputs: Properties, outputs: Properties, new: Properties) -> Diff:
        """By what the inputs come to.

        An object that is gone is made again; one that others changed is warned of, and never put back in silence.
        """
        base = self.recorded(urn, old_inputs, outputs)
        old, new = self._settled(urn, old_inputs, outputs), self._settled(urn, new, outputs)
        changed = [name for name in sorted(self.fields) if self._differs(name, old, new)]
        replaces = [name for name in changed if self.fields[name].replaces]
        current = await self.look(self.own_id(id, old), old, new)
        if current is None:
            if self.named_by_server:
                await self._engine.info(
                    urn,
                    f"{self._title(old)} is not in {self.server} any more: it was removed outside this stack and is "
                    "made again.",
                )
            missing = sorted({*changed, *(name for name in self.fields if new.get(name) is not None)})
            return Diff(missing, [self.key] if self.named_by_server else replaces)
        lines = [] if changed else self._moved(base, current)
        if lines and self.written.is_own(urn, self.version(current)):
            # A killed command made another change, which this program takes back.
            return Diff(sorted(name for name in self.fields if new.get(name) is not None), [])
        if lines:
            text = self._foreign_text(base, lines, "Nothing is changed now.")
            await self._engine.warning(urn, text)
        return Diff(changed, replaces)

    async def create(self, urn: str, new: Properties, timeout_s: float, preview: bool) -> tuple[str, Properties]:
        """Makes an object that does not exist yet. Raises ProviderError for one that exists."""
        new = self._settled(urn, new, Properties())
        named = not any(
            contains_unknown(new.get(name)) for name, field in self.fields.items() if self._names(name, field)
        )
        existing = await self.existing(new) if named else None
        mine = existing is not None and (
            self.is_mine(urn, new, existing[1]) or self.written.is_left(urn, self.version(existing[1]))
        )
        if existing is not None and not mine:
            raise ProviderError(self._exists_text(urn, new, existing[0]))
        if existing is not None:
            await self._engine.info(urn, self._adopted_text(new))
        if existing is not None and not preview and self._is_done(new, existing[1]):
            return existing[0], self._outputs(new, existing[1])
        if preview:
            await self._foretell(urn, self.id(new) if named and not self.named_by_server else "", new)
            return "", self._predicted(new, None)
        return await self._made(urn, new, existing[1] if existing else None)

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
        base = self.recorded(urn, old_inputs, outputs)
        old, new = self._settled(urn, old_inputs, outputs), self._settled(urn, new, outputs)
        own = self.own_id(id, old)
        current = await self.look(own, old, new)
        if current is None and self.named_by_server:
            raise ProviderError(
                f"{self._title(old)} was deleted meanwhile. Run `pulumi up` again: it is replaced then."
            )
        if current is None:
            await self._engine.info(
                urn,
                f"{self._title(new)} is not in {self.server} any more: it was removed outside this stack and is made "
                "again.",
            )
            if preview:
                await self._foretell(urn, own, new)
                return self._predicted(new, None)
            return (await self._made(urn, new, None))[1]
        lines = self._moved(base, current)
        # An `up` that was killed after its change leaves an object that is not the recorded one, but the wanted one.
        done = self._is_done(new, current)
        if lines and not done and not self.written.is_own(urn, self.version(current)):
            raise ProviderError(self._foreign_text(base, lines, "It is not overwritten."))
        if preview:
            if not new.has_unknown(self.fields) and not done:
                await self._engine.info(urn, self._change_text(new, current))
            await self._foretell(urn, own, new)
            return self._predicted(new, outputs)
        if not done:
            await self._write(urn, own, new, current)
            current = await self._there(urn, new, own)
        return self._outputs(new, current)

    async def read(
        self, urn: str, id: str, inputs: Properties, outputs: Properties
    ) -> tuple[str, Properties, Properties]:
        """What the server has now. Inputs that come to the same stay as they are written."""
        own = self.own_id(id, self._settled(urn, inputs, outputs)) if inputs.values else id
        current = await self.look(own, inputs)
        if current is None:
            if inputs.values:
                await self._engine.warning(
                    urn,
                    f"{self._title(self._settled(urn, inputs, outputs))} is not in {self.server} any more: it was "
                    "removed outside this stack. The refresh forgets it; where the program declares it, `pulumi up` "
                    "makes it again.",
                )
            return "", Properties(), Properties()
        settled = self._settled(urn, inputs, outputs) if inputs.values else inputs
        base = self.recorded(urn, inputs, outputs)
        lines = self._moved(base, current) if inputs.values else []
        if inputs.values and not lines:
            return own, inputs, self._outputs(inputs, current)
        if lines:
            await self._engine.warning(urn, self._refreshed_text(base, lines))
        values = self.values(current)
        kept = dict(inputs.values)
        for name in self.fields:
            if not self._differs(name, settled, Properties(values)):
                continue
            if values.get(name) is None:
                kept.pop(name, None)
            else:
                kept[name] = values[name]
        inputs = Properties(kept, inputs.secrets | self.secrets)
        return self._id_of(own, current), inputs, self._outputs(inputs, current)

    async def delete(self, urn: str, id: str, inputs: Properties, outputs: Properties, timeout_s: float) -> None:
        """Deletes the object; one that is gone already is as good. Raises ProviderError where others changed it."""
        own = self.own_id(id, self._settled(urn, inputs, outputs))
        current = await self.look(own, inputs)
        if current is None:
            return
        base = self.recorded(urn, inputs, outputs)
        lines = self._moved(base, current)
        if lines and not self.written.is_own(urn, self.version(current)):
            listed = "".join(f"\n  {line}" for line in lines)
            raise ProviderError(
                f"{self._title(base)} was changed outside this stack since the last `pulumi up`. It is not deleted. "
                f"What was changed (recorded → in {self.server}):{listed}\n"
                "To delete it as it is now, run `pulumi refresh` first. To keep it and forget it here: "
                f"pulumi state delete '{urn}'."
            )
        await self.remove(own, current, inputs)
        self.written.forget(urn)

    def recorded(self, urn: str, inputs: Properties, outputs: Properties) -> Properties:
        """What the state says that the object is."""
        return self._settled(urn, inputs, outputs)

    async def _foretell(self, urn: str, id: str, new: Properties) -> None:
        if lacking := await self.lacking(new):
            # Who only previews needs no right to write.
            await self._engine.warning(urn, f"{self._title(new)}: `pulumi up` will be refused. {lacking}")
        await self.foresee(id, new)

    def _names(self, name: str, field: Field) -> bool:
        return name == self.key or field.replaces

    def _id_of(self, id: str, current: Json) -> str:
        """The ID in its full form, for one that was typed in for an import."""
        return id if self.named_by_server else self.id(Properties(self.values(current)))

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
        return self._normal(Properties(self.values(current)))

    def _is_done(self, new: Properties, current: Json) -> bool:
        """Whether the object is what is wanted, as far as that is known."""
        return not new.has_unknown(self.fields) and self._normal(new) == self._found(current)

    def _hidden(self, inputs: Properties) -> frozenset[str]:
        """The parts of the normal form that no message shows."""
        return self.secrets | inputs.secrets

    def _moved(self, base: Properties, current: Json) -> list[str]:
        """What others changed, a line each."""
        return differing(self._normal(base), self._found(current), self._hidden(base))

    async def _made(self, urn: str, new: Properties, current: Json | None) -> tuple[str, Properties]:
        made = await self._write(urn, None, new, current)
        return made, self._outputs(new, await self._there(urn, new, made))

    async def _write(self, urn: str, id: str | None, new: Properties, current: Json | None) -> str:
        try:
            return await self.write(urn, id, new, current)
        except Unreachable:
            # The answer is lost: reads back whether the change took place.
            found = (id, await self.look(id, new)) if id else await self.existing(new)
            if found is None or found[1] is None or self._normal(new) != self._found(found[1]):
                raise
            return found[0]
        except ApiError as error:
            raise ProviderError(f"{self._title(new)}: {error}") from error

    async def _there(self, urn: str, new: Properties, id: str) -> Json:
        """What has been written, which is noted as this stack's own."""
        found = await self.look(id, new)
        if found is None:
            raise ProviderError(
                f"{self._title(new)} was written and is already gone again: somebody deleted it meanwhile."
            )
        self.written.note(urn, id, self.version(found) if self._is_done(new, found) else None)
        return found

    def _outputs(self, inputs: Properties, current: Json) -> Properties:
        values = {**self.values(current), **self.outputs(current, inputs)}
        return Properties(values, self.secrets | inputs.secrets)

    def _predicted(self, new: Properties, outputs: Properties | None) -> Properties:
        known = {name: outputs.get(name) if outputs else UNKNOWN for name in self.computed}
        kept = outputs.secrets & frozenset(self.computed) if outputs else frozenset()
        return Properties({**new.values, **known}, self.secrets | new.secrets | kept)

    def _title(self, inputs: Properties) -> str:
        name = inputs.get(self.key)
        return f'{self.noun} "{name}"' if isinstance(name, str) else self.noun

    def _change_text(self, new: Properties, current: Json) -> str:
        lines = differing(self._found(current), self._normal(new), self._hidden(new))
        return "\n  ".join([f"{self._title(new)}:", *lines])

    def _foreign_text(self, base: Properties, lines: list[str], then: str) -> str:
        listed = "".join(f"\n  {line}" for line in lines)
        return (
            f"{self._title(base)} was changed outside this stack since the last `pulumi up`. {then} "
            f"What was changed (recorded → in {self.server}):{listed}\n"
            f"To take what is in {self.server} as the new base, run `pulumi refresh`; the next `pulumi preview` then "
            "shows what `pulumi up` would put back."
        )

    def _refreshed_text(self, base: Properties, lines: list[str]) -> str:
        listed = "".join(f"\n  {line}" for line in lines)
        return (
            f"{self._title(base)} was changed outside this stack since the last `pulumi up`. The refresh takes what is "
            f"in {self.server} as the new base: the next `pulumi up`, this very one with --refresh, puts back what the "
            f"program says. What was changed (recorded → in {self.server}):{listed}"
        )

    def _raced_text(self, inputs: Properties, spared: str) -> str:
        return (
            f"{self._title(inputs)} was changed by somebody else between the look and the write. It is not {spared}; "
            "run the command again to see what changed."
        )

    def _exists_text(self, urn: str, new: Properties, id: str) -> str:
        name = urn.rsplit("::", 1)[-1]
        # The code would be printed with the secret in it.
        options = "--generate-code=false " if (self.secrets | new.secrets) & self.fields.keys() else ""
        return (
            f"{self._title(new)} already exists in {self.server}, and this stack has no record of it. It is not "
            f"overwritten. To manage it here: pulumi import {options}{self.token} {name} {id}. "
            f"Or give this one another {self.key}."
        )

    def _adopted_text(self, new: Properties) -> str:
        return (
            f"{self._title(new)} is in {self.server} already, as an interrupted `pulumi up` of this stack leaves it. "
            "It is taken over."
        )
