"""The text of a service.yaml, as a person would write it."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from components.service_model import Service

_FIRST = (
    "version",
    "type",
    "image",
    "driver",
    "command",
    "args",
    "ports",
    "port_variable",
    "publish",
    "network",
    "registered",
    "check",
    "checks",
    "services",
    "resources",
    "count",
)
_LAST = ("job",)
_ABOVE = {
    "registered": (
        'Registered is what the job registers. For what a service has besides see "From there" in docs/import.md.',
    ),
    "job": (
        "What has no key of its own, and what Caravan would do otherwise: kept, so that the import changes nothing.",
        'See "Anything else" in docs/settings.md.',
    ),
}
SCHEMA = "# yaml-language-server: $schema=../../schemas/service.json"


def service_yaml(data: Mapping[str, Any], title: str) -> str:
    """The file. `title` says where it is from."""
    keys = [key for key in _ordered(data) if key != "name"]
    blocks = [_block(key, data[key]) for key in keys]
    return f"{SCHEMA}\n# {title}\n" + "".join(blocks)


def yaml_text(value: Any) -> str:
    """YAML in the order of the keys, texts of several lines as they are."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=116, allow_unicode=True)


def _block(key: str, value: Any) -> str:
    above = "".join(f"# {line}\n" for line in _ABOVE.get(key, ()))
    return above + yaml_text({key: value})


def _ordered(keys: Iterable[str]) -> list[str]:
    known = [*_FIRST, *(key for key in Service.model_fields if key not in (*_FIRST, *_LAST)), *_LAST]
    return sorted(keys, key=known.index)


class _Dumper(yaml.SafeDumper):
    """Blocks for texts of several lines, lists indented, no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text and not any(line != line.rstrip() for line in text.split("\n")) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
