"""Differences that Nomad's diff does not name: Nomad is asked whether they are any.

It leaves out real ones, and it fills in values that no table here may know, as those of a newer Nomad or of a
server's own settings. So it plans the registered job once more with just these keys as they are wanted: where it finds
that group or task equal, they are no differences.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy

from providers.http_api import ApiError, CutOff
from providers.nomad.client import Json, NomadClient
from providers.nomad.filled_in import IMPLIED
from providers.nomad.job_difference import Found

ASKED_AT_MOST = 8
"""How many keys are asked about one by one, where all of them together are a difference."""

Place = tuple[tuple[str, ...], str]
"""A group or task, and one of its keys."""


class Verdicts:
    """What Nomad's diff says of a job's groups and tasks."""

    def __init__(self, diff: Json) -> None:
        self._types: dict[tuple[str, ...], str] = {(): diff.get("Type", "")}
        self._pairs: dict[tuple[str, ...], set[tuple[str, str]]] = {(): set(_named(diff))}
        for group in diff.get("TaskGroups") or []:
            path = (f"group {group['Name']}",)
            self._types[path] = group.get("Type", "")
            self._pairs[path] = set(_named(group))
            for task in group.get("Tasks") or []:
                inner = (*path, f"task {task['Name']}")
                self._types[inner] = task.get("Type", "")
                self._pairs[inner] = set(_named(task))

    def may_be_real(self, found: Found) -> bool:
        """Whether Nomad does not say that the group or task of a difference is equal, or still there."""
        path = found.change.path
        # Tasks that Nomad adds for the service mesh are in no jobspec, and are not gone.
        still_there = (
            found.key == "" and found.change.kind == "Deleted" and self._types.get(path) not in (None, "Deleted")
        )
        return not path or not (still_there or self.equal(path))

    def names(self, found: Found) -> bool:
        """Whether Nomad's diff names these very values in the same job, group or task."""
        change = found.change
        pairs = self._pairs.get(change.path, set())
        return (change.old, change.new) in pairs or {(change.old, ""), ("", change.new)} <= pairs

    def names_a_side(self, found: Found) -> bool:
        """Whether Nomad's diff names one of the two values as gone or come: where the other is there twice, say."""
        change = found.change
        pairs = self._pairs.get(change.path, set())
        return bool((change.old and (change.old, "") in pairs) or (change.new and ("", change.new) in pairs))

    def equal(self, path: tuple[str, ...]) -> bool:
        """Whether Nomad finds a group or task equal, or what holds it."""
        return any(self._types.get(path[:length]) == "None" for length in range(len(path) + 1))


def _named(diff: Json) -> Iterator[tuple[str, str]]:
    """Old and new of each field that a diff names, at any depth; not in the groups and tasks of a job or group."""
    for field in diff.get("Fields") or []:
        if field["Type"] != "None":
            yield field.get("Old") or "", field.get("New") or ""
    for inner in diff.get("Objects") or []:
        yield from _named(inner)


async def without_unreal(
    client: NomadClient, verdicts: Verdicts, found: Sequence[Found], wanted: Json, current: Json
) -> list[Found]:
    """The differences without those that Nomad takes for none when it is asked about them alone."""
    doubtful = [one for one in found if one.change.path and one.key and not verdicts.names(one)]
    places = list(dict.fromkeys((one.change.path, one.key) for one in doubtful))
    if not places:
        return list(found)
    unreal = await _equal(client, places, wanted, current)
    if len(unreal) < len(places) and 1 < len(places) <= ASKED_AT_MOST:
        for place in places:
            unreal |= set() if place in unreal else await _equal(client, [place], wanted, current)
    return [one for one in found if one not in doubtful or (one.change.path, one.key) not in unreal]


async def _equal(client: NomadClient, places: Sequence[Place], wanted: Json, current: Json) -> set[Place]:
    """Those of the places that make no difference to Nomad when they are as they are wanted, all of them at once."""
    job = _plain(current, wanted)
    for path, key in places:
        part, new = _at(job, path), _at(wanted, path)
        if part is None or new is None:
            return set()
        part[key] = deepcopy(new.get(key))
    try:
        plan = await client.plan(job)
    except (ApiError, CutOff):
        # As a mixture of two jobs it may be none at all.
        return set()
    verdicts = Verdicts(plan.get("Diff") or {})
    return {place for place in places if verdicts.equal(place[0])}


def _plain(current: Json, wanted: Json) -> Json:
    """The registered job as it can be planned again: Nomad would add some implied constraints a second time."""
    job = deepcopy(current)
    for group in job.get("TaskGroups") or []:
        written = _at(wanted, (f"group {group.get('Name')}",)) or {}
        for part, its in [
            (group, written),
            *((task, _by_name(written.get("Tasks"), task.get("Name")) or {}) for task in group.get("Tasks") or []),
        ]:
            own = its.get("Constraints") or []
            kept = [one for one in part.get("Constraints") or [] if one in own or not _is_implied(one)]
            part["Constraints"] = kept or None
    return job


def _is_implied(constraint: Json) -> bool:
    text = " ".join(str(constraint.get(key, "")) for key in ("LTarget", "Operand", "RTarget"))
    return bool(IMPLIED.fullmatch(text))


def _at(job: Json, path: tuple[str, ...]) -> Json | None:
    """The group or task of a job at a change's path."""
    group = _by_name(job.get("TaskGroups"), path[0].removeprefix("group "))
    if group is None or len(path) == 1:
        return group
    return _by_name(group.get("Tasks"), path[1].removeprefix("task "))


def _by_name(parts: Sequence[Json] | None, name: object) -> Json | None:
    return next((part for part in parts or [] if part.get("Name") == name), None)
