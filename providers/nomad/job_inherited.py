"""What a part of a job takes from another part of it, as Nomad does when it reads a job.

Sources: Nomad `api` (Canonicalize of Job, TaskGroup, Task, Service) and `structs` (Canonicalize of Service,
ServiceCheck, Task); what its admission hooks add is `filled_in`'s.
"""

import re
from pathlib import PurePosixPath
from typing import Any

from providers.nomad.client import Json
from providers.nomad.job_of_the_mesh import without_exposed_paths, without_sidecar_ports

SECOND = 10**9

_UPDATE: Json = {
    "MaxParallel": 1,
    "Stagger": 30 * SECOND,
    "HealthCheck": "checks",
    "MinHealthyTime": 10 * SECOND,
    "HealthyDeadline": 300 * SECOND,
    "ProgressDeadline": 600 * SECOND,
}
_MIGRATE: Json = {
    "MaxParallel": 1,
    "HealthCheck": "checks",
    "MinHealthyTime": 10 * SECOND,
    "HealthyDeadline": 300 * SECOND,
}
_RESTART: Json = {"Delay": 15 * SECOND, "Mode": "fail", "RenderTemplates": False}
_RESTART_LASTING: Json = {**_RESTART, "Attempts": 2, "Interval": 1800 * SECOND}
_RESTART_BATCH: Json = {**_RESTART, "Attempts": 3, "Interval": 86_400 * SECOND}
_RESCHEDULE: dict[str, Json] = {
    "service": {"Delay": 30 * SECOND, "DelayFunction": "exponential", "MaxDelay": 3600 * SECOND, "Unlimited": True},
    "batch": {"Attempts": 1, "Interval": 86_400 * SECOND, "Delay": 5 * SECOND, "DelayFunction": "constant"},
}
_IGNORED = ("MaxClientDisconnect", "PreventRescheduleOnLost", "StopAfterClientDisconnect")
"""Keys of a group that Nomad reads and ignores since 1.10 (see jobspec_keys.removed)."""


def complete(job: Json) -> Json:
    """The job with everything in its place that its parts take from each other. The given one is not changed."""
    kind = job.get("Type") or "service"
    own = given(job.get("Update"))
    update = {**_UPDATE, **own} if any(own.values()) else _UPDATE if kind in ("service", "system") else None
    groups = [_group(group, job, kind, update) for group in job.get("TaskGroups") or []]
    rest = {key: value for key, value in job.items() if key not in ("Reschedule", "Migrate", "ConsulNamespace")}
    # Nomad keeps these two of the job's own, and only where instances are replaced one after the other.
    rolling = {key: update[key] for key in ("MaxParallel", "Stagger")} if update and update["MaxParallel"] else None
    return {**rest, "Type": kind, "Update": rolling, "TaskGroups": groups}


def given(block: Any) -> Json:
    """The keys of a block that are set."""
    return {key: value for key, value in (block or {}).items() if value is not None}


def _group(group: Json, job: Json, kind: str, update: Json | None) -> Json:
    found = {key: value for key, value in group.items() if key not in _IGNORED}
    scaling = given(group.get("Scaling"))
    count = group.get("Count")
    if count is None:
        count = scaling.get("Min", 1)
    found["Count"] = count
    if group.get("Scaling") is not None:
        found["Scaling"] = {"Min": count, **scaling}
    if update is not None or group.get("Update") is not None:
        found["Update"] = {**_UPDATE, **(update or {}), **given(group.get("Update"))}
    found["RestartPolicy"] = {
        **(_RESTART_LASTING if kind in ("service", "system") else _RESTART_BATCH),
        **given(group.get("RestartPolicy")),
    }
    for key, outer, default in (
        ("ReschedulePolicy", "Reschedule", _RESCHEDULE.get(kind)),
        ("Migrate", "Migrate", _MIGRATE if kind == "service" else None),
    ):
        own = {**given(job.get(outer)), **given(group.get(key))}
        if default is not None or own:
            found[key] = {**(default or (_MIGRATE if key == "Migrate" else {})), **own}
    if group.get("Consul") is not None and not group["Consul"].get("Namespace"):
        found["Consul"] = {**given(group["Consul"]), "Namespace": job.get("ConsulNamespace")}
    if isinstance(group.get("Volumes"), dict):
        # Nomad leaves out the others.
        found["Volumes"] = {key: one for key, one in group["Volumes"].items() if one and one.get("Type") in _VOLUMES}
    tasks = [_task(task, found, job) for task in group.get("Tasks") or []]
    alone = tasks[0].get("Name") if len(tasks) == 1 else None
    services = [_service(service, job, group, None, alone) for service in group.get("Services") or []]
    networks = without_sidecar_ports(group)
    return {"EphemeralDisk": {}, **given({**found, "Networks": networks}), "Tasks": tasks, "Services": services}


def _task(task: Json, group: Json, job: Json) -> Json:
    found = {"LogConfig": {}, **given(task)}
    found["Resources"] = _resources(given(task.get("Resources")))
    found["RestartPolicy"] = {**group["RestartPolicy"], **given(task.get("RestartPolicy"))}
    if not found.get("KillTimeout"):
        found.pop("KillTimeout", None)
    if task.get("Vault") is not None and not task["Vault"].get("Namespace"):
        found["Vault"] = {**given(task["Vault"]), "Namespace": job.get("VaultNamespace")}
    found["Services"] = [_service(one, job, group, str(task.get("Name")), None) for one in task.get("Services") or []]
    found["Artifacts"] = [_artifact(given(one)) for one in task.get("Artifacts") or []]
    found["Templates"] = [_template(given(one)) for one in task.get("Templates") or []]
    found["VolumeMounts"] = _mounts(task.get("VolumeMounts"))
    found["ScalingPolicies"] = [{"Min": 0, **given(one)} for one in task.get("ScalingPolicies") or []]
    identities = [given(one) for one in task.get("Identities") or []]
    default = [one for one in identities if one.get("Name") in (None, "", "default")] or [given(task.get("Identity"))]
    found["Identities"] = [one for one in identities if one.get("Name") not in (None, "", "default")]
    # Nomad gives the default identity its own audience, whatever is written.
    found["Identity"] = {key: value for key, value in default[0].items() if key != "Audience"}
    return found


def _mounts(mounts: Any) -> list[Json]:
    """The mounts without those that name no volume, which Nomad leaves out."""
    return [mount for mount in mounts or [] if mount.get("Volume") is not None]


def _resources(resources: Json) -> Json:
    return {"CPU": 0 if resources.get("Cores") is not None and resources["Cores"] > 0 else 100, **resources}


def _artifact(artifact: Json) -> Json:
    if artifact.get("RelativeDest") is not None:
        return artifact
    source = str(artifact.get("GetterSource", ""))
    name = PurePosixPath(source).name if artifact.get("GetterMode") == "file" else ""
    return {**artifact, "RelativeDest": f"local/{name}"}


def _template(template: Json) -> Json:
    if template.get("ChangeSignal") is None and template.get("ChangeMode") == "signal":
        return {**template, "ChangeSignal": "SIGHUP"}
    return template


_VOLUMES = ("host", "csi")
_NAMED_BY_NOMAD = ("Name", "ServiceName")
_OWN = re.compile(r"\$\{(JOB|TASKGROUP|TASK|BASE)\}")


def _service(service: Json, job: Json, group: Json, task: str | None, alone: str | None) -> Json:
    """A service of the group, or of `task`; `alone`: the name of the group's only task."""
    found = given(service)
    names = {"JOB": job.get("Name") or job.get("ID"), "TASKGROUP": group.get("Name"), "TASK": task or "group"}
    names["BASE"] = "-".join(str(name) for name in names.values())
    name = found.get("Name") or "-".join(str(n) for n in (names["JOB"], names["TASKGROUP"], task) if n)
    found["Name"] = _OWN.sub(lambda match: str(names[match[1]]), name)
    connect = found.get("Connect")
    native = bool(connect and connect.get("Native"))
    found["TaskName"] = found.get("TaskName") or task or (alone if native else None)
    if connect:
        found["Connect"] = _connect(given(connect))
    if not found.get("PortLabel") and connect and (connect.get("Gateway") or {}).get("Terminating") is not None:
        found["PortLabel"] = f"connect-terminating-{found['Name']}"
    if found.get("Identity") is not None:
        # Nomad names it after the service.
        found["Identity"] = {key: value for key, value in found["Identity"].items() if key not in _NAMED_BY_NOMAD}
    restart = found.pop("CheckRestart", None)
    found["Checks"] = [_check(given(check), found, restart) for check in service.get("Checks") or []]
    return without_exposed_paths(found, group.get("Networks"))


def _check(check: Json, service: Json, restart: Json | None) -> Json:
    found = {**check, "OnUpdate": check.get("OnUpdate") or service.get("OnUpdate")}
    if restart is not None or check.get("CheckRestart") is not None:
        # Of `Limit` and `IgnoreWarnings`, Nomad cannot tell a zero from nothing.
        own = {key: value for key, value in given(check.get("CheckRestart")).items() if value or key == "Grace"}
        found["CheckRestart"] = {**given(restart), **own}
    if check.get("Name") == f'service: "{service["Name"]}" check':
        del found["Name"]
    if check.get("TaskName") == service["TaskName"]:
        found.pop("TaskName", None)
    return found


def _connect(connect: Json) -> Json:
    """Older names of two keys taken for the new ones; what the settings of a sidecar's task always hold."""
    found = dict(connect)
    if (task := given(connect.get("SidecarTask"))) or connect.get("SidecarTask") is not None:
        found["SidecarTask"] = {
            "KillTimeout": 5 * SECOND,
            "ShutdownDelay": 0,
            "LogConfig": {},
            **task,
            "Resources": _resources(given(task.get("Resources"))),
            "VolumeMounts": _mounts(task.get("VolumeMounts")),
        }
    if connect.get("Gateway") is not None:
        found["Gateway"] = {"Proxy": {}, **given(connect["Gateway"])}
    sidecar = given(connect.get("SidecarService"))
    if proxy := given(sidecar.get("Proxy")):
        expose = given(proxy.pop("ExposeConfig", None) or proxy.get("Expose"))
        if expose:
            paths = expose.pop("Path", None) or expose.get("Paths")
            proxy["Expose"] = {**expose, "Paths": paths}
        proxy["Upstreams"] = [_upstream(given(one)) for one in proxy.get("Upstreams") or []]
        found["SidecarService"] = {**sidecar, "Proxy": proxy}
    return found


def _upstream(upstream: Json) -> Json:
    if not any((upstream.get("MeshGateway") or {}).values()):
        # The server cannot tell an empty block from none.
        upstream.pop("MeshGateway", None)
    return upstream
