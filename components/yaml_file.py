"""Read a YAML file that holds one mapping, with one clear sentence for everything that can be wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from components import written
from components.problems import Problem, SettingsError, shown

MAX_BYTES = 1_000_000
"""A service's settings fit in a screen; a megabyte is a mistake."""

KeyPath = tuple[str | int, ...]
"""The way to a value: keys of mappings and positions in lists."""


@dataclass(frozen=True)
class YamlFile:
    """The mapping that a file holds, and where in the file."""

    shown_as: str
    """How to name the file to the user."""
    data: dict[str, Any]
    lines: Mapping[tuple[str, ...], int] = field(repr=False)
    """The line of each key and of each element of a list (by its position as text), from 1."""

    def place(self, path: KeyPath) -> str:
        """`file:line` of what is at the path, or of the nearest thing around it; just `file` where there is none."""
        keys = tuple(map(str, path))
        line = next((self.lines[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in self.lines), None)
        return self.shown_as if line is None else f"{self.shown_as}:{line}"


def read_yaml(path: Path, shown_as: str, needs: str) -> YamlFile:
    """The file's mapping.

    Args:
        path: the file.
        shown_as: how to name it to the user.
        needs: what it must hold, for the sentence about an empty one.

    Raises:
        SettingsError: it cannot be read, or is not UTF-8, not YAML, or not a mapping with text keys.
    """
    try:
        text = path.read_bytes()[: MAX_BYTES + 1].decode("utf-8")
    except OSError as error:
        raise _problem(shown_as, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 text (byte {error.start} is 0x{error.object[error.start]:02x}): save it as UTF-8"
        raise _problem(shown_as, what) from error
    if len(text.encode()) > MAX_BYTES:
        raise _problem(shown_as, f"is larger than {MAX_BYTES} bytes")
    try:
        content, lines = _load(text)
    except yaml.MarkedYAMLError as error:
        raise _problem(shown_as, f"is not valid YAML: {_sentence(error)}") from error
    except yaml.YAMLError as error:
        raise _problem(shown_as, f"is not valid YAML: {str(error).splitlines()[0]}") from error
    except RecursionError as error:
        raise _problem(shown_as, "is not valid YAML: it is nested too deeply") from error
    if content is None:
        raise _problem(shown_as, f"is empty: it must hold {needs}")
    if not isinstance(content, dict):
        raise _problem(shown_as, f"must hold a mapping of keys to values, but holds {shown(content)}")
    return YamlFile(shown_as, content, lines)


def _load(text: str) -> tuple[Any, dict[tuple[str, ...], int]]:
    # _Loader extends SafeLoader: no tag can make Python objects.
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        return (None, {}) if node is None else (loader.construct_document(node), _lines(node))
    finally:
        loader.dispose()


def _lines(root: yaml.Node) -> dict[tuple[str, ...], int]:
    lines: dict[tuple[str, ...], int] = {}
    waiting: list[tuple[tuple[str, ...], yaml.Node]] = [((), root)]
    while waiting:
        path, node = waiting.pop()
        below: list[tuple[str, yaml.Node, yaml.Node]] = []
        if isinstance(node, yaml.MappingNode):
            below = [(key.value, key, value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            below = [(str(position), value, value) for position, value in enumerate(node.value)]
        for part, begin, value in below:
            lines[*path, part] = begin.start_mark.line + 1
            waiting.append(((*path, part), value))
    return lines


def _problem(where: str, what: str) -> SettingsError:
    return SettingsError([Problem(where, what)])


def _sentence(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
    what = (error.problem or error.context or "cannot be parsed").replace("\\t", "tab")
    if "'tab'" in what:
        what = "a tab where spaces are meant: YAML is indented with spaces"
    return place + what


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses what would be read otherwise than it is written.

    A key given twice would silently lose the first value; an alias can grow a small file beyond memory.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(
                None, None, f'the alias "*{event.anchor}" is not supported: write the value again', event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {_key_text(key)} must be text: write it in quotes", key.start_mark
                )
            if key.value in seen:
                first = seen[key.value]
                raise yaml.constructor.ConstructorError(
                    None, None, f'the key "{key.value}" is given twice (first in line {first})', key.start_mark
                )
            seen[key.value] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)


written.resolve(_Loader)


def _key_text(node: Any) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "that is not a scalar"
