"""`python -m components explain SERVICE [KEY]`: what a service's settings are in a stack, and where each comes from."""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from components.layers import Setting
from components.model_keys import known_keys
from components.problems import Problem, SettingsError, did_you_mean
from components.service_model import Service
from components.settings import DeployedService, load_service
from components.stack_file import StackFile
from components.written import plain
from components.yaml_file import KeyPath

_DEFAULT = "default"


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("explain", help="show a service's settings in a stack, and where each comes from")
    parser.add_argument("service", metavar="SERVICE", help="the service's folder in services/")
    parser.add_argument("key", metavar="KEY", nargs="?", help="one setting, as resources.memory_mb; default: all")
    stack = os.environ.get("PULUMI_STACK") or "dev"
    parser.add_argument("--stack", default=stack, help="default: PULUMI_STACK, else dev (here: %(default)s)")
    parser.set_defaults(run=run)


def run(root: Path, options: argparse.Namespace) -> str:
    """What to print. What is wrong elsewhere in the stack's file goes to standard error.

    Raises:
        SettingsError: the service's settings are wrong, or there is no such service, stack or key.
    """
    elsewhere: list[Problem] = []
    service = load_service(root, StackFile.read(root, options.stack), options.service, os.environ, elsewhere)
    for problem in elsewhere:
        print(problem, file=sys.stderr)
    effective = service.spec.model_dump(mode="json")
    if options.key is None:
        return "\n".join(_lines(service, effective, ()))
    path = tuple(options.key.split("."))
    value = _value(service, effective, path)
    if isinstance(value, Mapping) and value:
        return "\n".join(_lines(service, value, path))
    return "\n".join(_history(service, path, value))


def _value(service: DeployedService, effective: Any, path: tuple[str, ...]) -> Any:
    """The value at the path; null where nothing is, but could be or has been.

    Raises:
        SettingsError: nothing can be there.
    """
    value = effective
    for depth, part in enumerate(path):
        found = value if isinstance(value, Mapping) else {}
        if isinstance(value, list):
            found = {str(position): below for position, below in enumerate(value)}
        if part not in found:
            known = known_keys(Service, path[:depth]) or list(found)
            if part in known or service.layers.settings(path):
                return None
            raise SettingsError([Problem(".".join(path), f"is not a known key; {did_you_mean(part, known)}")])
        value = found[part]
    return value


def _history(service: DeployedService, path: KeyPath, value: Any) -> Iterator[str]:
    """A setting with everything that the layers say of it, the highest first."""
    yield f"{'.'.join(map(str, path))}: {_scalar(value)}"
    settings = service.layers.settings(path)
    if _is_default(settings, value):
        yield f"  {_DEFAULT}"
    for number, setting in enumerate(reversed(settings)):
        what = "set in" if number == 0 else f"overrides {_scalar(setting.value)} in"
        if setting.value is None and setting is not settings[0]:
            what = "taken away in"
        yield f"  {what} {setting.layer.where(setting.path)}"


def _lines(service: DeployedService, value: Mapping[str, Any], path: KeyPath, indent: str = "") -> Iterator[str]:
    """A mapping as YAML, each value with its source beside it."""
    for key, below in value.items():
        here = (*path, key)
        name = _scalar(key)
        if isinstance(below, Mapping) and below:
            yield f"{indent}{name}:"
            yield from _lines(service, below, here, indent + "  ")
        else:
            yield f"{indent}{name}: {_scalar(below)}  # {_source(service, here, below)}"


def _source(service: DeployedService, path: KeyPath, value: Any) -> str:
    settings = service.layers.settings(path)
    return _DEFAULT if _is_default(settings, value) else settings[-1].layer.place(settings[-1].path)


def _is_default(settings: Sequence[Setting], value: Any) -> bool:
    """Whether nothing sets it, or null has taken away what did."""
    return not settings or (settings[-1].value is None and value is not None)


def _scalar(value: Any) -> str:
    """On one line, as in YAML."""
    value = plain(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True).removesuffix("...\n").strip()
