"""Takes secret values out of text that comes back from the cluster, such as log lines."""

from collections.abc import Callable, Iterator
from typing import Any

from providers.nomad.plan import MASK, SECRET_NAME
from providers.nomad.spec import Spec

MIN_SECRET_CHARS = 4
"""Shorter values would mask half of every text and protect nothing."""


def hider(spec: Spec) -> Callable[[str], str]:
    """A function that masks the secret values of a job.

    These are all of its env and template texts where the jobspec is a secret, otherwise those whose names say that they
    are.
    """
    values = set(_secret_values(spec))
    # A log shows a value of several lines line by line.
    values |= {line.strip() for value in values for line in value.splitlines()}
    hidden = sorted((value for value in values if len(value) >= MIN_SECRET_CHARS), key=len, reverse=True)

    def hide(text: str) -> str:
        for value in hidden:
            text = text.replace(value, MASK)
        return text

    return hide


def _secret_values(spec: Spec) -> Iterator[str]:
    for group in spec.job.get("TaskGroups") or []:
        for task in group.get("Tasks") or []:
            for name, value in (task.get("Env") or {}).items():
                if spec.secret or SECRET_NAME.search(name):
                    yield str(value)
            if spec.secret:
                yield from _strings(task.get("Config"))
                for template in task.get("Templates") or []:
                    yield str(template.get("EmbeddedTmpl") or "")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value
