"""Consul's key/value store, as its two resource types use it."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from providers.claims import Claim, where
from providers.consul.client import MAX_OPERATIONS, Conflict, ConsulClient, Json
from providers.fields import Field, Text
from providers.http_api import join
from providers.plugin import ProviderError
from providers.properties import Properties

MAX_VALUE_BYTES = 512 * 1024
"""Consul's default limit for a value (`limits.kv_max_value_size`)."""

BATCH_BYTES = 256 * 1024
"""How much a transaction holds at most, so that it stays below Consul's default limit of 512 KB in base64."""


TOKEN_REFUSED = "the token is the provider's (consul:token, or the token of a consul.Provider). Give it there."

TENANCY: Mapping[str, Field] = {name: Text(replaces=True) for name in ("datacenter", "namespace", "partition")}
"""The inputs that say where keys are."""


def tenancy(inputs: Properties) -> dict[str, Any]:
    """Where the inputs say that the keys are."""
    return {name: inputs.get(name) for name in TENANCY}


def claim(path: str, inputs: Properties, *, below: bool = False) -> Claim:
    """That the inputs' resource owns a key, or all keys that begin with `path`."""
    return Claim("key", path, where(inputs, *TENANCY), below)


async def read(client: ConsulClient, key: str, query: Mapping[str, str]) -> Json | None:
    """A key's value as {Value: text, Flags, ModifyIndex}, or None."""
    found = await client.find(key_path(key), query)
    return None if not found else _decoded(found[0])


async def read_below(client: ConsulClient, prefix: str, query: Mapping[str, str]) -> dict[str, Json]:
    """All keys that begin with `prefix`, by what follows it."""
    found = await client.find(key_path(prefix), {**query, "recurse": "true"})
    return {pair["Key"].removeprefix(prefix): _decoded(pair) for pair in found or [] if pair["Key"] != prefix}


def key_path(key: str) -> str:
    """The path of a key, whose slashes are part of it."""
    return join("v1", "kv", key)


def _decoded(pair: Json) -> Json:
    raw = base64.b64decode(pair["Value"] or "")
    return {
        "Value": raw.decode("utf-8", "backslashreplace"),
        "Flags": pair["Flags"],
        "ModifyIndex": pair["ModifyIndex"],
    }


def normal_pair(pair: Json) -> Json:
    """What a key holds as {value, flags}, without flags of 0."""
    return {"value": pair["Value"], **({"flags": pair["Flags"]} if pair["Flags"] else {})}


def put(key: str, wanted: Json, current: Json | None) -> Json:
    """The operation that makes a key hold {value, flags} if it still is `current` (None: if there is none)."""
    value = base64.b64encode(wanted["value"].encode()).decode()
    index = current["ModifyIndex"] if current else 0
    return {"KV": {"Verb": "cas", "Key": key, "Value": value, "Flags": wanted.get("flags", 0), "Index": index}}


def drop(key: str, current: Json) -> Json:
    """The operation that deletes a key only if it still is `current`."""
    return {"KV": {"Verb": "delete-cas", "Key": key, "Index": current["ModifyIndex"]}}


async def apply(client: ConsulClient, operations: Sequence[Json], query: Mapping[str, str], title: str) -> None:
    """Does the operations in as few transactions as Consul's limits allow.

    Raises ProviderError where somebody else has written meanwhile; what is refused is then undone, and said.
    """
    done = 0
    for batch in _batches(operations):
        try:
            await client.transaction(batch, query)
        except Conflict:
            told = f"{done} of {len(operations)} keys were written before that." if done else "Nothing was written."
            raise ProviderError(
                f"{title} was changed by somebody else between the look and the write. It is not overwritten. {told} "
                "Run the command again to see what changed."
            ) from None
        done += len(batch)


def _batches(operations: Sequence[Json]) -> list[list[Json]]:
    batches: list[list[Json]] = []
    size = 0
    for operation in operations:
        length = len(operation["KV"].get("Value", ""))
        if not batches or len(batches[-1]) == MAX_OPERATIONS or size + length > BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(operation)
        size += length
    return batches


def value_faults(where: str, value: Any) -> list[str]:
    """What Consul's limits say of a value."""
    size = len(value.encode()) if isinstance(value, str) else 0
    if size <= MAX_VALUE_BYTES:
        return []
    return [f"{where} has {size} bytes; Consul takes {MAX_VALUE_BYTES} at the most."]


def path_fault(where: str, path: Any) -> list[str]:
    """What is wrong with a key: it does not begin with a slash, and has no part that Consul's API resolves away.

    Consul takes such keys in transactions, and then finds them nowhere, or another one in their place.
    """
    if not isinstance(path, str):
        return []
    if path.startswith("/"):
        return [f"{where} is {path!r}; a key does not begin with '/'. Take it away."]
    *folders, last = path.split("/")
    if {"", ".", ".."} & {*folders} or last in (".", ".."):
        return [f"{where} is {path!r}; Consul cannot read a key with an empty part, '.' or '..' in it. Rename it."]
    return []
