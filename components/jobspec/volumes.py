"""Storage: what the group asks for, and what a task mounts."""

from collections.abc import Mapping

from components.jobspec.nomad import Job, given
from components.service.volumes import Volume
from components.service_model import Service


def requests(service: Service) -> Job:
    """Nomad's volumes of the group, by name."""
    lasting = {name: volume for name, volume in service.volumes.items() if volume.type != "ephemeral"}
    return {name: _request(name, volume) for name, volume in sorted(lasting.items())}


def _request(name: str, volume: Volume) -> Job:
    csi = volume.type == "csi"
    options = given(FSType=volume.fs_type, MountFlags=list(volume.mount_flags) or None)
    return {
        "Name": name,
        "Type": volume.type,
        "Source": volume.source or name,
        "ReadOnly": volume.read_only,
        **given(
            AccessMode=volume.access or ("single-node-writer" if csi else None),
            AttachmentMode=("block-device" if volume.block_device else "file-system") if csi else None,
            PerAlloc=volume.per_instance or None,
            Sticky=volume.sticky or None,
            MountOptions=options or None,
        ),
    }


def ephemeral_disk(service: Service) -> Job:
    """Nomad's scratch disk, as far as the service says anything of it."""
    scratch = [volume for volume in service.volumes.values() if volume.type == "ephemeral"]
    return given(
        SizeMB=service.resources.disk_mb,
        Sticky=service.resources.disk_sticky or any(volume.sticky for volume in scratch) or None,
        Migrate=service.resources.disk_migrate or any(volume.migrate for volume in scratch) or None,
    )


def mounts(service: Service, paths: Mapping[str, str]) -> list[Job]:
    """Nomad's volume mounts of a task that mounts volumes at paths."""
    return [
        {"Volume": name, "Destination": path, "ReadOnly": _only_read(service.volumes[name])}
        for name, path in sorted(paths.items())
        if service.volumes[name].type != "ephemeral"
    ]


def _only_read(volume: Volume) -> bool:
    return volume.read_only if volume.mount_read_only is None else volume.mount_read_only


def scratch_binds(service: Service, paths: Mapping[str, str]) -> list[str]:
    """The driver's binds of the ephemeral volume: alloc/data, which any user may write to and Nomad keeps if it is
    sticky."""
    return [
        f"../alloc/data:{path}" for name, path in sorted(paths.items()) if service.volumes[name].type == "ephemeral"
    ]
