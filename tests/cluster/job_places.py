"""Every key of a job: where it is, and of which type."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from providers.nomad.job_types import Type, fields, singular
from tests.cluster.full_blocks import Json

_PARTS: dict[str | int, str] = {"TaskGroups": "group", "Tasks": "task"}


@dataclass(frozen=True)
class Place:
    """A key of a job. `steps` lead to the struct that holds it."""

    steps: tuple[str | int, ...]
    struct: str
    key: str
    type: Type
    top: str
    """The key of the job, group or task itself under which it is."""

    @property
    def name(self) -> str:
        return f"{self.struct}.{self.key}"

    def part(self, job: Json) -> tuple[str, ...]:
        """The group and task of a job in which the key is, as a preview calls them."""
        found: Any = job
        names = []
        for number, step in enumerate(self.steps):
            found = found[step]
            if self.steps[number - 1] in _PARTS and isinstance(step, int):
                names.append(f"{_PARTS[self.steps[number - 1]]} {found['Name']}")
        return tuple(names)

    def holder(self, job: Json) -> Json:
        found: Any = job
        for step in self.steps:
            found = found[step]
        assert isinstance(found, dict)
        return found


def places(job: Json) -> Iterator[Place]:
    """Every key that a job has, at any depth."""
    yield from _places("Job", job, (), "")


def _places(struct: str, value: Json, steps: tuple[str | int, ...], top: str) -> Iterator[Place]:
    for key, item in value.items():
        type_ = fields(struct).get(key)
        if type_ is None or item is None:
            continue
        above = "" if struct in ("Job", "TaskGroup", "Task") else top
        yield Place(steps, struct, key, type_, above or key)
        if type_.kind == "struct":
            for step, element in _elements(type_, item):
                yield from _places(type_.struct, element, (*steps, key, *step), above or key)


def _elements(type_: Type, value: Any) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    if type_.many == "[]":
        yield from (((number,), element) for number, element in enumerate(value))
    elif type_.many == "{}":
        yield from (((name,), element) for name, element in value.items())
    else:
        yield (), value


def names_of(place: Place) -> set[str]:
    """How a preview may call a place's key, or one element of what it holds."""
    return {place.key, singular(place.key)}
