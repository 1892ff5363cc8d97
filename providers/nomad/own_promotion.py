"""Canaries that `up` promotes itself, because Nomad would not wait for their checks.

With `update.health_check = "task_states"` (or "manual") an instance counts as healthy for Nomad whatever its checks
answer, and so does one whose check has `on_update = "ignore"`. Nomad would promote such canaries, and stop the old
instances, before anything of the new version can serve. Such a job is registered with auto_promote off, and `up`
promotes when the checks pass.
"""

from collections.abc import Collection, Iterator
from typing import Any

from providers.nomad.client import Json

_IGNORED = "ignore"
"""`on_update` of a check that Nomad does not wait for (Nomad `service > check > on_update`)."""

_CHECKS = "checks"
"""`update.health_check`, the default: Nomad waits for the checks."""


def update_of(job: Json, group: Json) -> Json:
    """A group's update block with what it takes over from the job's."""
    update: dict[str, Any] = {**(job.get("Update") or {})}
    update.update({key: value for key, value in (group.get("Update") or {}).items() if value is not None})
    return update


def services(group: Json) -> Iterator[Json]:
    """The services of a group and of its tasks."""
    for owner in (group, *(group.get("Tasks") or [])):
        yield from owner.get("Services") or []


def unawaited(job: Json, group: Json) -> list[Json]:
    """The services of a group with a check that Nomad does not wait for before it calls an instance healthy."""
    if job.get("Type") in ("batch", "sysbatch"):
        return []
    waits = (update_of(job, group).get("HealthCheck") or _CHECKS) == _CHECKS
    return [
        service
        for service in services(group)
        if any(
            not waits or (check.get("OnUpdate") or service.get("OnUpdate")) == _IGNORED
            for check in service.get("Checks") or []
        )
    ]


def reason(job: Json, group: Json) -> str:
    """Why Nomad does not wait for the checks of a group, in the words of its job."""
    health_check = update_of(job, group).get("HealthCheck") or _CHECKS
    return f'health_check is "{health_check}"' if health_check != _CHECKS else 'a check has on_update = "ignore"'


def promoted_by_up(job: Json) -> frozenset[str]:
    """The groups whose canaries `up` promotes where it can: all that Nomad would promote, if one is not waited for.

    Nomad promotes the canaries of all groups together, or none. None for a job of the wrong form, which Nomad refuses.
    """
    try:
        automatic = {group["Name"]: group for group in job.get("TaskGroups") or [] if _is_automatic(job, group)}
        return frozenset(automatic if any(unawaited(job, group) for group in automatic.values()) else ())
    except (AttributeError, KeyError, TypeError):
        return frozenset()


def can_be_judged(job: Json, *, consul: bool) -> bool:
    """Whether `up` can ask for the checks that Nomad does not wait for. `consul`: whether Consul's address is known."""
    return all(
        service.get("Provider") == "nomad" or (consul and "${" not in str(service.get("Name") or ""))
        for group in job.get("TaskGroups") or []
        if _is_automatic(job, group)
        for service in unawaited(job, group)
    )


def held(job: Json, groups: frozenset[str]) -> Json:
    """The job with auto_promote off in these groups."""
    return _with_auto_promote(job, groups, False)


def held_as(job: Json, groups: frozenset[str], current: Json | None) -> Json:
    """The job with auto_promote off in those of the groups in which it is off in `current`, too."""
    return _with_auto_promote(job, groups & _by_hand(current or {}), False)


def released(job: Json, groups: frozenset[str]) -> Json:
    """The registered job with auto_promote on in those of the groups in which `held` has put it off."""
    return _with_auto_promote(job, groups & _by_hand(job), True)


def _by_hand(job: Json) -> set[str]:
    """The groups with canaries that Nomad does not promote."""
    return {
        group["Name"]
        for group in job.get("TaskGroups") or []
        if (group.get("Update") or {}).get("Canary") and not (group.get("Update") or {}).get("AutoPromote")
    }


def _with_auto_promote(job: Json, groups: Collection[str], value: bool) -> Json:
    if not groups:
        return job
    changed = [
        {**group, "Update": {**(group.get("Update") or {}), "AutoPromote": value}} if group["Name"] in groups else group
        for group in job.get("TaskGroups") or []
    ]
    return {**job, "TaskGroups": changed}


def _is_automatic(job: Json, group: Json) -> bool:
    update = update_of(job, group)
    return bool(update.get("Canary") and update.get("AutoPromote")) and job.get("Type") not in ("batch", "sysbatch")
