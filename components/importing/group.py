"""The group as service.yaml says it; the counterpart of components/jobspec/group.py and its neighbours."""

from collections.abc import Mapping
from typing import Any

from components.importing import consul, tasks
from components.importing.placement import affinity, constraint, spread
from components.importing.read import block, parts, said, seconds
from components.jobspec.group import SOAK_META
from components.service.tasks import IMAGE_DRIVERS
from components.service_model import MAIN_PORT

Block = Mapping[str, Any]


def group(found: Block, name: str, type_: str) -> dict[str, Any]:
    """What a service says of its group and everything in it.

    Args:
        found: the group.
        name: the service's.
        type_: the job's.
    """
    all_tasks = parts(found, "Tasks")
    own = _own_task(all_tasks, name)
    process = tasks.process(own)
    ports = _ports(found, runs_image=own.get("Driver") in IMAGE_DRIVERS)
    volumes = _volumes(found, own)
    image = tasks.image(own)
    entry = consul.own_service([*parts(found, "Services")], name)
    version, tags = consul.tags(entry, name)
    if MAIN_PORT in ports:
        # Set by the port.
        process.get("env", {}).pop("PORT", None)
    disk = block(found, "EphemeralDisk").get("SizeMB")
    process["resources"] = {**process.get("resources", {}), **said(disk_mb=disk)}
    return {
        "version": version or _version(image),
        **process,
        "image": said(reference=image),
        "group_name": found.get("Name"),
        "task_name": own.get("Name"),
        "count": found.get("Count", 1),
        "shutdown_delay_s": seconds(found.get("ShutdownDelay")) or 0,
        **said(
            ports=ports,
            volumes=volumes,
            tags=tags,
            constraints=[constraint(it) for it in parts(found, "Constraints")],
            affinities=[affinity(it) for it in parts(found, "Affinities")],
            spreads=[spread(it) for it in parts(found, "Spreads")],
            tasks={
                str(task["Name"]): tasks.beside(task, volumes, image)
                for task in all_tasks
                if task is not own and task.get("Lifecycle")
            },
            rollout=_rollout(block(found, "Update"), block(found, "Meta")) if type_ in ("service", "system") else None,
            restart=_restart(block(found, "RestartPolicy")),
            reschedule=_reschedule(block(found, "ReschedulePolicy")) if type_ in ("service", "batch") else None,
            scaling=_scaling(block(found, "Scaling")),
        ),
        **consul.checks(entry, name),
    }


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


def _ports(found: Block, *, runs_image: bool) -> dict[str, Any]:
    networks = parts(found, "Networks")
    ports = {}
    for network in networks[:1]:
        for port in (*parts(network, "DynamicPorts"), *parts(network, "ReservedPorts")):
            ports[str(port.get("Label"))] = said(
                to=port.get("To") or None if runs_image else None,
                static=port.get("Value") or None,
                host_network=None if port.get("HostNetwork") == "default" else port.get("HostNetwork"),
            )
    return ports


def _volumes(found: Block, own: Block) -> dict[str, Any]:
    mounts = {mount.get("Volume"): mount for mount in parts(own, "VolumeMounts")}
    volumes = {}
    for name, volume in block(found, "Volumes").items():
        if name not in mounts:
            continue
        options = block(volume, "MountOptions")
        csi = volume.get("Type") == "csi"
        volumes[str(name)] = {
            "type": volume.get("Type"),
            **said(
                mount=mounts[name].get("Destination"),
                source=volume.get("Source"),
                read_only=volume.get("ReadOnly"),
                per_instance=volume.get("PerAlloc"),
                sticky=volume.get("Sticky"),
                access=volume.get("AccessMode"),
                block_device=csi and volume.get("AttachmentMode") == "block-device",
                fs_type=options.get("FSType"),
                mount_flags=list(options.get("MountFlags") or []),
            ),
        }
    return volumes


def _rollout(update: Block, meta: Block) -> dict[str, Any]:
    canary = update.get("Canary") or 0
    soak_s = meta.get(SOAK_META)
    return {
        "canary": canary,
        # With a soak, Nomad never promotes by itself.
        **({"auto_promote": bool(update.get("AutoPromote"))} if soak_s is None else {"soak_s": float(soak_s)}),
        "auto_revert": bool(update.get("AutoRevert")),
        "health_check": update.get("HealthCheck") or "checks",
        **said(
            max_parallel=update.get("MaxParallel"),
            healthy_deadline_s=seconds(update.get("HealthyDeadline")),
            progress_deadline_s=seconds(update.get("ProgressDeadline")),
            stagger_s=seconds(update.get("Stagger")),
        ),
        "min_healthy_s": seconds(update.get("MinHealthyTime")) or 0,
    }


def _restart(policy: Block) -> dict[str, Any]:
    if not policy:
        return {}
    return {
        "attempts": policy.get("Attempts") or 0,
        "delay_s": seconds(policy.get("Delay")) or 0,
        **said(interval_s=seconds(policy.get("Interval")), mode=policy.get("Mode")),
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
