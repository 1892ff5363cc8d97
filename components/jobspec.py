"""A service as a Nomad job, in the JSON of Nomad's HTTP API. Pure: equal arguments give equal jobs."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from components.service_model import Check, Service

Job = dict[str, Any]

BUILT_IMAGE_META = {"caravan_image": "built"}
"""On a task whose image this program builds, so that a preview does not look for it in the registry yet."""

SERVICES_META = "caravan_services"
"""On a group: a fingerprint of its Consul checks. Nomad changes checks in place, on the instances that serve, and a
wrong one would take them out of Consul; a change of meta goes through a canary instead."""


@dataclass(frozen=True)
class Placement:
    """Where in Nomad a job runs."""

    datacenters: tuple[str, ...] = ("dc1",)
    namespace: str | None = None
    region: str | None = None


def build_job(service: Service, image: str, placement: Placement, *, built: bool) -> Job:
    """The job of a service: one group, one task with the docker driver, registered in Consul.

    Args:
        service: what to run.
        image: the image's reference.
        placement: where to run it.
        built: whether the image is built by this program, and so may be missing in the registry at preview.
    """
    job: Job = {
        "ID": service.name,
        "Name": service.name,
        "Type": "service",
        "Datacenters": list(placement.datacenters),
        "TaskGroups": [_group(service, image, built)],
    }
    if placement.namespace is not None:
        job["Namespace"] = placement.namespace
    if placement.region is not None:
        job["Region"] = placement.region
    return job


def _group(service: Service, image: str, built: bool) -> Job:
    # Services are the group's, so its shutdown delay is the one between leaving Consul and SIGTERM.
    services = [_consul_service(service)]
    group: Job = {
        "Name": service.name,
        "Count": service.count,
        "Meta": {SERVICES_META: _health_fingerprint(services)},
        "ShutdownDelay": _ns(service.shutdown_delay_s),
        "Update": _update(service),
        "RestartPolicy": _restart(service),
        "ReschedulePolicy": _reschedule(service),
        "Services": services,
        "Tasks": [_task(service, image, built)],
    }
    if service.ports:
        group["Networks"] = [_network(service)]
    return group


def _network(service: Service) -> Job:
    network: Job = {}
    for label, port in sorted(service.ports.items()):
        if port.static is None:
            network.setdefault("DynamicPorts", []).append({"Label": label, "To": port.to})
        else:
            network.setdefault("ReservedPorts", []).append({"Label": label, "To": port.to, "Value": port.static})
    return network


def _task(service: Service, image: str, built: bool) -> Job:
    task: Job = {
        "Name": service.name,
        "Driver": "docker",
        "Config": {"image": image, "ports": sorted(service.ports)},
        "Env": _env(service),
        "Resources": _resources(service),
        "KillTimeout": _ns(service.kill_timeout_s),
    }
    if built:
        task["Meta"] = dict(BUILT_IMAGE_META)
    return task


def _env(service: Service) -> Job:
    env = dict(service.env)
    if "http" in service.ports:
        env["PORT"] = str(service.ports["http"].to)
    return env


def _resources(service: Service) -> Job:
    resources: Job = {"CPU": service.resources.cpu_mhz, "MemoryMB": service.resources.memory_mb}
    if service.resources.memory_max_mb is not None:
        resources["MemoryMaxMB"] = service.resources.memory_max_mb
    return resources


def _consul_service(service: Service) -> Job:
    entry: Job = {
        "Name": service.name,
        "Provider": "consul",
        "Tags": [service.name, f"{service.name}@{service.version}", *service.tags],
    }
    label = _advertised_port(service)
    if label is not None:
        entry["PortLabel"] = label
    if service.check is not None:
        entry["Checks"] = [_check(service, service.check)]
    return entry


def _advertised_port(service: Service) -> str | None:
    """The port that clients find in Consul: http, else the checked one, else the first by label."""
    if "http" in service.ports:
        return "http"
    return service.check.port if service.check else min(service.ports, default=None)


def _check(service: Service, check: Check) -> Job:
    entry: Job = {
        "Name": f"{service.name} {check.type}",
        "Type": check.type,
        "PortLabel": check.port,
        "Interval": _ns(check.interval_s),
        "Timeout": _ns(check.timeout_s),
    }
    if check.type == "http":
        entry["Path"] = check.path or "/health"
    return entry


def _update(service: Service) -> Job:
    rollout = service.rollout
    return {
        "MaxParallel": rollout.max_parallel,
        "Canary": rollout.canary,
        "AutoPromote": rollout.promotes,
        "AutoRevert": rollout.auto_revert,
        "HealthCheck": rollout.health_check,
        "MinHealthyTime": _ns(rollout.min_healthy_s),
        "HealthyDeadline": _ns(rollout.healthy_deadline_s),
        "ProgressDeadline": _ns(rollout.progress_deadline_s),
    }


def _restart(service: Service) -> Job:
    restart = service.restart
    return {
        "Attempts": restart.attempts,
        "Interval": _ns(restart.interval_s),
        "Delay": _ns(restart.delay_s),
        "Mode": restart.mode,
    }


def _reschedule(service: Service) -> Job:
    reschedule = service.reschedule
    return {
        "Attempts": reschedule.attempts,
        "Interval": _ns(reschedule.interval_s),
        "Delay": _ns(reschedule.delay_s),
        "DelayFunction": "constant",
        "Unlimited": False,
    }


def _health_fingerprint(services: list[Job]) -> str:
    """Changes with everything that decides whether an instance passes in Consul, and not with tags."""
    deciding = [{key: entry.get(key) for key in ("Name", "PortLabel", "Checks")} for entry in services]
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:12]


def _ns(seconds: float) -> int:
    """Seconds as Nomad's JSON has durations: nanoseconds."""
    return round(seconds * 1_000_000_000)
