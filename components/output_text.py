"""Texts that hold an Output of Pulumi's instead of its value."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from components.yaml_file import KeyPath

_INSTEAD_OF_A_VALUE = "Calling __str__ on an Output[T] is not supported"
"""Source: pulumi, Output.__str__, which an f-string, `str()` or `%s` gets."""


def is_output_text(value: Any) -> bool:
    """Whether it is a text that an Output was put into."""
    return isinstance(value, str) and _INSTEAD_OF_A_VALUE in value


def is_output(value: Any) -> bool:
    """Whether it is an Output; for where Pulumi may not be imported."""
    return any(base.__name__ == "Output" and base.__module__.startswith("pulumi.") for base in type(value).__mro__)


def outputs(value: Any) -> Iterator[tuple[KeyPath, str]]:
    """Where Outputs are in it, by themselves or in a text, and what is there."""
    yield from ((path, "a text with an Output in it") for path in output_texts(value))
    yield from ((path, "an Output") for path in _places(value, is_output, ()))


def output_texts(value: Any) -> Iterator[KeyPath]:
    """Where texts with an Output are in it, keys of mappings included."""
    yield from _places(value, is_output_text, ())


def _places(value: Any, wanted: Callable[[Any], bool], path: KeyPath) -> Iterator[KeyPath]:
    if wanted(value):
        yield path
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if wanted(key):
                yield (*path, f"{key.partition(_INSTEAD_OF_A_VALUE)[0]}...")
            else:
                yield from _places(inner, wanted, (*path, key))
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from _places(inner, wanted, (*path, position))
