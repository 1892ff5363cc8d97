"""The files in services/: what they and the stack's file say of a service, layer by layer."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from components.image_reference import ImageReference
from components.layers import Layer, Layers
from components.problems import Problem, SettingsError, did_you_mean, shown
from components.service_model import MAIN_PORT, Service
from components.stack_config import IMAGES_VARIABLE, PLACEMENT, StackConfig
from components.stack_file import PROJECT
from components.yaml_file import KeyPath, read_yaml

FOLDER = "services"
DEFAULTS = f"{FOLDER}/defaults.yaml"
"""The team's defaults; need not be there."""


class Folders:
    """The services' folders, read for one stack."""

    def __init__(self, root: Path, stack: StackConfig) -> None:
        self._root = root
        self._stack = stack
        self._stands_in = {_canonical(reference): reference for reference in stack.images}
        self._wrong: tuple[Problem, ...] = ()
        try:
            self._team = team_defaults(root)
        except SettingsError as error:
            self._wrong = error.problems
            self._team = Layer({}, lambda _: DEFAULTS)

    def keys(self) -> list[str]:
        """The services that have a folder, listed in the stack or not."""
        return sorted(path.parent.name for path in (self._root / FOLDER).glob("*/service.yaml"))

    def layers(self, key: str) -> Layers:
        """The layers of a service, in the order of layers.py.

        Raises:
            SettingsError: with every problem of the files; what is wrong with the values is found by validation.
        """
        file = f"{FOLDER}/{key}/service.yaml"
        if Path(key).name != key or not (self._root / file).is_file():
            what = f"has no file {shown(file)}; {did_you_mean(key, self.keys())}"
            raise SettingsError([*self._wrong, Problem(self._stack.file.where(("services", key)), what)])
        try:
            written = read_yaml(self._root / file, file, "at least version")
        except SettingsError as error:
            raise SettingsError([*self._wrong, *error.problems]) from error
        own = Layer(written.data, written.place, of_one=True)
        everywhere = self._of_stack(("defaults",), self._stack.defaults, for_all=True)
        problems = [*self._wrong, *_one_services_own(everywhere), *_one_services_own(self._team)]
        if problems:
            raise SettingsError(problems)
        here = replace(self._of_stack(("services", key), self._stack.services[key]), of_one=True)
        below = [self._where_it_runs(), self._team, own]
        if not _has_check(Layers(below, own).merged()):
            everywhere = replace(everywhere, data={key: it for key, it in everywhere.data.items() if key != "check"})
        written_layers = [*below, everywhere, here]
        return Layers([*written_layers, *self._images(Layers(written_layers, own).merged())], own)

    def _images(self, merged: Mapping[str, Any]) -> Iterator[Layer]:
        """The finished images of a service that are taken from elsewhere here."""
        tasks, image = merged.get("tasks"), merged.get("image")
        found: list[tuple[KeyPath, Any]] = [(("image", "reference"), _inside(image, "reference"))]
        found += [(("tasks", name, "image"), _inside(task, "image")) for name, task in _items(tasks)]
        for key, group in _items(merged.get("groups")):
            found.append((("groups", key, "image"), _inside(group, "image")))
            inner = _items(_inside(group, "tasks"))
            found += [(("groups", key, "tasks", name, "image"), _inside(task, "image")) for name, task in inner]
        for path, reference in found:
            usual = self._stands_in.get(_canonical(reference))
            if usual is not None:
                data: Any = self._stack.images[usual]
                for part in reversed(path):
                    data = {part: data}
                yield self._image_layer(usual, data)

    def _image_layer(self, reference: str, data: Mapping[str, Any]) -> Layer:
        file = self._stack.file
        if "images" not in file.values:
            return Layer(data, lambda _: IMAGES_VARIABLE)
        return Layer(data, lambda _: file.place(("images", reference)), f"{PROJECT}:images, ")

    def _where_it_runs(self) -> Layer:
        """Keys of their own in the stack's file."""
        said = {key: getattr(self._stack, key) for key in PLACEMENT if self._stack.file.values.get(key) is not None}
        return self._of_stack((), {key: value for key, value in said.items() if key in Service.model_fields})

    def _of_stack(self, inside: KeyPath, data: Mapping[str, Any], *, for_all: bool = False) -> Layer:
        file = self._stack.file
        key = "".join(f"{part}." for part in inside)
        return Layer(data, lambda path: file.place((*inside, *path)), f"{PROJECT}:{key}", for_all)


def team_defaults(root: Path) -> Layer:
    """The layer of services/defaults.yaml, empty where there is none. Raises SettingsError."""
    if not (root / DEFAULTS).exists():
        return Layer({}, lambda _: DEFAULTS)
    written = read_yaml(root / DEFAULTS, DEFAULTS, "settings of services, or be deleted")
    return Layer(written.data, written.place)


def _canonical(reference: Any) -> str | None:
    """None for what is no reference: that is told elsewhere."""
    try:
        return ImageReference.parse(reference).canonical if isinstance(reference, str) else None
    except ValueError:
        return None


def _has_check(merged: Mapping[str, Any]) -> bool:
    """Whether what the stack says of every service's check is about this one, too."""
    if "check" in merged:
        return merged["check"] is not None
    return not merged.get("checks") and MAIN_PORT in dict(_items(merged.get("ports")))


def _inside(value: Any, key: str) -> Any:
    """What a mapping has at the key; the values here are not checked yet."""
    return value.get(key) if isinstance(value, Mapping) else None


def _items(value: Any) -> Iterable[tuple[Any, Any]]:
    return value.items() if isinstance(value, Mapping) else ()


def _one_services_own(layer: Layer) -> list[Problem]:
    if "name" not in layer.data:
        return []
    return [Problem(layer.where(("name",)), "is one service's own: write it in its service.yaml")]
