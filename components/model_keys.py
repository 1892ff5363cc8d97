"""What a model says of the value at a path: the keys that are known there, and whether it may be null."""

import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from components.yaml_file import KeyPath


def known_keys(root: type[BaseModel], path: KeyPath) -> list[str]:
    """The keys that the mapping at the path may have; none where any key may be there, or nothing is."""
    return sorted({key for option in _options(root, path) if (model := _model(option)) for key in model.model_fields})


def may_be_null(root: type[BaseModel], path: KeyPath) -> bool:
    """Whether null is a value of its own at the path."""
    return any(option in (None, types.NoneType, Any) for option in _options(root, path))


def _options(root: type[BaseModel], path: KeyPath) -> list[Any]:
    """The types that the value at the path may have."""
    options: list[Any] = [root]
    for part in path:
        options = [below for option in options for below in _below(option, part)]
    return options


def _below(option: Any, part: str | int) -> Iterator[Any]:
    if model := _model(option):
        if part in model.model_fields:
            yield from _alternatives(model.model_fields[str(part)].annotation)
        return
    # A mapping or a list: its elements' type is the last argument, as in dict[str, Port]; tuple[str, ...] ends in dots.
    arguments = [argument for argument in typing.get_args(option) if argument is not Ellipsis]
    if arguments:
        yield from _alternatives(arguments[-1])


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The types in `A | B | None`, without what is annotated to them."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _alternatives(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            yield from _alternatives(part)
    else:
        yield annotation


def _model(option: Any) -> type[BaseModel] | None:
    return option if isinstance(option, type) and issubclass(option, BaseModel) else None
