"""The resource consul:index/keyPrefix:KeyPrefix. Its values are secret where the program says so."""

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
    read_below,
    tenancy,
    value_faults,
)
from providers.consul.record import ConsulRecord
from providers.consul.rights import Right
from providers.fields import Blocks, Refused, Text, TextMap, Whole
from providers.plugin import CheckFailure
from providers.properties import UNKNOWN, Properties, contains_unknown


class KeyPrefixResource(ConsulRecord):
    """Everything below a prefix, and nothing else there. ID: the prefix."""

    token = "consul:index/keyPrefix:KeyPrefix"
    noun = "key prefix"
    key = "pathPrefix"
    fields: ClassVar = {
        "pathPrefix": Text(required=True, replaces=True),
        "subkeys": TextMap(),
        "subkeyCollection": Blocks(
            fields={"path": Text(required=True), "value": Text(required=True), "flags": Whole()}, key="path"
        ),
        **TENANCY,
        "token": Refused(because=TOKEN_REFUSED),
    }

    def rights(self, inputs: Properties) -> list[Right]:
        prefix, subkeys, listed = (
            inputs.get("pathPrefix"),
            inputs.get("subkeys", {}),
            inputs.get("subkeyCollection", []),
        )
        if contains_unknown([prefix, subkeys, listed]):
            return []
        return [Right("key", "write", prefix + path) for path in sorted({*subkeys, *(item["path"] for item in listed)})]

    def owned(self, inputs: Properties) -> list[Claim]:
        return [claim(self.id(inputs), inputs, below=True)]

    async def fetch(self, id: str) -> Json | None:
        return await self.look(id, Properties())

    async def look(self, id: str, *known: Properties) -> Json | None:
        pairs = await read_below(self._client, id, self._client.query(tenancy(known[-1])))
        return {"prefix": id, "pairs": pairs} if pairs else None

    def values(self, found: Json) -> dict[str, Any]:
        pairs = {path: normal_pair(pair) for path, pair in sorted(found["pairs"].items())}
        values: dict[str, Any] = {
            "pathPrefix": found["prefix"],
            "subkeys": {path: pair["value"] for path, pair in pairs.items() if "flags" not in pair},
            "subkeyCollection": [{"path": path, **pair} for path, pair in pairs.items() if "flags" in pair],
        }
        return {name: value for name, value in values.items() if value}

    async def write(self, urn: str, id: str | None, inputs: Properties, current: Json | None) -> str:
        prefix = self.id(inputs)
        pairs, wanted = (current or {"pairs": {}})["pairs"], _pairs(inputs)
        changed = [path for path, pair in wanted.items() if path not in pairs or normal_pair(pairs[path]) != pair]
        operations = [put(prefix + path, wanted[path], pairs.get(path)) for path in changed]
        operations += [drop(prefix + path, pairs[path]) for path in sorted(pairs.keys() - wanted.keys())]
        await apply(self._client, operations, self._client.query(tenancy(inputs)), self._title(inputs))
        return prefix

    async def remove(self, id: str, current: Json, inputs: Properties) -> None:
        operations = [drop(id + path, pair) for path, pair in sorted(current["pairs"].items())]
        await apply(self._client, operations, self._client.query(tenancy(inputs)), self._title(inputs))

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        """Paths, sizes, an empty prefix, and what only Consul Enterprise takes."""
        found = [("pathPrefix", sentence) for sentence in path_fault("pathPrefix", inputs.get("pathPrefix"))]
        subkeys, listed = inputs.get("subkeys", {}), inputs.get("subkeyCollection", [])
        prefix = inputs.get("pathPrefix")
        prefix = prefix if isinstance(prefix, str) and not found else ""
        if subkeys is not UNKNOWN:
            for path, value in subkeys.items():
                wrong = value_faults(f'subkeys["{path}"]', value) + path_fault("the key of a subkey", f"{prefix}{path}")
                found += [("subkeys", sentence) for sentence in wrong]
        if listed is not UNKNOWN:
            paths = [item["path"] for item in listed if item is not UNKNOWN]
            for path in (path for path in paths if isinstance(path, str)):
                wrong = path_fault("the key of a subkey", f"{prefix}{path}")
                found += [("subkeyCollection", sentence) for sentence in wrong]
            twice = {path for path in paths if paths.count(path) > 1 or (subkeys is not UNKNOWN and path in subkeys)}
            found += [
                ("subkeyCollection", f'"{path}" is given twice; give it once.') for path in sorted(twice, key=str)
            ]
        if not subkeys and not listed:
            found.append(("subkeys", "subkeys is empty; give at least one."))
        failures = [CheckFailure(name, f"key prefix: {sentence}") for name, sentence in found]
        return failures + await self._client.refuse_tenancy(self.noun, inputs)

    def _outputs(self, inputs: Properties, current: Json) -> Properties:
        # A value stays in the input that it is written in.
        return Properties({**inputs.values} or self.values(current), inputs.secrets)

    def _normal(self, inputs: Properties) -> dict[str, Any]:
        return {"subkeys": _pairs(inputs)}

    def _hidden(self, inputs: Properties) -> frozenset[str]:
        return frozenset({"subkeys"}) if inputs.secrets & {"subkeys", "subkeyCollection"} else frozenset()


def _pairs(inputs: Properties) -> dict[str, dict[str, Any]]:
    pairs = {path: {"value": value} for path, value in inputs.get("subkeys", {}).items()}
    for item in inputs.get("subkeyCollection", []):
        pairs[item["path"]] = {"value": item["value"], **({"flags": item["flags"]} if item.get("flags") else {})}
    return dict(sorted(pairs.items()))
