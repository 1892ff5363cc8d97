"""What the tests of a simple type's life need to know of it: how it is written, seen, and changed by somebody else."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from tests.cluster.api import Api


class Context(Protocol):
    """What a test has: a name of its own, and the servers' APIs."""

    name: str
    nomad: Api
    consul: Api


Told = Callable[[str, Any, Any], str]
"""What a message says of a change, by the test's name, and the value before and after it."""


def nothing(test: Context) -> None:
    """Nothing is needed before, or left after."""


def told(field: str) -> Told:
    """A line with both values. The field may hold NAME, the test's name."""

    def line(name: str, old: Any, new: Any) -> str:
        return f"{field.replace('NAME', name)} {json.dumps(old)} → {json.dumps(new)}"

    return line


def hidden(field: str) -> Told:
    """A line without the values. The field may hold NAME, the test's name."""
    return lambda name, old, new: f"{field.replace('NAME', name)}: changed"


@dataclass(frozen=True, kw_only=True)
class Life:
    """A type. An object of it has one thing that changes, its value; all else in it stays."""

    token: str
    program: Callable[[str, Any], str]
    """The program's lines with the resource "it", by the test's name and the value."""
    put: Callable[[Context, Any], None]
    """Makes the object, or changes it, as somebody else."""
    read: Callable[[Context], Any]
    """The value; None where there is no object."""
    drop: Callable[[Context], None]
    """Deletes the object as somebody else."""
    id: Callable[[Context], str]
    """The object's ID in Pulumi."""
    told: Told
    values: tuple[Any, Any, Any, Any] = ("one", "two", "three", "theirs")
    """Three of the program, then somebody else's."""
    secret: str = ""
    """A part of every value, where they are secret."""
    says_secret: bool = False
    """Whether it is the program that says so, which an import cannot know."""
    alike: bool = False
    """Whether several objects may be alike, so that an existing one is no obstacle."""
    marked: bool = False
    """Whether objects say whose they are: one that is as it is wanted, but not marked, is somebody else's."""
    by_parts: bool = False
    """Whether each part is taken over by itself, without a word."""
    named_by_server: bool = False
    """Whether one that is gone cannot be made again under its ID."""
    before: Callable[[Context], None] = nothing
    after: Callable[[Context], None] = nothing
    secured: bool = False
    """Whether it needs a cluster with ACLs."""

    @property
    def server(self) -> str:
        return {"nomad": "Nomad", "consul": "Consul"}[self.token.partition(":")[0]]


def rows(lives: list[Life]) -> list[Any]:
    """For parametrize. What needs the secured cluster goes where that is."""
    return [
        pytest.param(
            life,
            id=life.token.rpartition(":")[2] + ("-secret" if life.secret and life.says_secret else ""),
            marks=[pytest.mark.xdist_group("secured")] if life.secured else [],
        )
        for life in lives
    ]
