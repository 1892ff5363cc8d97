"""Jobs of every kind, other ways to write the same job, and changes of a single field: for property tests."""

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from tests.cluster.job_fields import KINDS, TEXTS, WORDS, Block, Field, Fields, Map, Value, fields_of, type_of

Json = dict[str, Any]
NEEDED = frozenset({"ChangeScript", "TaskGroups", "Tasks", "Config", "Periodic", "ParameterizedJob", "SpreadTarget"})
"""Blocks without which a job means something else, or nothing."""


@st.composite
def jobs(draw: st.DrawFn) -> tuple[str, Json]:
    """A kind and a job of it, in Nomad's JSON, without its ID. Its counts are 0: no instance is ever started."""
    kind = draw(st.sampled_from(KINDS))
    return kind, {**draw(_block(fields_of(kind))), "Type": type_of(kind)}


@st.composite
def _block(draw: st.DrawFn, fields: Fields) -> Json:
    result: Json = {}
    for key, field in fields.items():
        needed = key in NEEDED or (isinstance(field, Value) and field.always)
        if not needed and draw(st.integers(0, 2)):
            continue
        if isinstance(field, Value):
            result[key] = draw(field.values)
        elif isinstance(field, Map):
            result[key] = draw(st.dictionaries(WORDS, TEXTS, min_size=1, max_size=3))
        elif field.most:
            apart = itemgetter(field.key)
            blocks = st.lists(
                _block(field.fields),
                min_size=1,
                max_size=field.most,
                unique_by=apart,
            )
            result[key] = draw(blocks)
        else:
            inner = draw(_block(field.fields))
            result[key] = {field.named: inner} if field.named else inner
    return result


def rewritten(kind: str, job: Json, chance: random.Random) -> Json:
    """The same job in another order, with some of Nomad's defaults written out."""
    return {**_rewritten(fields_of(kind), {k: v for k, v in job.items() if k != "Type"}, chance), "Type": job["Type"]}


def _rewritten(fields: Fields, job: Json, chance: random.Random) -> Json:
    result = {}
    for key, field in fields.items():
        if isinstance(field, Value) and key not in job and field.default is not None and chance.random() < 0.5:
            result[key] = field.default
    for key, value in job.items():
        field = fields[key]
        if isinstance(field, Block) and field.most:
            value = _shuffled([_rewritten(field.fields, item, chance) for item in value], chance)
        elif isinstance(field, Block) and field.named:
            value = {name: _rewritten(field.fields, inner, chance) for name, inner in value.items()}
        elif isinstance(field, Block):
            value = _rewritten(field.fields, value, chance)
        elif isinstance(field, Value) and field.is_set:
            value = _shuffled(value, chance)
        result[key] = value
    return dict(_shuffled(list(result.items()), chance))


def _shuffled(items: list[Any], chance: random.Random) -> list[Any]:
    return chance.sample(items, len(items))


@dataclass(frozen=True)
class FieldChange:
    """A job that differs from another in one field, and how a preview names that field."""

    job: Json
    where: str
    field: str
    new: Any
    is_set: bool
    duration: bool


@dataclass(frozen=True)
class _Place:
    """A field of a job: the way to the block that holds it, and where a reader finds it."""

    steps: tuple[str | int, ...]
    where: tuple[str, ...]
    key: str
    field: Field


@st.composite
def single_changes(draw: st.DrawFn, kind: str, job: Json) -> FieldChange:
    """The job with one field changed, added, or (in a map) taken out."""
    place = draw(st.sampled_from(list(_places(fields_of(kind), job, (), ()))))
    changed = copy.deepcopy(job)
    holder: Any = changed
    for step in place.steps:
        holder = holder[step]
    where = ", ".join(place.where)
    if isinstance(place.field, Map):
        name = draw(WORDS)
        old = holder.setdefault(place.key, {}).get(name)
        new = draw(TEXTS.filter(lambda text: text != old))
        holder[place.key][name] = new
        return FieldChange(changed, where, f"{place.key}[{name}]", new, False, False)
    assert isinstance(place.field, Value)
    old = holder.get(place.key, place.field.default)
    as_set = place.field.is_set
    new = draw(place.field.values.filter(lambda value: old is None or not _same(value, old, as_set)))
    holder[place.key] = new
    assume(_distinct(changed))
    return FieldChange(changed, where, place.field.shows or place.key, new, place.field.is_set, place.field.duration)


def _same(one: Any, other: Any, as_set: bool) -> bool:
    return bool(sorted(one) == sorted(other) if as_set else one == other)


def _places(fields: Fields, job: Json, steps: tuple[str | int, ...], where: tuple[str, ...]) -> Iterator[_Place]:
    for key, field in fields.items():
        if isinstance(field, Block):
            inside = {"TaskGroups": "group", "Tasks": "task"}.get(key)
            for step, item in _held(field, job.get(key)):
                inner = (*where, f"{inside} {item['Name']}") if inside else where
                yield from _places(field.fields, item, (*steps, key, *step), inner)
        elif isinstance(field, Map) or not field.fixed:
            yield _Place(steps, where, key, field)


def _held(block: Block, value: Any) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """The blocks in a job's value, each with the steps that lead to it."""
    if value is None:
        return
    if block.most:
        yield from (((number,), item) for number, item in enumerate(value))
    elif block.named:
        yield (block.named,), value[block.named]
    else:
        yield (), value


def _distinct(value: Any) -> bool:
    """Whether no list of blocks holds two that are equal, which count as one."""
    if isinstance(value, dict):
        return all(map(_distinct, value.values()))
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return all(item not in value[:number] for number, item in enumerate(value)) and all(map(_distinct, value))
    return True
