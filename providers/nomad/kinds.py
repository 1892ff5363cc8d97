"""What Nomad does with a job of each kind: those that start later, that run to their end, that run on every node."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from providers.nomad.client import Json
from providers.words import counted

ENDS = frozenset({"batch", "sysbatch"})
"""Types of jobs whose instances run to their end."""

EVERYWHERE = frozenset({"system", "sysbatch"})
"""Types of jobs that have an instance on each node."""


def starts_later(job: Json) -> bool:
    """Whether a registration starts nothing: a periodic job waits for its time, a parameterized one for a dispatch."""
    return job.get("Periodic") is not None or job.get("ParameterizedJob") is not None


def never_starts(job: Json) -> bool:
    """Whether a job is periodic and disabled."""
    return (job.get("Periodic") or {}).get("Enabled") is False


def later_line(job: Json, plan: Json, *, new: bool) -> str:
    """What a registration of a job that starts later means, and for what time a periodic one is due next."""
    kept = "" if new else "; the change is for them, and runs that go on keep the version they have"
    if job.get("ParameterizedJob") is not None:
        return f"nothing starts now: runs are dispatched{kept}"
    if never_starts(job):
        return "nothing starts: periodic.enabled is false"
    due = next_launch(job, plan)
    return f"nothing starts now: runs are launched {_specs(job)}{f', the next at {due}' if due else ''}{kept}"


def next_launch(job: Json, plan: Json) -> str:
    """`2026-11-29 05:00 UTC`; "" where Nomad does not say."""
    try:
        due = datetime.fromisoformat(str(plan.get("NextPeriodicLaunch") or ""))
    except ValueError:
        return ""
    if due.year <= 1:
        return ""
    zone = (job.get("Periodic") or {}).get("TimeZone") or "UTC"
    return f"{due:%Y-%m-%d %H:%M} {zone}"


def _specs(job: Json) -> str:
    return " and ".join(f'"{spec}"' for spec in _crons(job["Periodic"])) or "by its schedule"


def _crons(periodic: Json) -> list[str]:
    specs = [periodic.get("Spec"), *(periodic.get("Specs") or [])]
    return [str(spec) for spec in specs if spec]


def misread_crons(job: Json) -> Iterator[str]:
    """A sentence for each cron expression of six fields: some take the first for seconds, Nomad the last for the year.

    Source: hashicorp/cronexpr.
    """
    for spec in _crons(job.get("Periodic") or {}):
        if len(spec.split()) == 6:
            yield (
                f'periodic: "{spec}" has six fields, of which Nomad takes the first for minutes and the last for the '
                "year. To give seconds, write seven fields, the year last."
            )


def waits_text(job: Json) -> str:
    """What becomes of a job that is registered though nothing of it can be placed now."""
    registered = "It is registered all the same (nomad:waitForPlace) and"
    if job.get("Type") in EVERYWHERE:
        return f"{registered} runs on each node as soon as there is a place."
    if job.get("Type") in ENDS:
        return f"{registered} runs as soon as there is a place, however long that takes."
    return f"{registered} waits for a place, until its progress deadline."


def later_text(job: Json) -> str:
    """Why a job that starts later is registered though nothing of it could be placed now."""
    if job.get("ParameterizedJob") is not None:
        return (
            "A parameterized job starts nothing until it is dispatched, so it is registered all the same; a run that "
            "is dispatched now waits for a place."
        )
    return (
        "A periodic job starts nothing until it is due, so it is registered all the same; a run that is launched "
        "while this lasts waits for a place."
    )


PARTLY = "Nomad runs it on the other nodes, and on these as soon as there is a place; it is registered all the same."
"""What becomes of a system job that some nodes cannot take."""


def of_runs(plan: Json, allocations: Iterable[Json]) -> Iterator[tuple[bool, str]]:
    """For each group of a job whose instances run to their end: whether it is a warning, and what becomes of them."""
    updates: dict[str, dict[str, Any]] = (plan.get("Annotations") or {}).get("DesiredTGUpdates") or {}
    known = list(allocations)
    for name, counts in sorted(updates.items()):
        its = [a for a in known if a["TaskGroup"] == name]
        ended = sum(a["ClientStatus"] in ("complete", "failed", "lost") for a in its)
        stopped = int(counts.get("DestructiveUpdate") or 0)
        if stopped:
            verb = "is" if stopped == 1 else "are"
            text = f"{counted(stopped, 'running instance')} {verb} stopped before the end, and"
            yield True, f"group {name}: {text} the new version runs from its beginning"
        if ended and (placed := int(counts.get("Place") or 0)):
            yield False, f"group {name}: runs again, {counted(placed, 'instance')}: what ran before has ended"
        gone = int(counts.get("Stop") or 0)
        if gone and not counts.get("Place") and not stopped:
            verb = "is" if gone == 1 else "are"
            yield True, f"group {name}: {counted(gone, 'running instance')} {verb} stopped before the end"


def of_nodes(job: Json, plan: Json) -> Iterator[tuple[bool, str]]:
    """For each group of a system job: whether it is a warning, and how its instances change.

    On each node the old instance stops before the new one starts, a canary's, too.
    """
    updates: dict[str, dict[str, Any]] = (plan.get("Annotations") or {}).get("DesiredTGUpdates") or {}
    groups = {group["Name"]: group for group in job.get("TaskGroups") or []}
    for name, counts in sorted(updates.items()):
        replaced, first = int(counts.get("DestructiveUpdate") or 0), int(counts.get("Canary") or 0)
        if not replaced:
            continue
        if first:
            others = max(0, replaced - first)
            keep = f"{counted(others, 'other node')} {'keeps' if others == 1 else 'keep'} serving until then"
            text = f"{counted(first, 'node')} of {replaced} {'gets' if first == 1 else 'get'} the new version first"
            yield not others, f"group {name}: {text}, its old instance stopped before; {keep}"
            continue
        update = {**(job.get("Update") or {}), **(groups.get(name, {}).get("Update") or {})}
        at_once = min(replaced, int(update.get("MaxParallel") or replaced))
        keep = f"{replaced - at_once} {'keeps' if replaced - at_once == 1 else 'keep'} serving meanwhile"
        text = f"on {counted(replaced, 'node')} the instance is replaced, {at_once} at a time"
        yield at_once == replaced, f"group {name}: {text}, each stopped before its successor starts; {keep}"
