"""The resource consul:index/keys:Keys. Its values are secret where the program says so."""

from collections.abc import Mapping
from typing import Any, ClassVar

from providers.claims import Claim
from providers.consul.client import Json
from providers.consul.kv import (
    TENANCY,
    TOKEN_REFUSED,
    apply,
    claim,
    drop,
    normal_pair,
    path_fault,
    put,
    read,
    tenancy,
    value_faults,
)
from providers.consul.record import ConsulRecord
from providers.consul.rights import Right
from providers.fields import Blocks, Flag, Refused, Text, Whole, differing
from providers.plugin import CheckFailure
from providers.properties import UNKNOWN, Properties


class KeysResource(ConsulRecord):
    """Some keys. ID: their paths when they were made, with commas between.

    A key without `value` is only read, into `var`. One is deleted with the resource, or when it is taken out, only
    where it says `delete`. Compared are the keys that the resource writes: {pairs: what they hold, paths: which}.
    """

    token = "consul:index/keys:Keys"
    noun = "keys"
    key = "keys"
    computed = ("var",)
    fields: ClassVar = {
        "keys": Blocks(
            required=True,
            fields={
                "path": Text(required=True),
                "name": Text(),
                "value": Text(),
                "default": Text(),
                "delete": Flag(),
                "flags": Whole(),
            },
            key="path",
        ),
        **TENANCY,
        "token": Refused(because=TOKEN_REFUSED),
    }

    def rights(self, inputs: Properties) -> list[Right]:
        paths = {*_by_path(inputs), *_written(inputs)}
        return [Right("key", "write" if path in _written(inputs) else "read", path) for path in sorted(paths)]

    def owned(self, inputs: Properties) -> list[Claim]:
        """The keys that it writes; any resource may read one."""
        return [claim(path, inputs) for path in sorted(_written(inputs)) if isinstance(path, str)]

    def id(self, inputs: Properties) -> str:
        return ",".join(sorted(_by_path(inputs)))

    async def fetch(self, id: str) -> Json | None:
        """Those of an import, whose ID is all that is known of them."""
        items = [{"path": path, "value": ""} for path in id.split(",")]
        return await self.look(id, Properties({"keys": items}))

    async def look(self, id: str, *known: Properties) -> Json | None:
        if not _by_path(known[0]):
            return await self.fetch(id)
        old, new = _written(known[0]), _written(known[-1])
        # What is taken out and not to be deleted is nobody's business here any more.
        paths = new.keys() | {path for path, item in old.items() if item.get("delete")}
        readable = _by_path(known[-1]).keys() - new.keys()
        query = self._client.query(tenancy(known[-1]))
        found = {path: await read(self._client, path, query) for path in sorted(paths | readable)}
        pairs = {path: pair for path, pair in found.items() if pair is not None and path in paths}
        if paths and not pairs:
            return None
        read_only = {path: pair["Value"] for path in sorted(readable) if (pair := found[path]) is not None}
        return {"pairs": pairs, "paths": sorted(paths), "read": read_only}

    async def existing(self, inputs: Properties) -> tuple[str, Json] | None:
        """The keys to write that hold something else; those that are as they are wanted are taken over."""
        found = await self.look("", inputs)
        pairs = found["pairs"] if found else {}
        wanted = self._normal(inputs).get("keys", {})
        if all(normal_pair(pair) == wanted[path] for path, pair in pairs.items()):
            return None
        return ",".join(sorted(wanted)), {"pairs": pairs}

    def values(self, found: Json) -> dict[str, Any]:
        return {"keys": [{"path": path, **normal_pair(pair)} for path, pair in sorted(found["pairs"].items())]}

    async def write(self, urn: str, id: str | None, inputs: Properties, current: Json | None) -> str:
        pairs = (current or await self.look("", inputs) or {"pairs": {}})["pairs"]
        wanted = self._normal(inputs).get("keys", {})
        changed = [path for path, pair in wanted.items() if path not in pairs or normal_pair(pairs[path]) != pair]
        operations = [put(path, wanted[path], pairs.get(path)) for path in changed]
        operations += [drop(path, pairs[path]) for path in sorted(pairs.keys() - wanted.keys())]
        await apply(self._client, operations, self._client.query(tenancy(inputs)), self._title(inputs))
        return id or self.id(inputs)

    async def remove(self, id: str, current: Json, inputs: Properties) -> None:
        operations = [drop(path, pair) for path, pair in sorted(current["pairs"].items())]
        await apply(self._client, operations, self._client.query(tenancy(inputs)), self._title(inputs))

    async def delete(self, urn: str, id: str, inputs: Properties, outputs: Properties, timeout_s: float) -> None:
        """Deletes the keys that say so; the others stay."""
        gone = [item for item in _written(inputs).values() if item.get("delete")]
        if gone:
            of_these = Properties({**inputs.values, "keys": gone}, inputs.secrets)
            await super().delete(urn, id, of_these, outputs, timeout_s)

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        """Paths, sizes, names that are given twice, and what only Consul Enterprise takes."""
        found = []
        paths: list[str] = []
        for number, item in enumerate(inputs.get("keys", []) if isinstance(inputs.get("keys"), list) else []):
            if item is not UNKNOWN:
                where = f"keys[{number}]"
                found += path_fault(f"{where}.path", item.get("path")) + value_faults(
                    f"{where}.value", item.get("value")
                )
                paths.append(str(item.get("path")))
        found += [
            f'keys has the path "{path}" twice; give it once.'
            for path in sorted({p for p in paths if paths.count(p) > 1})
        ]
        failures = [CheckFailure("keys", f"keys: {sentence}") for sentence in found]
        return failures + await self._client.refuse_tenancy(self.noun, inputs)

    async def read(
        self, urn: str, id: str, inputs: Properties, outputs: Properties
    ) -> tuple[str, Properties, Properties]:
        found, read_inputs, read_outputs = await super().read(urn, id, inputs, outputs)
        if not found or not inputs.values or read_inputs.get("keys") == inputs.get("keys"):
            return found, read_inputs, read_outputs
        there = _by_path(read_inputs)
        # What a key is called and what becomes of it is not in Consul, nor is what is only read an input of it.
        items = [
            {**item, **there.get(path, {})}
            for path, item in _by_path(inputs).items()
            if path in there or item.get("value") is None
        ]
        kept = Properties({**read_inputs.values, "keys": items}, read_inputs.secrets)
        return found, kept, Properties({**read_outputs.values, "keys": items}, read_outputs.secrets)

    def _outputs(self, inputs: Properties, current: Json) -> Properties:
        held = {**{path: pair["Value"] for path, pair in current["pairs"].items()}, **current["read"]}
        var = {
            item["name"]: held.get(path, item.get("default") or "")
            for path, item in _by_path(inputs).items()
            if item.get("name")
        }
        secret = frozenset({"var"}) if "keys" in inputs.secrets else frozenset()
        return Properties({**self.values(current), **inputs.values, "var": var}, inputs.secrets | secret)

    def _predicted(self, new: Properties, outputs: Properties | None) -> Properties:
        # What is read is only known when the keys are written.
        secret = frozenset({"var"}) if "keys" in new.secrets else frozenset()
        return Properties({**new.values, "var": UNKNOWN}, new.secrets | secret)

    def _names(self, name: str, field: Any) -> bool:
        return False

    def _normal(self, inputs: Properties) -> dict[str, Any]:
        pairs = {path: {"value": item["value"], **_flags(item)} for path, item in sorted(_written(inputs).items())}
        return {"keys": pairs} if pairs else {}

    def _found(self, current: Json) -> dict[str, Any]:
        pairs = {path: normal_pair(pair) for path, pair in sorted(current["pairs"].items())}
        return {"keys": pairs} if pairs else {}

    def _moved(self, base: Properties, current: Json) -> list[str]:
        recorded = self._normal(base).get("keys", {})
        compared = {path: pair for path, pair in recorded.items() if path in current["paths"]}
        return differing({"keys": compared}, {"keys": {}, **self._found(current)}, self._hidden(base))

    def _title(self, inputs: Properties) -> str:
        paths = [path for path in _by_path(inputs) if isinstance(path, str)]
        return f"keys {', '.join(sorted(paths))}" if paths else self.noun


def _by_path(inputs: Properties) -> dict[str, Mapping[str, Any]]:
    items = inputs.get("keys")
    if not isinstance(items, list):
        return {}
    return {item["path"]: item for item in items if item is not UNKNOWN and item.get("path") is not UNKNOWN}


def _written(inputs: Properties) -> dict[str, Mapping[str, Any]]:
    return {path: item for path, item in _by_path(inputs).items() if item.get("value") is not None}


def _flags(item: Mapping[str, Any]) -> dict[str, int]:
    return {"flags": item["flags"]} if item.get("flags") else {}
