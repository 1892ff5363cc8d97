"""Nomad's diff without its noise: parts of a list that Nomad shows as removed and added are matched again.

Nomad tells networks, ports, constraints and their like apart by a hash of all they hold, and actions by their place, so
one changed value, or another order, looks like everything removed and added (Nomad `structs/diff.go`).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from providers.nomad.client import Json

_IDENTITY = ("Name", "Label", "DestPath", "RelativeDest", "LTarget", "Attribute")
"""Fields by which people tell such parts apart, most telling first."""

_ONE_AT_MOST = frozenset({"Network"})
"""Parts of which Nomad allows one: the old one and the new one are the same, however little they share."""

_INHERITED = frozenset({"OnUpdate"})
"""What a part takes from the one that holds it, where it has no value of its own: a check from its service."""

ALIKE = 0.5
"""Parts that share less than this of their values are two different ones."""

_IMPLIED = re.compile(r"\$\{attr\.(nomad|consul|vault|plugins)\.|\$\{attr\.os\.signals\}")
"""Constraints that Nomad adds by itself for what a group uses (source: Nomad `job_endpoint_hooks.go`)."""


@dataclass
class Part:
    """One side of an object in a diff: its values by name, and the objects in it."""

    name: str
    fields: dict[str, str] = field(default_factory=dict)
    sets: dict[str, set[str]] = field(default_factory=dict)
    parts: list["Part"] = field(default_factory=list)

    def values(self) -> Iterator[tuple[str, str]]:
        """Every value in it, by its path."""
        yield from self.fields.items()
        yield from ((name, value) for name, values in self.sets.items() for value in values)
        for part in self.parts:
            yield from ((f"{part.name}.{name}", value) for name, value in part.values())


def tidied(diff: Json, wanted: Json) -> Json:
    """A job's diff with its parts matched again; parts that have a name carry it as `Label`.

    Constraints that Nomad adds or takes away by itself are left out where the group has another change that they follow
    from. `wanted` is the job as it is written.
    """
    groups = [_group(group, wanted) for group in diff.get("TaskGroups") or []]
    return {**_matched(diff), "TaskGroups": groups}


def _group(group: Json, wanted: Json) -> Json:
    written: Json = next((g for g in wanted.get("TaskGroups") or [] if g.get("Name") == group["Name"]), {})
    own = frozenset(str(constraint.get("LTarget")) for constraint in written.get("Constraints") or [])
    tasks = {"Tasks": [_matched(task) for task in group.get("Tasks") or []]}
    result = {**_matched(group, own), **tasks}
    return result if any(map(is_change, (result, *result["Tasks"]))) else {**_matched(group), **tasks}


def is_change(diff: Json) -> bool:
    """Whether a tidied diff of a job, group or task names anything, leaving aside what is in its groups or tasks."""
    fields = (one["Type"] != "None" for one in diff.get("Fields") or [])
    return diff.get("Type") in ("Added", "Deleted") or bool(diff.get("Objects")) or any(fields)


def differences(old: Sequence[Part], new: Sequence[Part]) -> list[Json]:
    """Nomad's diff objects between two lists of parts; none for those that are equal."""
    pairs, removed, added = _pairs(list(old), list(new))
    found = [_difference(*pair) for pair in [*pairs, *((part, None) for part in removed), *((None, p) for p in added)]]
    return [one for one in found if one is not None]


def _matched(diff: Json, own: frozenset[str] | None = None) -> Json:
    """The diff with its objects matched again, without implied constraints on other attributes than `own`."""
    if diff.get("Type") in ("Added", "Deleted"):
        return diff
    objects = diff.get("Objects") or []
    sides = [[part for one in objects if (part := _side(one, side)) is not None] for side in ("Old", "New")]
    if own is not None:
        sides = [[part for part in parts if not _is_implied(part, own)] for parts in sides]
    return {**diff, "Objects": differences(*sides)}


def is_implied(field: str) -> bool:
    """Whether a field of a tidied diff is of a constraint that Nomad adds by itself."""
    return field.startswith("Constraint(") and bool(_IMPLIED.match(field.removeprefix("Constraint(")))


def _is_implied(part: Part, own: frozenset[str]) -> bool:
    target = part.fields.get("LTarget", "")
    return part.name == "Constraint" and bool(_IMPLIED.match(target)) and target not in own


def _side(diff: Json, side: str) -> Part | None:
    """What stood (`Old`) or will stand (`New`) in an object of a diff; None where it did not or will not exist."""
    absent = diff["Type"] == ("Added" if side == "Old" else "Deleted")
    # An object that only gets or loses values is called added or deleted, too: then the others stand on both sides.
    if absent and not any(one.get(side) for one in diff.get("Fields") or []):
        return None
    part = Part(diff["Name"])
    names = Counter(one["Name"] for one in diff.get("Fields") or [])
    for one in diff.get("Fields") or []:
        if one.get(side):
            if names[one["Name"]] > 1 or one["Name"] == diff["Name"]:
                part.sets.setdefault(one["Name"], set()).add(one[side])
            else:
                part.fields[one["Name"]] = one[side]
    part.parts = [inner for one in diff.get("Objects") or [] if (inner := _side(one, side)) is not None]
    return part


def _pairs(old: list[Part], new: list[Part]) -> tuple[list[tuple[Part, Part]], list[Part], list[Part]]:
    """The parts that belong together, best matches first, and those that are left on either side."""
    candidates = sorted(
        (
            (likeness, -one, -other)
            for one, before in enumerate(old)
            for other, after in enumerate(new)
            if (likeness := _likeness(before, after)) is not None
        ),
        reverse=True,
    )
    olds, news = dict(enumerate(old)), dict(enumerate(new))
    pairs = []
    for _, one, other in candidates:
        if -one in olds and -other in news:
            pairs.append((olds.pop(-one), news.pop(-other)))
    return pairs, list(olds.values()), list(news.values())


def _likeness(one: Part, other: Part) -> tuple[bool, float] | None:
    """How well two parts match: whether they have the same name, and the share of equal values; None: not at all."""
    if one.name != other.name:
        return None
    here, there = Counter(one.values()), Counter(other.values())
    share = (here & there).total() / max(here.total(), there.total(), 1)
    key = next((name for name in _IDENTITY if name in one.fields and name in other.fields), None)
    same = key is not None and one.fields[key] == other.fields[key]
    if same or share >= ALIKE or one.name in _ONE_AT_MOST or not (here and there):
        return same, share
    # A block that has no name: what it holds has changed, not which one it is.
    return (False, share) if key is None else None


def _difference(old: Part | None, new: Part | None) -> Json | None:
    before, after = old or Part((new or Part("")).name), new or Part((old or Part("")).name)
    fields = [
        _field(name, before.fields.get(name, ""), after.fields.get(name, ""))
        for name in sorted(before.fields.keys() | after.fields.keys())
        if before.fields.get(name) != after.fields.get(name)
    ]
    for name in sorted(before.sets.keys() | after.sets.keys()):
        one, other = before.sets.get(name, set()), after.sets.get(name, set())
        fields += [_field(name, value, "") for value in sorted(one - other)]
        fields += [_field(name, "", value) for value in sorted(other - one)]
    objects = [one for one in map(partial(_own, fields), differences(before.parts, after.parts)) if one]
    if not fields and not objects and old is not None and new is not None:
        return None
    kind = "Added" if old is None else "Deleted" if new is None else "Edited"
    return {"Type": kind, "Name": before.name, "Label": _label(new or before), "Fields": fields, "Objects": objects}


def _own(handed_down: list[Json], inner: Json) -> Json | None:
    """A part's diff without what only follows from the same change of the part that holds it."""
    kept = [one for one in inner["Fields"] if one["Name"] not in _INHERITED or one not in handed_down]
    return {**inner, "Fields": kept} if kept or inner["Objects"] or inner["Type"] != "Edited" else None


def _label(part: Part) -> str:
    return next((part.fields[name] for name in _IDENTITY if name in part.fields), "")


def _field(name: str, old: str, new: str) -> Json:
    return {"Type": "Added" if not old else "Deleted" if not new else "Edited", "Name": name, "Old": old, "New": new}
