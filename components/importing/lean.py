"""A job with all that Nomad fills in, and without.

What Nomad fills in is known to the provider, which compares jobs by it: providers/nomad/job_normal.py.
"""

from collections.abc import Callable, Mapping
from typing import Any

from components.jobspec import Job
from providers.nomad.additions import inner
from providers.nomad.job_inherited import SECOND, complete
from providers.nomad.job_normal import DEFAULTS
from providers.nomad.job_types import PLAIN, Type, fields

Lean = Callable[[Job], Job]
"""A job without what Nomad fills in by itself."""

_POLICIES = ("EphemeralDisk", "Migrate", "ReschedulePolicy", "RestartPolicy", "Update")
"""Blocks of a group that Nomad fills in by the job's type and the job's own blocks."""
_ROLLING = {"MaxParallel": 1, "Stagger": 30 * SECOND}
"""What Nomad takes for the job's own update."""


def filled(job: Mapping[str, Any]) -> Job:
    """The job with all that Nomad fills in."""
    return _filled("Job", complete(dict(job)))


def lean_for(job: Job) -> Lean:
    """What takes from this job, and from another in its place, all that Nomad fills in."""
    # What else the job says for its groups is theirs, when Nomad has read it.
    group = {"Name": "-", "Tasks": [{"Name": "-", "Driver": "-"}]}
    usual_job = {"ID": "-", "Type": job.get("Type"), "Update": filled(job).get("Update"), "TaskGroups": [group]}
    usual = filled(usual_job)["TaskGroups"][0]

    def lean(given: Job) -> Job:
        whole = filled(given)
        found = _without_defaults("Job", whole)
        groups = zip(whole.get("TaskGroups") or [], found.get("TaskGroups") or [], strict=True)
        return {
            **_said({**found, "Update": _rest(whole.get("Update"), _ROLLING)}, "Update"),
            "TaskGroups": [_lean_group(one, bare, usual) for one, bare in groups],
        }

    return lean


_USUAL = {
    **DEFAULTS,
    "ServiceCheck": {},
    "TaskGroup": {"Count": 1},
}
"""What goes without saying in each struct."""


def _lean_group(whole: Job, bare: Job, usual: Job) -> Job:
    policies = {key: _rest(whole.get(key), usual.get(key)) for key in _POLICIES}
    tasks = zip(whole.get("Tasks") or [], bare.get("Tasks") or [], strict=True)
    return _said({**bare, **policies, "Tasks": [_lean_task(one, it, whole) for one, it in tasks]}, *_POLICIES)


def _lean_task(whole: Job, bare: Job, group: Job) -> Job:
    resources = dict(bare.get("Resources") or {})
    if resources.get("CPU") == 100 and not resources.get("Cores"):
        del resources["CPU"]
    more = {"Resources": resources, "RestartPolicy": _rest(whole.get("RestartPolicy"), group.get("RestartPolicy"))}
    return _said({**bare, **more}, "LogConfig", "Identity", *more)


def _filled(struct: str, value: Mapping[str, Any]) -> Job:
    known = fields(struct)
    given = {key: item for key, item in value.items() if item is not None and not _is_unset(item, known.get(key))}
    return inner(struct, {**DEFAULTS.get(struct, {}), **given}, _filled)


def _is_unset(item: Any, type_: Type | None) -> bool:
    """Whether a value that is empty, zero or false is the same as none to Nomad's API."""
    return type_ is not None and type_.kind in PLAIN and not item and not type_.unset


def _without_defaults(struct: str, value: Mapping[str, Any]) -> Job:
    usual, known = _USUAL.get(struct, {}), fields(struct)
    kept = {key: item for key, item in value.items() if not _goes_without_saying(item, usual.get(key), known.get(key))}
    if struct == "Service":
        # A check has it from its service.
        kept["Checks"] = [_rest(it, {"OnUpdate": value.get("OnUpdate")}) for it in value.get("Checks") or []]
    return _said(inner(struct, kept, _without_defaults), "Checks")


def _goes_without_saying(item: Any, usual: Any, type_: Type | None) -> bool:
    """Whether a value is what Nomad takes where there is none."""
    if usual is not None:
        return bool(item == usual)
    if type_ is None or type_.kind == "struct":
        return item in ([], "", None) or (item == {} and type_ is not None and type_.many == "{}")
    return not item and (type_.unset != "?" or item is None or type_.kind in ("list", "map"))


def _rest(block: Mapping[str, Any] | None, usual: Mapping[str, Any] | None) -> Job:
    """What a block says otherwise than usual."""
    given = usual or {}
    return {key: item for key, item in (block or {}).items() if (item or None) != (given.get(key) or None)}


def _said(block: Job, *keys: str) -> Job:
    """The block without those below these keys that say nothing: they are there anyway."""
    return {key: item for key, item in block.items() if key not in keys or item}
