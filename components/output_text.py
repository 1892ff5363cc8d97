"""Texts that hold an Output of Pulumi's instead of its value."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.yaml_file import KeyPath

_INSTEAD_OF_A_VALUE = "Calling __str__ on an Output[T] is not supported"
"""Source: pulumi, Output.__str__, which an f-string, `str()` or `%s` gets."""
_LONGEST_KEY = 40


def is_output_text(value: Any) -> bool:
    """Whether it is a text that an Output was put into."""
    return isinstance(value, str) and _INSTEAD_OF_A_VALUE in value


def is_output(value: Any) -> bool:
    """Whether it is an Output; for where Pulumi may not be imported."""
    return any(base.__name__ == "Output" and base.__module__.startswith("pulumi.") for base in type(value).__mro__)


def output_texts(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Where such texts are in it, keys of mappings included."""
    if is_output_text(value):
        yield path
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if is_output_text(key):
                yield (*path, f"{key[:_LONGEST_KEY]}...")
            else:
                yield from output_texts(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from output_texts(inner, (*path, position))
