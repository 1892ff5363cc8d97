"""Takes secret values out of text that comes back from the cluster, such as log lines."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from providers.nomad.plan import PASSWORD_IN_ADDRESS, SECRET_NAME
from providers.nomad.spec import Spec
from providers.words import MASK

MIN_SECRET_CHARS = 4
"""Shorter values would mask half of every text and protect nothing."""


class VariableValues:
    """The values of the Nomad variables of this update: its jobs may read them, and then write them into their logs."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def note(self, items: Any) -> None:
        """The items of a variable, as far as they are known."""
        if isinstance(items, Mapping):
            self.known |= {value for value in items.values() if isinstance(value, str)}


def hider(spec: Spec, others: Iterable[str] = ()) -> Callable[[str], str]:
    """A function that masks the secret values of a job, and `others`.

    Those of the job are all of its env, config and template texts where the jobspec is a secret; otherwise those in
    env, config, meta and artifacts whose names say that they are, and passwords in addresses.
    """
    values = {*_secret_values(spec), *others}
    # As a program shows a text that it quotes.
    values |= {json.dumps(value)[1:-1] for value in values}
    # A log shows a value of several lines line by line.
    values |= {line.strip() for value in values for line in value.splitlines()}
    hidden = sorted((value for value in values if len(value) >= MIN_SECRET_CHARS), key=len, reverse=True)

    def hide(text: str) -> str:
        for value in hidden:
            text = text.replace(value, MASK)
        return text

    return hide


def _secret_values(spec: Spec) -> Iterator[str]:
    yield from _named(spec.job.get("Meta"))
    for group in spec.job.get("TaskGroups") or []:
        yield from _named(group.get("Meta"))
        for task in group.get("Tasks") or []:
            for part in ("Env", "Config", "Meta", "Artifacts"):
                yield from _strings(task.get(part)) if spec.secret else _named(task.get(part))
            if spec.secret:
                for template in task.get("Templates") or []:
                    yield str(template.get("EmbeddedTmpl") or "")


def _named(value: Any, name: str = "") -> Iterator[str]:
    """Texts whose own key says that they are secret, at any depth, and passwords in addresses."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _named(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item, name)
    elif value is not None and SECRET_NAME.search(name):
        yield str(value)
    elif isinstance(value, str):
        yield from (password for _, password in PASSWORD_IN_ADDRESS.findall(value))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value
