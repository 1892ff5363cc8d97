"""A stack's `caravan:` configuration, and where in its file each value stands.

The values come from Pulumi, which also knows what does not stand in the file (`--config`, ESC environments) and has the
secrets decrypted. The file is read for the lines, and for what Pulumi leaves out: which text is a secret.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from components.problems import Problem, SettingsError, did_you_mean
from components.written import as_written
from components.yaml_file import KeyPath, YamlFile, read_yaml

PROJECT = "caravan"
FOLDER = "stacks"
"""`stackConfigDir` of Pulumi.yaml."""


@dataclass(frozen=True)
class StackFile:
    """The `caravan:` keys of a stack."""

    stack: str
    """The stack's name."""
    shown_as: str
    """How to name the file to the user."""
    values: Mapping[str, Any] = field(repr=False)
    """By key without its `caravan:`. A secret is its text, or `{"secure": ...}` where only the file was read."""
    written: YamlFile | None = None
    """The file itself; None where there is none."""
    secret_keys: frozenset[str] = frozenset()
    """The keys that Pulumi says hold a secret. Empty where only the file was read."""

    @staticmethod
    def read(root: Path, stack: str) -> "StackFile":
        """The configuration as it stands in the file, for where Pulumi is not running.

        Raises:
            SettingsError: the file is not there or cannot be read.
        """
        shown_as = file_name(stack)
        if not (root / shown_as).exists():
            known = [
                path.name.removeprefix("Pulumi.").removesuffix(".yaml")
                for path in (root / FOLDER).glob("Pulumi.*.yaml")
            ]
            raise SettingsError([Problem(shown_as, f"does not exist; {did_you_mean(stack, known)}")])
        written = read_yaml(root / shown_as, shown_as, f"{PROJECT}:services under config")
        return StackFile(stack, shown_as, dict(_entries(written)), written)

    @staticmethod
    def of_pulumi(root: Path, stack: str, values: Mapping[str, Any], secret_keys: frozenset[str]) -> "StackFile":
        """The configuration as Pulumi hands it over.

        Raises:
            SettingsError: the file is there but cannot be read.
        """
        shown_as = file_name(stack)
        path = root / shown_as
        written = read_yaml(path, shown_as, f"{PROJECT}:services under config") if path.is_file() else None
        file = StackFile(stack, shown_as, values, written, secret_keys)
        as_it_is = {key: as_written(value, file.literal((key,))) for key, value in values.items()}
        return replace(file, values=as_it_is)

    def place(self, path: KeyPath) -> str:
        """`file:line` of a key."""
        return self.shown_as if self.written is None else self.written.place(inside(path))

    def where(self, path: KeyPath) -> str:
        """`file:line: key`, to begin a sentence with."""
        return f"{self.place(path)}: {PROJECT}:{'.'.join(map(str, path))}"

    def literal(self, path: KeyPath) -> Any:
        """What the file itself holds at the path, secrets encrypted; None where it holds nothing there."""
        found: Any = self.written.data if self.written else None
        for part in inside(path):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found


def file_name(stack: str) -> str:
    """The stack's file, from the folder of Pulumi.yaml."""
    return f"{FOLDER}/Pulumi.{stack}.yaml"


def inside(path: KeyPath) -> KeyPath:
    """Where in the file a key is."""
    return ("config", f"{PROJECT}:{path[0]}", *path[1:])


def _entries(written: YamlFile) -> Iterator[tuple[str, Any]]:
    config = written.data.get("config")
    for key, value in config.items() if isinstance(config, Mapping) else ():
        if key.startswith(f"{PROJECT}:"):
            yield key.partition(":")[2], _text(value)


def _text(value: Any) -> Any:
    """A value as Pulumi hands it over: what is neither a mapping nor a list is text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return getattr(value, "text", str(value)) if isinstance(value, int | float) else value
