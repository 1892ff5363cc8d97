"""What Nomad's diff does not look at, compared here: a change of only that would be taken for none.

Source: what Nomad `structs/diff.go` leaves out of `Job.Diff`, with the defaults of Nomad's `api` package.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from providers.nomad.client import Json
from providers.nomad.noise import Part, differences

_SECOND = 10**9
_RESTARTS = {"Delay": 15 * _SECOND, "Mode": "fail", "RenderTemplates": False}
_RESTART = {
    "service": {**_RESTARTS, "Attempts": 2, "Interval": 1800 * _SECOND},
    "batch": {**_RESTARTS, "Attempts": 3, "Interval": 86_400 * _SECOND},
}
_CSI_PLUGIN = {"MountDir": "/csi", "StagePublishBaseDir": "/local/csi", "HealthTimeout": 30 * _SECOND}


@dataclass(frozen=True)
class Unseen:
    """Diff objects of a group, of a task, or (neither) of the job itself."""

    group: str
    task: str
    objects: list[Json]


def unseen(wanted: Json, current: Json) -> Iterator[Unseen]:
    """What Nomad's diff from `current` (as Nomad has it) to `wanted` (as it is written) does not say."""
    yield Unseen("", "", differences(_spreads(current), _spreads(wanted)))
    for group, before in _both(wanted, current, "TaskGroups"):
        name = str(group["Name"])
        objects = differences(_spreads(before), _spreads(group))
        yield Unseen(name, "", objects + _services(group, before))
        for task, task_before in _both(group, before, "Tasks"):
            objects = differences(_task_parts(task_before), _task_parts(task))
            objects += _restarts(task, group, task_before, before, wanted)
            objects += _services(task, task_before) + _arguments(task, task_before)
            yield Unseen(name, str(task["Name"]), objects)


def _both(wanted: Json, current: Json, key: str, name: str = "Name") -> Iterator[tuple[Json, Json]]:
    """The parts that both have, by name."""
    before = {part.get(name): part for part in current.get(key) or []}
    for part in wanted.get(key) or []:
        if part.get(name) in before:
            yield part, before[part.get(name)]


def _spreads(owner: Json) -> list[Part]:
    return [
        Part(
            "Spread",
            _texts({"Weight": 50, **_given(spread)}),
            parts=[Part("SpreadTarget", _texts(target)) for target in spread.get("SpreadTarget") or []],
        )
        for spread in owner.get("Spreads") or []
    ]


def _task_parts(task: Json) -> list[Part]:
    parts = []
    if lifecycle := task.get("Lifecycle"):
        parts.append(Part("Lifecycle", _texts({"Sidecar": False, **_given(lifecycle)})))
    if plugin := task.get("CSIPluginConfig"):
        parts.append(Part("CSIPluginConfig", _texts({**_CSI_PLUGIN, **_given(plugin)})))
    devices = [
        Part(
            "Device",
            {"Name": str(device.get("Name"))},
            parts=[
                Part(name, _texts({"Weight": 50, **_given(rule)} if name == "Affinity" else rule))
                for name, key in (("Constraint", "Constraints"), ("Affinity", "Affinities"))
                for rule in device.get(key) or []
            ],
        )
        for device in (task.get("Resources") or {}).get("Devices") or []
    ]
    return [*parts, Part("Resources", parts=devices)]


def _restarts(task: Json, group: Json, task_before: Json, group_before: Json, job: Json) -> list[Json]:
    """A task's own restart policy; what it takes over from its group is the group's change, told there."""
    default = _RESTART["batch" if job.get("Type") in ("batch", "sysbatch") else "service"]
    sides = []
    for owner, inner in ((group_before, task_before), (group, task)):
        inherited = {**default, **_given(owner.get("RestartPolicy") or {})}
        sides.append((inherited, {**inherited, **_given(inner.get("RestartPolicy") or {})}))
    (group_old, old), (group_new, new) = sides
    own = [k for k in new if old.get(k) != new[k] and (old.get(k) != group_old[k] or new[k] != group_new[k])]
    one, other = (Part("RestartPolicy", _texts({k: side.get(k) for k in own})) for side in (old, new))
    return differences([one], [other])


def _services(wanted: Json, current: Json) -> list[Json]:
    """Arguments of script checks."""
    result = []
    for service, before in _both(wanted, current, "Services"):
        checks = [
            _edited("Check", check, _order("Args", check_before.get("Args"), check.get("Args")))
            for check, check_before in _both(service, before, "Checks")
        ]
        changed = [check for check in checks if check]
        if changed:
            result.append({**_object("Service", service), "Objects": changed})
    return result


def _arguments(wanted: Json, current: Json) -> list[Json]:
    """Arguments in another order, which Nomad's diff takes for a set."""
    found = []
    for action, before in _both(wanted, current, "Actions"):
        if sorted(before.get("Args") or []) == sorted(action.get("Args") or []):
            found.append(_edited("Action", action, _order("Args", before.get("Args"), action.get("Args"))))
    for template, before in _both(wanted, current, "Templates", "DestPath"):
        one, other = ((side.get("ChangeScript") or {}).get("Args") for side in (before, template))
        if sorted(one or []) == sorted(other or []):
            found.append(_edited("Template", template, _order("ChangeScript.Args", one, other)))
    return [one for one in found if one]


def _order(name: str, old: Sequence[str] | None, new: Sequence[str] | None) -> list[Json]:
    if (old or []) == (new or []):
        return []
    return [{"Type": "Edited", "Name": name, "Old": json.dumps(old or []), "New": json.dumps(new or [])}]


def _edited(name: str, part: Json, fields: list[Json]) -> Json | None:
    return {**_object(name, part), "Fields": fields} if fields else None


def _object(name: str, part: Json) -> Json:
    return {"Type": "Edited", "Name": name, "Label": part.get("Name") or part.get("DestPath") or ""}


def _given(block: Json) -> Json:
    return {key: value for key, value in block.items() if value is not None}


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as Nomad's diff writes them; nothing for those that are empty."""
    return {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in values.items()
        if value is not None and value != "" and not isinstance(value, list | dict)
    }
