"""The group as service.yaml says it; the counterpart of components/jobspec/group.py and its neighbours."""

from collections.abc import Mapping
from typing import Any

from components.importing import consul, tasks
from components.importing.placement import conditions
from components.importing.read import block, parts, said, seconds
from components.jobspec.group import SERVICES_META, SOAK_META
from components.service.tasks import IMAGE_DRIVERS
from components.service_model import MAIN_PORT

Block = Mapping[str, Any]


def group(found: Block, job: Block, name: str, type_: str) -> dict[str, Any]:
    """What a service says of its group and everything in it.

    Args:
        found: the group.
        job: the job that it is of.
        name: the service's.
        type_: the job's.
    """
    all_tasks = parts(found, "Tasks")
    own = _own_task(all_tasks, name)
    process = tasks.process(own)
    ports = _ports(found, own)
    variable = _port_variable(ports)
    volumes = _volumes(found, own)
    image = tasks.image(own)
    meta = block(found, "Meta")
    entry = consul.own_service([*parts(found, "Services")], name) if SERVICES_META in meta else {}
    version, tags = consul.tags(entry, name)
    sets_port = variable is not None and process.get("env", {}).get("PORT") == variable
    if sets_port:
        # Set by the port.
        del process["env"]["PORT"]
    process["resources"] = {**process.get("resources", {}), **_disk(block(found, "EphemeralDisk"))}
    services = {} if entry else consul.registrations(found)
    return {
        "version": version or _version(image),
        **process,
        "image": said(reference=image, floating=tasks.is_floating(image) or None),
        "group_name": found.get("Name"),
        "task_name": own.get("Name"),
        "count": found.get("Count", 1),
        "shutdown_delay_s": seconds(found.get("ShutdownDelay")),
        "registered": bool(entry),
        "port_variable": sets_port,
        "task_shutdown_delay_s": seconds(own.get("ShutdownDelay")) or 0,
        **said(
            ports=ports,
            volumes=volumes,
            tags=tags,
            services=services,
            network=_network(found),
            group_meta=_own_meta(meta),
            task_meta=_own_meta(block(own, "Meta")),
            **conditions(job, found, own),
            tasks={str(task["Name"]): tasks.beside(task, volumes, image) for task in all_tasks if task is not own},
            rollout=_rollout(found, job) if type_ in ("service", "system") else None,
            migrate=_migrate(block(found, "Migrate")),
            disconnect=_disconnect(block(found, "Disconnect")),
            group_consul=isinstance(found.get("Consul"), Mapping) or None,
            restart=_restart(block(found, "RestartPolicy")),
            reschedule=_reschedule(block(found, "ReschedulePolicy")) if type_ in ("service", "batch") else None,
            scaling=_scaling(block(found, "Scaling")),
        ),
        **consul.checks(entry, name),
    }


def another(found: Block, own_image: str | None, type_: str) -> dict[str, Any]:
    """One of `groups`.

    Args:
        found: the group.
        own_image: the reference of the service's own image.
        type_: the job's.
    """
    # What is registered is as others write it: there is no service of the group's own.
    data = group(found, {}, str(found.get("Name")), type_)
    image = data.pop("image")
    for key in ("version", "group_name", "registered", "tags", "check", "checks"):
        data.pop(key, None)
    if image.get("reference") not in (None, own_image):
        data |= said(image=image["reference"], image_floating=image.get("floating"))
    return data


def _own_task(found: Any, name: str) -> Block:
    """The task that is the service: the one of its name, or the leader, or the first that is no help to others."""
    candidates = [task for task in found if not task.get("Lifecycle")] or list(found)
    best = sorted(candidates, key=lambda task: (task.get("Name") != name, not task.get("Leader")))
    return best[0] if best else {}


def _version(image: str | None) -> str:
    """The image's tag, or just 1."""
    name = (image or "").partition("@")[0].rpartition("/")[2]
    tag = name.partition(":")[2]
    return tag or "1"


def _ports(found: Block, own: Block) -> dict[str, Any]:
    networks = parts(found, "Networks")
    maps = own.get("Driver") in IMAGE_DRIVERS and block(own, "Config").get("network_mode") != "host"
    maps = maps or any(str(network.get("Mode")).startswith(("bridge", "cni/")) for network in networks)
    ports = {}
    for network in networks[:1]:
        for port in (*parts(network, "DynamicPorts"), *parts(network, "ReservedPorts")):
            ports[str(port.get("Label"))] = said(
                to=port.get("To") or None,
                static=port.get("Value") or None,
                ignore_collision=port.get("IgnoreCollision") or None,
                host_network=None if port.get("HostNetwork") == "default" else port.get("HostNetwork"),
            )
            if not port.get("To") or not maps:
                ports[str(port.get("Label"))]["mapped"] = False
    return ports


def _port_variable(ports: Mapping[str, Any]) -> str | None:
    """What the port has PORT set to."""
    if MAIN_PORT not in ports:
        return None
    inside = ports[MAIN_PORT].get("to") if ports[MAIN_PORT].get("mapped", True) else None
    return str(inside or f"${{NOMAD_PORT_{MAIN_PORT}}}")


def _network(found: Block) -> dict[str, Any]:
    network = next(iter(parts(found, "Networks")), {})
    dns = block(network, "DNS")
    return said(
        mode=network.get("Mode"),
        hostname=network.get("Hostname"),
        dns=said(**{key.lower(): list(dns.get(key) or []) for key in ("Servers", "Searches", "Options")}),
        cni_args=dict(block(block(network, "CNI"), "Args")),
    )


def _disk(disk: Block) -> dict[str, Any]:
    return said(
        disk_mb=disk.get("SizeMB"), disk_sticky=disk.get("Sticky") or None, disk_migrate=disk.get("Migrate") or None
    )


def _own_meta(meta: Block) -> dict[str, Any]:
    """What is not Caravan's."""
    return {key: value for key, value in meta.items() if not key.startswith("caravan_")}


def _volumes(found: Block, own: Block) -> dict[str, Any]:
    mounts = {mount.get("Volume"): mount for mount in parts(own, "VolumeMounts")}
    volumes = {}
    for name, volume in block(found, "Volumes").items():
        mount = mounts.get(name)
        options = block(volume, "MountOptions")
        csi = volume.get("Type") == "csi"
        volumes[str(name)] = {
            "type": volume.get("Type"),
            "mount": mount.get("Destination") if mount else None,
            **said(
                source=volume.get("Source"),
                read_only=volume.get("ReadOnly"),
                mount_read_only=bool(mount.get("ReadOnly")) if mount else None,
                per_instance=volume.get("PerAlloc"),
                sticky=volume.get("Sticky"),
                access=volume.get("AccessMode"),
                block_device=csi and volume.get("AttachmentMode") == "block-device",
                fs_type=options.get("FSType"),
                mount_flags=list(options.get("MountFlags") or []),
            ),
        }
    return volumes


def _rollout(group: Block, job: Block) -> dict[str, Any]:
    update, meta, whole = block(group, "Update"), block(group, "Meta"), block(job, "Update")
    canary = update.get("Canary") or 0
    soak_s = meta.get(SOAK_META)
    return {
        "canary": canary,
        # With a soak, Nomad never promotes by itself.
        **({"auto_promote": bool(update.get("AutoPromote"))} if soak_s is None else {"soak_s": float(soak_s)}),
        "auto_revert": bool(update.get("AutoRevert")),
        "health_check": update.get("HealthCheck")
        if _has_checks(group)
        else _NO_CHECKS.get(str(update.get("HealthCheck"))),
        "level": "job" if all(whole.get(key) == update.get(key) for key in ("MaxParallel", "Stagger")) else "group",
        **said(
            max_parallel=update.get("MaxParallel"),
            healthy_deadline_s=seconds(update.get("HealthyDeadline")),
            progress_deadline_s=seconds(update.get("ProgressDeadline")),
            stagger_s=seconds(update.get("Stagger")),
        ),
        "min_healthy_s": seconds(update.get("MinHealthyTime")) or 0,
    }


_NO_CHECKS = {"task_states": "task_states"}


def _has_checks(group: Block) -> bool:
    owners = (group, *parts(group, "Tasks"))
    return any(parts(service, "Checks") for owner in owners for service in parts(owner, "Services"))


def _migrate(policy: Block) -> dict[str, Any]:
    return said(
        max_parallel=policy.get("MaxParallel"),
        health_check=policy.get("HealthCheck"),
        min_healthy_s=seconds(policy.get("MinHealthyTime")),
        healthy_deadline_s=seconds(policy.get("HealthyDeadline")),
    )


def _disconnect(policy: Block) -> dict[str, Any]:
    if not policy:
        return {}
    return {
        "replace": policy.get("Replace") is not False,
        **said(
            lost_after_s=seconds(policy.get("LostAfter")),
            stop_after_s=seconds(policy.get("StopOnClientAfter")),
            reconcile=policy.get("Reconcile"),
        ),
    }


def _restart(policy: Block) -> dict[str, Any]:
    if not policy:
        return {}
    return {
        "attempts": policy.get("Attempts") or 0,
        "delay_s": seconds(policy.get("Delay")) or 0,
        **said(
            interval_s=seconds(policy.get("Interval")),
            mode=policy.get("Mode"),
            render_templates=policy.get("RenderTemplates") or None,
        ),
    }


def _reschedule(policy: Block) -> dict[str, Any]:
    if not policy:
        return {}
    function = policy.get("DelayFunction")
    growth = said(
        delay_s=seconds(policy.get("Delay")),
        delay_function=function,
        max_delay_s=None if function == "constant" else seconds(policy.get("MaxDelay")),
    )
    if policy.get("Unlimited"):
        return {"unlimited": True, **growth}
    return {"attempts": policy.get("Attempts") or 0, **said(interval_s=seconds(policy.get("Interval"))), **growth}


def _scaling(policy: Block) -> dict[str, Any]:
    if not policy:
        return {}
    return {
        "min": policy.get("Min") or 0,
        "max": policy.get("Max"),
        "enabled": policy.get("Enabled") is not False,
        **said(policy=policy.get("Policy")),
    }
