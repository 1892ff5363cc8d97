"""The layers that a service is made of: what is merged how, and where each value comes from.

From the lowest to the highest, each over the ones before it:

1. `caravan:datacenters`, `namespace`, `region` and `host_network` of the stack file: where the environment's services
   run
2. `services/defaults.yaml`: the team's defaults
3. `services/<name>/service.yaml`: what the service is
4. `caravan:defaults` of the stack file: what the environment changes in every service
5. `caravan:services.<name>` of the stack file: what it changes in this one
6. `caravan:images` of the stack file, or CARAVAN_IMAGES: from where the finished images come that the layers below name

Mappings are merged key by key; anything else (a number, a text, a list) replaces what is below it. Null takes away what
is below it: an entry of a mapping is gone, a setting is back at its default; where null is a value of its own (as in
`check: null`, no check) it is that, and 4 leaves it so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.model_keys import may_be_null
from components.service_model import Service
from components.yaml_file import KeyPath

ALTERNATIVES: Mapping[KeyPath, frozenset[str]] = {("image",): frozenset({"build", "reference"})}
"""Keys of which a mapping has one: a layer that says one of them means it instead of the others."""


@dataclass(frozen=True)
class Layer:
    """What one place says of a service."""

    data: Mapping[str, Any]
    place: Callable[[KeyPath], str]
    """`file:line` of what it says at a path."""
    key: str = ""
    """What to write before a key: `caravan:services.web.`; nothing for a file of its own."""
    for_all: bool = False
    """Whether it is about every service: it may take away what only some have, and changes nothing that one has put
    to null."""

    def where(self, path: KeyPath) -> str:
        """`file:line: key`, to begin a sentence with."""
        return f"{self.place(path)}: {self.key}{'.'.join(map(str, path))}"


@dataclass(frozen=True)
class Setting:
    """What one layer says of a key."""

    layer: Layer
    path: KeyPath
    """Where: the key itself, or what is around it where that is replaced as a whole."""
    value: Any


class Layers:
    """The layers of one service, merged.

    Args:
        layers: the lowest first.
        own: the layer that is the service itself: what is said nowhere is missing there.
    """

    def __init__(self, layers: Sequence[Layer], own: Layer) -> None:
        self.all = tuple(layers)
        self._own = own

    def merged(self) -> dict[str, Any]:
        """The service's settings without the models' defaults."""
        merged: dict[str, Any] = {}
        for layer in self.all:
            merged = _merge(merged, layer.data, (), lenient=layer.for_all)
        return merged

    def settings(self, path: KeyPath) -> list[Setting]:
        """What the layers say of the key, the lowest first."""
        found = ((layer, _said(layer.data, path)) for layer in self.all)
        return [Setting(layer, path[: said[0]], said[1]) for layer, said in found if said is not None]

    def where(self, path: KeyPath) -> str:
        """Names the place of a key: where it is set, or where it is missing."""
        for end in range(len(path), 0, -1):
            if settings := self.settings(path[:end]):
                return settings[-1].layer.where(path)
        return self._own.where(path)


def _said(data: Any, path: KeyPath) -> tuple[int, Any] | None:
    """The value at the path and how many of its parts lead to it: fewer where a value replaces everything below it."""
    for depth, part in enumerate(path):
        if isinstance(data, Mapping):
            if part not in data:
                return None
        elif not isinstance(data, list):
            return depth, data
        elif int(part) >= len(data):
            return None
        data = data[int(part) if isinstance(data, list) else part]
    return len(path), data


def _merge(below: Mapping[str, Any], above: Mapping[str, Any], path: KeyPath, *, lenient: bool) -> dict[str, Any]:
    replaced = _replaced(above, path)
    merged = {key: value for key, value in below.items() if key not in replaced}
    for key, value in above.items():
        here = (*path, key)
        if isinstance(value, Mapping):
            under = merged.get(key, {})
            if lenient and under is None:
                continue
            merged[key] = _merge(under if isinstance(under, Mapping) else {}, value, here, lenient=lenient)
        elif value is None and (lenient or key in merged) and not may_be_null(Service, here):
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged


def _replaced(above: Mapping[str, Any], path: KeyPath) -> frozenset[str]:
    alternatives = ALTERNATIVES.get(path, frozenset())
    return alternatives - above.keys() if alternatives & above.keys() else frozenset()
