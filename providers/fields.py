"""Kinds of input: what may stand in them, and what they come to when it does not matter how they are written."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from providers.properties import UNKNOWN
from providers.words import MASK

_UNITS_NS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")


@dataclass(frozen=True, kw_only=True)
class Field:
    """An input. Empty is the same as absent, as it is for the servers.

    `required`: it must be given; `replaces`: another value needs another object.
    """

    required: bool = False
    replaces: bool = False

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        """A sentence for each thing that is wrong; a secret's value is in none. Unknown values are not judged."""
        raise NotImplementedError

    def normal(self, value: Any) -> Any:
        """The value in the one form in which equal values are equal; None where it is empty."""
        return value or None


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    """A text; `pattern` matches the whole of it, and `allowed` says so in words."""

    pattern: str = ""
    allowed: str = ""
    max_chars: int | None = None
    one_of: tuple[str, ...] = ()

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        shown = MASK if secret else repr(value)
        if not isinstance(value, str):
            yield f"{name} is {shown}; it must be a text."
        elif value and self.one_of and value not in self.one_of:
            yield f"{name} is {shown}; it must be {' or '.join(map(repr, self.one_of))}."
        elif value and self.pattern and not re.fullmatch(self.pattern, value):
            yield f"{name} is {shown}; it must be {self.allowed}."
        elif self.max_chars is not None and len(value) > self.max_chars:
            yield f"{name} has {len(value)} characters; {self.max_chars} are the most."


@dataclass(frozen=True, kw_only=True)
class Flag(Field):
    """True or false; absent is false."""

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        if not isinstance(value, bool):
            yield f"{name} is {MASK if secret else repr(value)}; it must be true or false."


@dataclass(frozen=True, kw_only=True)
class Whole(Field):
    """A whole number; absent is 0."""

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield f"{name} is {MASK if secret else repr(value)}; it must be a whole number."


@dataclass(frozen=True, kw_only=True)
class Number(Field):
    """A number, whole or not; 0 is not the same as absent."""

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield f"{name} is {MASK if secret else repr(value)}; it must be a number."

    def normal(self, value: Any) -> Any:
        return value


@dataclass(frozen=True, kw_only=True)
class Duration(Field):
    """A duration as Go writes it ("90s", "1h30m"); compared in nanoseconds. `default_ns` is what absent means."""

    default_ns: int | None = None

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        if not isinstance(value, str) or (value and nanoseconds(value) is None):
            shown = MASK if secret else repr(value)
            yield f'{name} is {shown}; it must be a duration such as "90s" or "1h30m".'

    def normal(self, value: Any) -> Any:
        return (nanoseconds(value) if isinstance(value, str) else value) or self.default_ns


def nanoseconds(text: str) -> int | None:
    """A duration in Go's form in nanoseconds; None where it is not one."""
    if text == "0":
        return 0
    parts = _PART.findall(text)
    if not text or "".join(number + unit for number, unit in parts) != text:
        return None
    return int(sum(float(number) * _UNITS_NS[unit] for number, unit in parts))


def go_duration(value_ns: int) -> str:
    """A duration of whole seconds as Go writes it: "1h30m0s"; others in nanoseconds."""
    seconds, rest_ns = divmod(value_ns, 10**9)
    if rest_ns:
        return f"{value_ns}ns"
    hours, minutes, seconds = seconds // 3600, seconds % 3600 // 60, seconds % 60
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{seconds}s"


@dataclass(frozen=True, kw_only=True)
class Texts(Field):
    """A set of texts: neither order nor repetition matters."""

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{name} is {MASK if secret else repr(value)}; it must be a list of texts."
            return
        for number, item in enumerate(value):
            if item is not UNKNOWN and not (isinstance(item, str) and item):
                yield f"{name}[{number}] is {MASK if secret else repr(item)}; it must be a text that is not empty."

    def normal(self, value: Any) -> Any:
        return sorted(set(value)) if value else None


@dataclass(frozen=True, kw_only=True)
class Wholes(Field):
    """A list of whole numbers."""

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{name} is {MASK if secret else repr(value)}; it must be a list of whole numbers."
            return
        for number, item in enumerate(value):
            if item is not UNKNOWN:
                yield from Whole().wrong(f"{name}[{number}]", item, secret=secret)


@dataclass(frozen=True, kw_only=True)
class TextMap(Field):
    """Texts by name."""

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{name} is {MASK if secret else repr(value)}; it must be a map of texts."
            return
        for key, item in value.items():
            if item is not UNKNOWN and not isinstance(item, str):
                shown = MASK if secret else repr(item)
                yield f'{name}["{key}"] is {shown}; it must be a text.'


@dataclass(frozen=True, kw_only=True)
class Block(Field):
    """A group of inputs with names of their own. One that is given but empty is the same as none."""

    fields: Mapping[str, Field]

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        if not isinstance(value, Mapping):
            shown = MASK if secret else repr(value)
            yield f"{name} is {shown}; it must be a group of {', '.join(sorted(self.fields))}."
            return
        for _, sentence in faults(self.fields, value, where=f"{name}.", secret=frozenset(value) if secret else None):
            yield sentence

    def normal(self, value: Any) -> Any:
        return normalised(self.fields, value or {}) or None


@dataclass(frozen=True, kw_only=True)
class Blocks(Field):
    """A set of blocks that each have the field `key`: neither order nor repetition matters."""

    fields: Mapping[str, Field]
    key: str

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{name} is {MASK if secret else repr(value)}; it must be a list."
            return
        block = Block(fields=self.fields)
        for number, item in enumerate(value):
            if item is not UNKNOWN:
                yield from block.wrong(f"{name}[{number}]", item, secret=secret)

    def normal(self, value: Any) -> Any:
        by_key = {item[self.key]: normalised(self.fields, item) for item in value or []}
        return [by_key[key] for key in sorted(by_key)] or None


@dataclass(frozen=True, kw_only=True)
class Items(Field):
    """A list of blocks, whose order matters; at most `most` of them."""

    fields: Mapping[str, Field]
    most: int | None = None

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{name} is {MASK if secret else repr(value)}; it must be a list."
            return
        if self.most is not None and len(value) > self.most:
            yield f"{name} has {len(value)} items; {self.most} is the most."
        block = Block(fields=self.fields)
        for number, item in enumerate(value):
            if item is not UNKNOWN:
                yield from block.wrong(f"{name}[{number}]", item, secret=secret)

    def normal(self, value: Any) -> Any:
        return [normalised(self.fields, item) for item in value or []] or None


@dataclass(frozen=True, kw_only=True)
class Refused(Field):
    """An input of the SDK that cannot be honoured; `because` says why and what to do."""

    because: str

    def wrong(self, name: str, value: Any, *, secret: bool = False) -> Iterator[str]:
        yield f"{name} is not supported: {self.because}"


def faults(
    fields: Mapping[str, Field], values: Mapping[str, Any], *, where: str = "", secret: frozenset[str] | None = None
) -> Iterator[tuple[str, str]]:
    """Everything wrong with `values`, as (name, sentence).

    `where` stands before the names in the sentences; values of `secret` names are not shown.
    """
    hidden = secret or frozenset()
    for name, value in values.items():
        if name.startswith("__") or value is None:
            continue
        if name not in fields:
            near = get_close_matches(name, sorted(fields), 1)
            hint = f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(sorted(fields))}."
            yield name, f'"{where}{name}" is not an input. {hint}'
        elif value is not UNKNOWN:
            for sentence in fields[name].wrong(f"{where}{name}", value, secret=name in hidden):
                yield name, sentence
    for name, field in fields.items():
        if field.required and values.get(name) in (None, "", [], {}):
            yield name, f"{where}{name} is missing; give it."


def normalised(fields: Mapping[str, Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values in normal form, without the empty ones. Values must be known and right."""
    found = {name: field.normal(values.get(name)) for name, field in fields.items()}
    return {name: value for name, value in found.items() if value is not None}


def differing(old: Mapping[str, Any], new: Mapping[str, Any], secret: frozenset[str]) -> list[str]:
    """What differs between normal forms, a line each: `description "a" → "b"`; of a `secret` only what became of it."""
    lines = []
    one, other = dict(_leaves(old, "")), dict(_leaves(new, ""))
    for path in sorted(one.keys() | other.keys()):
        if one.get(path) == other.get(path):
            continue
        if re.split(r"[.\[]", path, maxsplit=1)[0] in secret:
            lines.append(f"{path}: {'added' if path not in one else 'removed' if path not in other else 'changed'}")
        else:
            lines.append(f"{path} {_shown(one.get(path))} → {_shown(other.get(path))}")
    return lines


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}[{number}]")
    else:
        yield path, value


def _shown(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)
