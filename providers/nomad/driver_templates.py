"""Texts in a task's config that its driver reads as templates: a node decodes the config as HCL once more."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from providers.nomad.client import Json

_DIRECTIVE = re.compile(r"(?<!%)%\{")
_UNKNOWN = re.compile(r"(?<!\$)\$\{(?!\s*(?:NOMAD_|node\.|attr\.|meta\.|env\.|device\.))")
"""An interpolation that is none of Nomad's own; of the task's `env` it may be."""

_WAY_OUT = (
    "which the driver reads as a template. For the text itself write %%%{ and $$${ in an HCL jobspec, %%{ and $${ in a "
    "JSON one."
)


def directives(job: Json) -> Iterator[str]:
    """A sentence for each text that a node is going to refuse, for it has no such directive."""
    for where, text, _ in _texts(job):
        if _DIRECTIVE.search(text):
            yield f'{where} holds "%{{", {_WAY_OUT}'


def of_refusal(job: Json, causes: Iterable[str]) -> Iterator[str]:
    """A sentence for each text that a driver may have refused a config for, if one of the causes says that."""
    refused = [cause for cause in causes if "the driver refuses the task's config" in cause]
    for where, text, env in _texts(job):
        task = where.partition(": ")[0]
        if not any(cause.startswith(f"{task}, ") for cause in refused):
            continue
        if _DIRECTIVE.search(text):
            yield f'{where} holds "%{{", {_WAY_OUT}'
        elif (found := _UNKNOWN.search(text)) and text[found.end() :].partition("}")[0].strip() not in env:
            yield f'{where} holds "${{" with a name that is not Nomad\'s, {_WAY_OUT}'


def _texts(job: Json) -> Iterator[tuple[str, str, Json]]:
    for group in job.get("TaskGroups") or []:
        for task in group.get("Tasks") or []:
            for path, text in _inside("config", task.get("Config")):
                yield f"group {group.get('Name')}, task {task.get('Name')}: {path}", text, task.get("Env") or {}


def _inside(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _inside(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _inside(f"{path}[{at}]", inner)
