"""Whether a preview says what it should of a change, and nothing else."""

from typing import Any

from providers.nomad.counts import is_autoscaled
from providers.nomad.drift import content
from providers.nomad.job_difference import Found, differences
from providers.nomad.job_types import PLAIN, fields
from tests.cluster.full_blocks import Json
from tests.cluster.job_changes import JobChange
from tests.cluster.job_places import Place, names_of
from tests.cluster.provider import Shown

INHERITED = {
    "Update": {"Update"},
    "Reschedule": {"ReschedulePolicy"},
    "Migrate": {"Migrate"},
}
"""Keys of the job that its groups take over, and under which names they show there."""


def different(current: Json, wanted: Json) -> list[Any]:
    """What the comparison itself finds, without any help of Nomad's; not in the job's plain keys, which are Nomad's."""
    return [
        one
        for one in differences(current, wanted)
        if not one.change.is_mark
        and (one.change.path or one.key not in fields("Job") or fields("Job")[one.key].kind not in PLAIN)
        and not _is_of_the_mesh(one.change.path)
        and not _is_the_autoscalers(one, wanted)
    ]


def _is_the_autoscalers(found: Found, wanted: Json) -> bool:
    """Whether a count is within the bounds of its group's scaling, and so not the program's."""
    for group in wanted.get("TaskGroups") or []:
        if found.key == "Count" and found.change.path == (f"group {group['Name']}",) and is_autoscaled(group):
            least, most = group["Scaling"].get("Min") or 0, group["Scaling"].get("Max")
            return least <= int(found.change.old) and (most is None or int(found.change.old) <= most)
    return False


def _is_of_the_mesh(path: tuple[str, ...]) -> bool:
    return any(part.startswith(("task connect-", "task proxy")) for part in path)


_INDEXES = ("CreateIndex", "ModifyIndex")
"""Keys of a scaling policy that Nomad sets when it looks at it."""


def held(job: Json) -> Any:
    """What a registered job holds, where nothing and an empty list or map are the same."""
    return _held(content(job))


def _held(value: Any) -> Any:
    if isinstance(value, dict):
        items = {key: _held(item) for key, item in value.items() if key not in _INDEXES}
        return {key: item for key, item in items.items() if item not in (None, {}, [])}
    return [_held(item) for item in value] if isinstance(value, list) else value


def judged(change: JobChange, shown: list[Shown]) -> list[str]:
    """What is wrong with the lines of a preview."""
    if not change.counts:
        return ["another order is shown"]
    place = change.place
    part = place.part(change.job)
    where = ", ".join(part)
    if (place.struct in ("TaskGroup", "Task") and place.key == "Name") or place.key in ("TaskGroups", "Tasks"):
        return [] if any(line.whole.startswith("the whole ") for line in shown) else ["nothing is said of the whole"]
    if place.top in INHERITED and not part:
        return [] if any(line.whole.split(".")[0] in INHERITED[place.top] for line in shown) else ["is not named"]
    wrong = [line for line in shown if line.where != where or not _is_under(line, place)]
    # What Nomad adds for a service of the mesh comes and goes with it, under the name that its sidecar_task may give.
    wrong = [
        line
        for line in wrong
        if not (line.whole == "the whole task" and ("task connect-" in line.where or place.top == "Services"))
    ]
    # A count outside of the new bounds of an autoscaler is moved into them.
    wrong = [line for line in wrong if not (place.top == "Scaling" and (line.where, line.whole) == (where, "Count"))]
    named = [line for line in shown if line.where == where and _is_under(line, place)]
    return ([f"something else is shown too ({wrong})"] if wrong and not _follows(place) else []) + (
        [] if named else ["is not named"]
    )


def _is_under(line: Shown, place: Place) -> bool:
    top = line.whole.replace("[", ".").replace("(", ".").split(".")[0]
    return any(top in (name, f"{name} order") for name in names_of(_top(place)))


def _top(place: Place) -> Place:
    struct = ("Job", "TaskGroup", "Task")[sum(step in ("TaskGroups", "Tasks") for step in place.steps)]
    return Place((), struct, place.top, fields(struct)[place.top], place.top)


def _follows(place: Place) -> bool:
    """Whether other parts of a job change with a key, as tasks of the mesh do with a service's settings."""
    return place.name in ("Service.Provider", "Service.Connect", "Task.Driver") or place.struct in (
        "ConsulConnect",
        "SidecarTask",
    )
