"""Texts that Pulumi's SDKs put into a string in the place of a value: an Output in an f-string, and its like.

The SDK only warns, once and without a place, and the string goes on to the server as if it were meant.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_OUTPUT = re.compile(r"Calling (?:__str__|\[\w+\]) on an \[?Output[<\[]T[>\]]\]? is not supported")
"""What an Output is as a string, in the SDK for Python (`Output.__str__`), for Node.js and for .NET."""

_OBJECT = re.compile(r"<pulumi[\w.]*\.(?P<type>\w+) object at 0x[0-9a-f]+>")
"""What a resource is as a string, and an Output in a list, in Python."""

_REMEDY = (
    'A string cannot wait for a value. Use pulumi.Output.format("...{0}...", output), pulumi.Output.concat("...", '
    'output), pulumi.Output.json_dumps(...) or output.apply(lambda value: f"...{value}...").'
)


def placeholders(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The input and a sentence for each string that holds no value of its program's but such a text.

    No part of the string is shown: it may be a secret.
    """
    for name, value in values.items():
        for path, text in _strings(name, value):
            if found := _OUTPUT.search(text) or _OBJECT.search(text):
                what = (
                    "a Pulumi Output"
                    if found.re is _OUTPUT or found["type"] == "Output"
                    else f"a resource ({found['type']})"
                )
                line = text.count("\n", 0, found.start()) + 1
                where = f"{path}, line {line}" if "\n" in text[: found.start()] else path
                yield name, f'{where}: {what} was put into a string, which holds "{found[0]}" in its place. {_REMEDY}'


def _strings(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every string in a value with its path; the keys of maps are strings, too."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield f"a key of {path}", key
            inner = f'{path}["{key}"]' if not re.fullmatch(r"\w+", key) else f"{path}.{key}"
            yield from _strings(inner, item)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings(f"{path}[{number}]", item)
