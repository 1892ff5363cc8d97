"""Every difference between a registered job and a wanted one, key by key, whatever Nomad's own diff looks at."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import Any

from providers.nomad.client import Json
from providers.nomad.filled_in import BOOKKEEPING, without_filled_in
from providers.nomad.job_normal import DEFAULTS, normal
from providers.nomad.job_pairs import pairs
from providers.nomad.job_types import ORDER, SETS, Type, fields, label, singular
from providers.nomad.plan import Change

_DOTTED = frozenset({"Config", "Header", "Policy"})
"""Free maps whose keys a diff writes behind a dot; in others they are in brackets: `Config.image`, `Env[PORT]`."""

_ZEROS = {"number": "0", "bool": "false", "duration": "0"}


@dataclass(frozen=True)
class Found:
    """A difference, and under which key of the job, group or task (by the change's path) it is.

    `same_elements`: that key holds the same things as before, in another order or number.
    """

    key: str
    change: Change
    same_elements: bool = False


def differences(current: Json, wanted: Json) -> list[Found]:
    """What differs from `current` (as it is registered) to `wanted` (as it is written), outermost first."""
    old, new = normal(current), normal(wanted)
    found = list(_part((), "Job", old, new, frozenset({"TaskGroups"})))
    for before, after in _by_name(old.get("TaskGroups"), new.get("TaskGroups")):
        found += _group(before, after)
    return _without_repeated_update(found)


def _group(old: Json | None, new: Json | None) -> Iterator[Found]:
    path = (f"group {(new or old or {}).get('Name')}",)
    if old is None or new is None:
        yield _whole(path, "the whole group", old, new)
        return
    yield from _part(path, "TaskGroup", old, new, frozenset({"Tasks"}))
    for before, after in _by_name(old.get("Tasks"), new.get("Tasks")):
        inner = (*path, f"task {(after or before or {}).get('Name')}")
        if before is None or after is None:
            yield _whole(inner, "the whole task", before, after)
            continue
        yield from _part(inner, "Task", before, after, frozenset({"RestartPolicy"}))
        restarts = _own(*(side.get("RestartPolicy") or {} for side in (before, old, after, new)))
        yield from _in(inner, "RestartPolicy", _Walk().struct("RestartPolicy", "RestartPolicy.", *restarts))


def _own(old: Json, outer_old: Json, new: Json, outer_new: Json) -> tuple[Json, Json]:
    """Two blocks without the keys that both only take from the blocks around them: the change is told there."""
    keys = {
        key
        for key in old.keys() | new.keys()
        if old.get(key) != outer_old.get(key) or new.get(key) != outer_new.get(key)
    }
    return {k: v for k, v in old.items() if k in keys}, {k: v for k, v in new.items() if k in keys}


def _whole(path: tuple[str, ...], what: str, old: Json | None, new: Json | None) -> Found:
    name = str((new or old or {}).get("Name"))
    return Found("", Change(path, what, name, name, "Added" if old is None else "Deleted"))


def _part(path: tuple[str, ...], struct: str, old: Json, new: Json, apart: frozenset[str]) -> Iterator[Found]:
    """What differs in a job, group or task itself; not under the keys `apart`."""
    old = without_filled_in(struct, old, new)
    for key in _keys(struct, old, new):
        if key in apart:
            continue
        if leaves := list(_Walk().key(struct, "", key, old, new)):
            same = _elements(old.get(key)) == _elements(new.get(key))
            yield from _in(path, key, leaves, same_elements=same)


def _in(path: tuple[str, ...], key: str, leaves: Iterable["Leaf"], *, same_elements: bool = False) -> Iterator[Found]:
    for leaf in leaves:
        change = Change(path, leaf.name, leaf.old, leaf.new, leaf.kind, duration=leaf.duration)
        yield Found(key, change, same_elements)


def _elements(value: Any) -> Any:
    """What a value holds, whatever its order and number."""
    if isinstance(value, dict):
        return frozenset((key, _elements(item)) for key, item in value.items())
    return frozenset(map(_elements, value)) if isinstance(value, list) else repr(value)


def _by_name(old: Any, new: Any) -> Iterator[tuple[Json | None, Json | None]]:
    """Groups or tasks of one name, and those that only one side has."""
    before = {part.get("Name"): part for part in old or []}
    after = {part.get("Name"): part for part in new or []}
    for name in [*before, *(name for name in after if name not in before)]:
        yield before.get(name), after.get(name)


def _without_repeated_update(found: list[Found]) -> list[Found]:
    """The differences without those of the job's own `update` that show at one of its groups anyway."""
    shown = {(one.change.field, one.change.old, one.change.new) for one in found if one.change.path}
    return [
        one
        for one in found
        if one.change.path or one.key != "Update" or (one.change.field, one.change.old, one.change.new) not in shown
    ]


@dataclass(frozen=True)
class Leaf:
    """A plain value that differs. `name`: the way to it within its job, group or task."""

    name: str
    old: str
    new: str
    kind: str
    duration: bool = False


@dataclass(frozen=True)
class _Walk:
    """Walks two structs at once. `whole`: only one of them is there, so that what is not set is not zero but absent."""

    whole: bool = False

    def struct(self, struct: str, prefix: str, old: Json, new: Json) -> Iterator[Leaf]:
        if not self.whole:
            old = without_filled_in(struct, old, new)
        for key in _keys(struct, old, new):
            yield from self.key(struct, prefix, key, old, new)

    def key(self, struct: str, prefix: str, key: str, old: Json, new: Json) -> Iterator[Leaf]:
        one, other = old.get(key), new.get(key)
        default = DEFAULTS.get(struct, {}).get(key)
        if _same(one, other) or (self.whole and default is not None and default in (one, other)):
            return
        type_ = fields(struct).get(key, Type("map"))
        name = f"{prefix}{key}"
        if type_.kind == "list":
            yield from _list(name, one, other, is_set=f"{struct}.{key}" in SETS)
        elif type_.kind == "map":
            yield from _free(name, one, other, dotted=key in _DOTTED)
        elif type_.kind != "struct":
            yield self._plain(name, type_, one, other)
        elif type_.many == "[]":
            yield from self._elements(f"{struct}.{key}", type_.struct, prefix, key, (one or [], other or []))
        elif type_.many == "{}":
            before, after = one or {}, other or {}
            for entry in sorted(before.keys() | after.keys()):
                entry_name = f"{prefix}{singular(key)}({entry})"
                yield from self.block(type_.struct, entry_name, before.get(entry), after.get(entry))
        else:
            yield from self.block(type_.struct, name, one, other)

    def block(self, struct: str, name: str, old: Json | None, new: Json | None) -> Iterator[Leaf]:
        """A struct that is there on both sides, or on one."""
        if old is not None and new is not None:
            yield from self.struct(struct, f"{name}.", old, new)
            return
        leaves = list(_Walk(whole=True).struct(struct, f"{name}.", old or {}, new or {}))
        kind = "Added" if old is None else "Deleted"
        yield from leaves or [Leaf(name, "" if old is None else "{}", "" if new is None else "{}", kind)]

    def _elements(
        self, where: str, struct: str, prefix: str, key: str, sides: tuple[list[Json], list[Json]]
    ) -> Iterator[Leaf]:
        old, new = sides
        found = pairs(struct, old, new)
        for one, other in found:
            before = None if one is None else old[one]
            after = None if other is None else new[other]
            shown = label(struct, after or before or {})
            name = f"{prefix}{singular(key)}" + (f"({shown})" if shown else "")
            yield from self.block(struct, name, before, after)
        kept = [(one, other) for one, other in found if one is not None and other is not None]
        if where in ORDER and (moved := _moved(where, struct, sides, kept)):
            yield Leaf(f"{prefix}{singular(key)} order", *moved, "Edited")

    def _plain(self, name: str, type_: Type, old: Any, new: Any) -> Leaf:
        kind = "Added" if old is None else "Deleted" if new is None else "Edited"
        zero = _ZEROS.get(type_.kind)
        if zero is not None and type_.unset != "?" and not self.whole:
            kind, old, new = "Edited", zero if old is None else old, zero if new is None else new
        return Leaf(name, *_texts(old, new), kind, duration=type_.kind == "duration")


def _keys(struct: str, old: Json, new: Json) -> list[str]:
    own = BOOKKEEPING.get(struct, frozenset())
    return sorted(key for key in old.keys() | new.keys() if key not in own)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal; unlike in Python, `true` is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _list(name: str, old: list[Any] | None, new: list[Any] | None, *, is_set: bool) -> Iterator[Leaf]:
    """A list of plain values: what comes and goes of a set, the whole of one that has an order."""
    if not is_set:
        kind = "Added" if not old else "Deleted" if not new else "Edited"
        yield Leaf(name, _json(old), _json(new), kind)
        return
    before, after = Counter(map(str, old or [])), Counter(map(str, new or []))
    gone, come = sorted((before - after).elements()), sorted((after - before).elements())
    if len(gone) == len(come) == 1:
        yield Leaf(name, gone[0], come[0], "Edited")
        return
    yield from (Leaf(name, value, "", "Deleted") for value in gone)
    yield from (Leaf(name, "", value, "Added") for value in come)


def _json(values: list[Any] | None) -> str:
    return "" if values is None else json.dumps(values, ensure_ascii=False)


def _free(name: str, old: Any, new: Any, *, dotted: bool = False) -> Iterator[Leaf]:
    """A value of any shape, in a map that is the user's own."""
    if _same(old, new):
        return
    if isinstance(old, dict | None) and isinstance(new, dict | None):
        before, after = old or {}, new or {}
        keys = sorted(before.keys() | after.keys())
        inner = partial("{}.{}".format if dotted else "{}[{}]".format, name)
        leaves = [leaf for key in keys for leaf in _free(inner(key), before.get(key), after.get(key))]
        yield from leaves or [Leaf(name, *_texts(old, new), "Added" if old is None else "Deleted")]
    elif isinstance(old, list | None) and isinstance(new, list | None) and (old or new):
        for number, sides in enumerate(zip_longest(old or [], new or [])):
            yield from _free(f"{name}[{number}]", *sides)
    else:
        kind = "Added" if old is None else "Deleted" if new is None else "Edited"
        yield Leaf(name, *_texts(old, new), kind)


def _moved(
    where: str, struct: str, sides: tuple[list[Json], list[Json]], kept: list[tuple[int, int]]
) -> tuple[str, str] | None:
    """The elements in their old and in their new order, where two changed places between which it counts.

    Two equal ones have no order: which of them is whose partner says nothing.
    """
    counts = ORDER[where]
    old, new = sides
    moved = {
        place
        for number, (one, other) in enumerate(kept)
        for later_one, later_other in kept[number + 1 :]
        if one > later_one and counts(new[other], new[later_other])
        if old[one] != old[later_one] and new[other] != new[later_other]
        for place in ((one, other), (later_one, later_other))
    }
    if not moved:
        return None
    before, after = sorted(moved), sorted(moved, key=lambda place: place[1])
    labels = {place: label(struct, new[place[1]]) for place in moved}
    if len(set(labels.values())) < len(labels):
        labels = {place: f"{labels[place]} ({number})" for number, place in enumerate(before, 1)}
    return ", ".join(map(labels.__getitem__, before)), ", ".join(map(labels.__getitem__, after))


def _texts(old: Any, new: Any) -> tuple[str, str]:
    """Two values as a reader sees them; as JSON where they would read the same."""
    one, other = _text(old), _text(new)
    if one == other and old is not None and new is not None:
        return json.dumps(old), json.dumps(new)
    return one, other


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
