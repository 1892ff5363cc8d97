"""The outputs of pulumi_nomad.Job from Nomad's job and deployment."""

from typing import Any

from providers.nomad.client import Json
from providers.nomad.spec import OWNER_KEY
from providers.properties import UNKNOWN, Properties

DEFAULTS: dict[str, Any] = {
    "deregisterOnDestroy": True,
    "deregisterOnIdChange": True,
    "detach": False,
    "json": False,
    "policyOverride": False,
    "preserveCounts": False,
    "purgeOnDestroy": False,
    "readAllocationIds": False,
    "rerunIfDead": False,
}
"""Inputs that are absent.

All as the SDK says, except `detach`: here a rollout is followed unless the program says otherwise.
"""

INPUT_NAMES = frozenset({*DEFAULTS, "jobspec", "hcl2"})

# What a registration changes; the rest is known at preview.
_COMPUTED = (
    "deploymentId",
    "deploymentStatus",
    "modifyIndex",
    "stable",
    "status",
    "statusDescription",
    "submitTime",
    "version",
)


def setting(inputs: Properties, name: str) -> Any:
    """An input, or its default."""
    return inputs.get(name, DEFAULTS.get(name))


def of_job(inputs: Properties, job: Json, deployment: Json | None, allocation_ids: list[str]) -> Properties:
    """All outputs for a registered job."""
    values = {**DEFAULTS, **_given(inputs)}
    values.update(
        name=job["Name"],
        namespace=job["Namespace"],
        region=job.get("Region") or "global",
        type=job["Type"],
        priority=job.get("Priority"),
        allAtOnce=bool(job.get("AllAtOnce")),
        datacenters=job.get("Datacenters") or [],
        constraints=[
            {"ltarget": c.get("LTarget"), "operand": c.get("Operand"), "rtarget": c.get("RTarget")}
            for c in job.get("Constraints") or []
        ],
        createIndex=job["CreateIndex"],
        modifyIndex=str(job["JobModifyIndex"]),
        parentId=job.get("ParentID") or "",
        stable=bool(job.get("Stable")),
        status=job.get("Status") or "",
        statusDescription=job.get("StatusDescription") or "",
        stop=bool(job.get("Stop")),
        # A text, as the SDK says: nanoseconds since 1970 do not fit a number of JavaScript's.
        submitTime=str(job.get("SubmitTime") or 0),
        version=job.get("Version") or 0,
        periodicConfigs=_periodic(job.get("Periodic")),
        taskGroups=[_group(group) for group in job.get("TaskGroups") or []],
        updateStrategies=_strategies(job.get("Update")),
        deploymentId=(deployment or {}).get("ID") or "",
        deploymentStatus=(deployment or {}).get("Status") or "",
        allocationIds=allocation_ids,
    )
    return Properties(values, _secret_outputs(inputs))


def predicted(inputs: Properties, outputs: Properties | None) -> Properties:
    """What is known of the outputs before the update: everything that a registration does not change."""
    known = dict(outputs.values) if outputs else {}
    values = {**known, **DEFAULTS, **_given(inputs)}
    for name in _COMPUTED:
        values[name] = UNKNOWN
    if outputs is None:
        for name in (
            "name",
            "namespace",
            "region",
            "type",
            "createIndex",
            "taskGroups",
            "datacenters",
            "allocationIds",
        ):
            values[name] = UNKNOWN
    elif inputs.get("jobspec") != outputs.get("jobspec"):
        for name in ("taskGroups", "datacenters", "constraints", "updateStrategies", "periodicConfigs", "priority"):
            values[name] = UNKNOWN
    return Properties(values, _secret_outputs(inputs))


def kept(inputs: Properties, outputs: Properties) -> Properties:
    """The outputs of a job that stays as it was, under other settings."""
    return Properties({**outputs.values, **DEFAULTS, **_given(inputs)}, _secret_outputs(inputs))


def _given(inputs: Properties) -> dict[str, Any]:
    return {name: inputs.values[name] for name in INPUT_NAMES if inputs.get(name) is not None}


def _secret_outputs(inputs: Properties) -> frozenset[str]:
    # Meta of groups and tasks stands in taskGroups: it is as secret as the jobspec it comes from.
    return inputs.secrets | ({"taskGroups", "constraints"} if {"jobspec", "hcl2"} & inputs.secrets else set())


def _periodic(periodic: Json | None) -> list[Json]:
    if not periodic:
        return []
    return [
        {
            "enabled": periodic.get("Enabled"),
            "prohibitOverlap": periodic.get("ProhibitOverlap"),
            "spec": periodic.get("Spec"),
            "specType": periodic.get("SpecType"),
            "timezone": periodic.get("TimeZone"),
        }
    ]


def _strategies(update: Json | None) -> list[Json]:
    if not update or not update.get("MaxParallel"):
        return []
    return [
        {
            "autoRevert": update.get("AutoRevert"),
            "canary": update.get("Canary"),
            "healthCheck": update.get("HealthCheck"),
            "healthyDeadline": _duration(update.get("HealthyDeadline")),
            "maxParallel": update.get("MaxParallel"),
            "minHealthyTime": _duration(update.get("MinHealthyTime")),
            "stagger": _duration(update.get("Stagger")),
        }
    ]


def _duration(nanoseconds: int | None) -> str | None:
    return None if nanoseconds is None else f"{nanoseconds / 1e9:g}s"


def _group(group: Json) -> Json:
    return {
        "name": group["Name"],
        "count": group.get("Count"),
        "meta": _meta(group.get("Meta")),
        "tasks": [
            {
                "name": task["Name"],
                "driver": task.get("Driver"),
                "meta": _meta(task.get("Meta")),
                "volumeMounts": [
                    {"volume": m.get("Volume"), "destination": m.get("Destination"), "readOnly": m.get("ReadOnly")}
                    for m in task.get("VolumeMounts") or []
                ],
            }
            for task in group.get("Tasks") or []
        ],
        "updateStrategies": _strategies(group.get("Update")),
        "volumes": [
            {"name": n, "type": v.get("Type"), "source": v.get("Source"), "readOnly": v.get("ReadOnly")}
            for n, v in sorted((group.get("Volumes") or {}).items())
        ],
    }


def _meta(meta: Json | None) -> Json:
    return {key: value for key, value in (meta or {}).items() if key != OWNER_KEY}
