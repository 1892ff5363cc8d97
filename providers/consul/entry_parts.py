"""Inputs of the SDK that stand for one kind of config entry, each beside the field of the entry that it comes to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from providers.consul.client import Json
from providers.fields import (
    Block,
    Blocks,
    Duration,
    Field,
    Flag,
    Items,
    Number,
    Refused,
    Text,
    TextMap,
    Texts,
    Whole,
    Wholes,
)
from providers.properties import UNKNOWN


@dataclass(frozen=True)
class Part:
    """An input, the entry's field, and the way between both."""

    api: str
    field: Field
    there: Callable[[Any], Any] = lambda value: value
    back: Callable[[Any], Any] = lambda value: value


Parts = Mapping[str, Part]


def to_entry(parts: Parts, values: Mapping[str, Any]) -> Json:
    """The inputs as the entry has them. UNKNOWN stays."""
    found = {}
    for name, part in parts.items():
        value = values.get(name)
        if value is not None and part.api:
            found[part.api] = value if value is UNKNOWN else part.there(value)
    return found


def from_entry(parts: Parts, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that come to the entry (in normal form)."""
    return {name: part.back(entry[part.api]) for name, part in parts.items() if part.api in entry}


def fields(parts: Parts) -> dict[str, Field]:
    """What may stand in the inputs."""
    return {name: part.field for name, part in parts.items()}


def text(api: str, *, required: bool = False) -> Part:
    return Part(api, Text(required=required))


def flag(api: str) -> Part:
    return Part(api, Flag())


def whole(api: str) -> Part:
    return Part(api, Whole())


def wholes(api: str) -> Part:
    return Part(api, Wholes())


def number(api: str) -> Part:
    return Part(api, Number(required=True))


def duration(api: str) -> Part:
    return Part(api, Duration())


def texts(api: str) -> Part:
    """Texts in their order."""
    return Part(api, Texts())


def text_map(api: str) -> Part:
    return Part(api, TextMap())


def ignored(because: str) -> Part:
    return Part("", Refused(because=because))


def block(api: str, parts: Parts) -> Part:
    """An object."""
    return Part(
        api, Block(fields=fields(parts)), lambda value: to_entry(parts, value), lambda value: from_entry(parts, value)
    )


def one(api: str, parts: Parts) -> Part:
    """An object that the SDK has as a list of at most one."""
    return Part(
        api,
        Items(fields=fields(parts), most=1),
        lambda value: to_entry(parts, value[0]) if value and value[0] is not UNKNOWN else (value or [None])[0],
        lambda value: [from_entry(parts, value)],
    )


def many(api: str, parts: Parts) -> Part:
    """A list of objects, whose order matters."""
    return Part(
        api,
        Items(fields=fields(parts)),
        lambda value: [item if item is UNKNOWN else to_entry(parts, item) for item in value],
        lambda value: [from_entry(parts, item) for item in value],
    )


def named(api: str, key: str, parts: Parts) -> Part:
    """Objects by name, which the SDK has as a list of objects with the name in `key`."""

    def there(value: Any) -> Any:
        if any(item is UNKNOWN or item.get(key) is UNKNOWN for item in value):
            return UNKNOWN
        return {item[key]: to_entry(parts, item) for item in value}

    def back(value: Any) -> Any:
        return [{key: name, **from_entry(parts, item)} for name, item in sorted(value.items())]

    return Part(api, Blocks(fields={key: Text(required=True), **fields(parts)}, key=key), there, back)
