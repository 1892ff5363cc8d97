"""Rules for resources, volumes and nodes."""

from collections.abc import Iterator

from components.problems import did_you_mean, shown
from components.rules.violation import Violation
from components.service.placement import Constraint
from components.service.resources import Resources
from components.service.volumes import Volume
from components.service_model import Service


def resources(service: Service) -> Iterator[Violation]:
    """What is reserved, for every task."""
    yield from _resources(service.resources, ())
    for name, task in service.tasks.items():
        yield from _resources(task.resources, ("tasks", name))


def _resources(wanted: Resources, prefix: tuple[str, ...]) -> Iterator[Violation]:
    path = (*prefix, "resources")
    key = ".".join(path)
    if wanted.memory_max_mb is not None and wanted.memory_max_mb < wanted.memory_mb:
        what = f"is {wanted.memory_max_mb}, but must not be below memory_mb ({wanted.memory_mb})"
        yield Violation((*path, "memory_max_mb"), what, (f"{key}.memory_mb",))
    if wanted.cores is not None and wanted.cpu_mhz is not None:
        what = f"is {wanted.cores}, but cpu_mhz is there, too: a task has cores of its own or a share of all"
        yield Violation((*path, "cores"), what, (f"{key}.cpu_mhz",))
    names = [device.name for device in wanted.devices]
    for position, device in enumerate(wanted.devices):
        if device.name in names[:position]:
            what = f"is {shown(device.name)}, which is there already: set its count"
            yield Violation((*path, "devices", str(position), "name"), what)
        yield from _conditions(device.constraints, (*path, "devices", str(position), "constraints"))


def placement(service: Service) -> Iterator[Violation]:
    """Conditions and preferences for nodes."""
    yield from _conditions(service.constraints, ("constraints",))
    for position, affinity in enumerate(service.affinities):
        if affinity.weight == 0:
            yield Violation(
                ("affinities", str(position), "weight"), "is 0, which means nothing: 1 to 100, or -1 to -100"
            )
    for position, spread in enumerate(service.spreads):
        total = sum(spread.targets.values())
        if total > 100:
            yield Violation(
                ("spreads", str(position), "targets"), f"is {total} percent together, but must be 100 or less"
            )
    if service.type == "system":
        for key in ("affinities", "spreads"):
            if getattr(service, key):
                yield Violation((key,), "is there, but a system job runs on every node: take it out", ("type",))


def _conditions(constraints: tuple[Constraint, ...], prefix: tuple[str, ...]) -> Iterator[Violation]:
    for position, constraint in enumerate(constraints):
        path = (*prefix, str(position))
        operator = constraint.operator
        if (operator == "distinct_hosts") != (constraint.attribute is None):
            what = "is missing" if constraint.attribute is None else "means nothing to distinct_hosts: take it out"
            yield Violation((*path, "attribute"), what)
        needs_value = operator not in ("is_set", "is_not_set", "distinct_hosts", "distinct_property")
        if needs_value and constraint.value is None:
            yield Violation((*path, "value"), f'is missing: the operator "{operator}" compares with it')
        if constraint.value is not None and operator in ("is_set", "is_not_set", "distinct_hosts"):
            yield Violation((*path, "value"), f'means nothing to the operator "{operator}": take it out')
        if operator == "distinct_property" and constraint.value is not None and not _is_count(constraint.value):
            what = f"is {shown(constraint.value)}, but must be how many instances may share a value, 1 or more"
            yield Violation((*path, "value"), what)


def _is_count(value: str) -> bool:
    return value.isascii() and value.isdigit() and int(value) >= 1


_CSI_ONLY = ("block_device", "fs_type", "mount_flags")


def volumes(service: Service) -> Iterator[Violation]:
    """Which volumes instances can share, and who mounts them."""
    for name, volume in service.volumes.items():
        yield from _volume(service, name, volume)
    mounts = [("volumes", name, "mount") for name, volume in service.volumes.items() if volume.mount is not None]
    taken: dict[str, str] = {}
    for path in mounts:
        target = str(service.volumes[path[1]].mount)
        if target in taken:
            yield Violation(path, f"is {shown(target)}, as is that of {taken[target]}")
        taken[target] = path[1]
    scratch = [name for name, volume in service.volumes.items() if volume.type == "ephemeral"]
    if len(scratch) > 1:
        what = f'is "ephemeral", but an instance has one scratch disk, which is "{scratch[0]}"'
        yield Violation(("volumes", scratch[1], "type"), what, (f"volumes.{scratch[0]}.type",))
    for task_name, task in service.tasks.items():
        for name in task.mounts:
            if name not in service.volumes:
                what = f"is no volume of the service; {did_you_mean(name, service.volumes)}"
                yield Violation(("tasks", task_name, "mounts", name), what, ("volumes",))


def _volume(service: Service, name: str, volume: Volume) -> Iterator[Violation]:
    path = ("volumes", name)
    involves = (f"volumes.{name}.type",)
    if volume.type == "ephemeral":
        if not service.runs_image:
            what = f'is "ephemeral", which only docker and podman mount: the scratch disk of "{service.driver}" is '
            yield Violation((*path, "type"), what + "in NOMAD_ALLOC_DIR", ("driver",))
        for key in ("source", "read_only", "per_instance", "access", *_CSI_ONLY):
            if getattr(volume, key):
                yield Violation((*path, key), "is not for ephemeral volumes: take it out", involves)
    elif volume.migrate:
        yield Violation((*path, "migrate"), f'is for ephemeral volumes, but type is "{volume.type}"', involves)
    if volume.migrate and volume.type == "ephemeral" and not volume.sticky:
        yield Violation((*path, "migrate"), "is true, but needs sticky: true as well", (f"volumes.{name}.sticky",))
    if volume.type == "host":
        for key in _CSI_ONLY:
            if getattr(volume, key):
                yield Violation((*path, key), "is for csi volumes only, but type is host", involves)
        if volume.access and volume.access.startswith("multi-node"):
            yield Violation((*path, "access"), f'is "{volume.access}", but a host volume is on one node', involves)
    if volume.access and volume.access.endswith("reader-only") and not volume.read_only:
        yield Violation((*path, "read_only"), f'is false, but access is "{volume.access}"', (f"volumes.{name}.access",))
    if volume.per_instance:
        yield from _per_instance(service, path, volume)
    elif volume.type == "csi":
        yield from _single(service, path, volume)
    elif volume.type == "host":
        yield from _one_writer(service, path, volume)


def _per_instance(service: Service, path: tuple[str, ...], volume: Volume) -> Iterator[Violation]:
    where = (*path, "per_instance")
    if service.type in ("system", "sysbatch"):
        yield Violation(where, f'is true, but type is "{service.type}"', ("type",))
    if service.type == "service" and service.rollout.canary > 0:
        what = "is true, but a canary is one instance more than there are volumes: set rollout.canary to 0"
        yield Violation(where, what, ("rollout.canary",))
    if volume.sticky:
        yield Violation(where, "is true, but so is sticky: one of them is enough", (".".join((*path, "sticky")),))


def _single(service: Service, path: tuple[str, ...], volume: Volume) -> Iterator[Violation]:
    access = volume.access or "single-node-writer"
    if access.startswith("multi-node"):
        if access == "multi-node-single-writer" and not volume.read_only and service.count > 1:
            yield Violation((*path, "access"), f'is "{access}", but count is {service.count}', ("count",))
        return
    if access == "single-node-multi-writer":
        return
    at_once = service.count + (service.rollout.canary if service.deploys else 0)
    if at_once > 1:
        what = (
            f'is "{access}", for one instance at a time, but {at_once} run at once (count {service.count}, canaries '
            "included): set count to 1 and rollout.canary to 0, or use per_instance or an access for several"
        )
        yield Violation((*path, "access"), what, ("count", "rollout.canary"))


def _one_writer(service: Service, path: tuple[str, ...], volume: Volume) -> Iterator[Violation]:
    """A host volume, which nobody keeps a second instance from writing to."""
    said = volume.access in ("single-node-writer", "single-node-single-writer")
    several = volume.access is None and service.count > 1
    canary = service.rollout.canary if service.type == "service" else 0
    if volume.read_only or not (said or volume.access is None) or several or service.count + canary <= 1:
        return
    found = f'is "{volume.access}", for one writer' if said else "is not set, so it is for one writer"
    what = (
        f"{found}, but {service.count + canary} instances write at once (count {service.count}, canaries included): "
        "set count to 1 and rollout.canary to 0, or access to single-node-multi-writer if several may write"
    )
    yield Violation((*path, "access"), what, ("count", "rollout.canary"))
