"""Which elements of two lists belong together: the same name, or most of their values."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from providers.nomad.client import Json
from providers.nomad.job_types import IDENTITY

ALIKE = 0.5
"""Elements that share less than this of their values are two different ones."""

_ONE_AT_MOST = frozenset({"NetworkResource"})
"""Elements of which Nomad allows one: the old one and the new one are the same, however little they share."""


def pairs(struct: str, old: Sequence[Json], new: Sequence[Json]) -> list[tuple[int | None, int | None]]:
    """The places (old, new) of elements that belong together, best matches first; None where there is no partner.

    They come in the order of `new`, those that are gone last.
    """
    if list(old) == list(new):
        return [(number, number) for number in range(len(new))]
    values = [[Counter(_values(element)) for element in side] for side in (old, new)]
    candidates = sorted(
        (
            (*likeness, -abs(one - other), -one, -other)
            for one, before in enumerate(old)
            for other, after in enumerate(new)
            if (likeness := _likeness(struct, (before, after), (values[0][one], values[1][other]))) is not None
        ),
        reverse=True,
    )
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for *_, one, other in candidates:
        if -one not in taken and -other not in partners:
            partners[-other] = -one
            taken.add(-one)
    gone = [(number, None) for number in range(len(old)) if number not in taken]
    return [*((partners.get(number), number) for number in range(len(new))), *gone]


def _likeness(
    struct: str, elements: tuple[Json, Json], values: tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]
) -> tuple[int, float] | None:
    """How well two elements match: by how many keys of their identity, and which share of values is equal."""
    old, new = elements
    here, there = values
    share = (here & there).total() / max(here.total(), there.total(), 1)
    same = 0
    for key in IDENTITY.get(struct, ()):
        if old.get(key) is None or old.get(key) != new.get(key):
            break
        same += 1
    if same or share >= ALIKE or struct in _ONE_AT_MOST:
        return same, share
    # Of elements without a name, what they hold has changed, not which they are.
    nameless = not any(old.get(key) or new.get(key) for key in IDENTITY.get(struct, ())[:1])
    return (0, share) if nameless else None


def _values(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value in an element, with its path. Places in lists do not count."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _values(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    else:
        yield path, repr(value)
