"""Storage that one instance at a time may write to: a canary would do so beside the running one."""

from collections.abc import Iterator
from typing import Any

from providers.nomad.client import Json

_SINGLE = frozenset({"", "single-node-writer", "single-node-single-writer", "multi-node-single-writer"})
"""Access modes of a volume that do not allow several writers (Nomad `volume > access_mode`)."""

_NO_DATA = ("/dev", "/etc", "/proc", "/run", "/sys", "/var/run")
"""Folders of a node whose files many containers mount."""


def volumes(group: Json) -> Iterator[str]:
    """The volumes of a group that a canary must not share, as `volume "data" ("db-data")`.

    A host volume whose access_mode says nothing is taken for one of several writers where several instances are
    wanted. Nomad itself refuses canaries beside volumes of their own for each instance (`per_alloc`).
    """
    for name, request in sorted((group.get("Volumes") or {}).items()):
        mode = request.get("AccessMode") or ""
        several = request.get("Type") == "host" and not mode and int(group.get("Count") or 1) > 1
        if mode in _SINGLE and not several and not request.get("PerAlloc") and _is_written(group, name, request):
            yield f'volume "{name}" ("{request.get("Source")}")'


def _is_written(group: Json, name: str, request: Json) -> bool:
    mounts = [m for task in group.get("Tasks") or [] for m in task.get("VolumeMounts") or [] if m.get("Volume") == name]
    return not request.get("ReadOnly") and any(not mount.get("ReadOnly") for mount in mounts)


def folders(group: Json) -> Iterator[str]:
    """Folders of the node and volumes of Docker that a task mounts for writing by its driver's own configuration."""
    for task in group.get("Tasks") or []:
        config = task.get("Config")
        if isinstance(config, dict) and task.get("Driver") in ("docker", "podman"):
            yield from sorted(
                {*_binds(config.get("volumes")), *_mounts(config.get("mount")), *_mounts(config.get("mounts"))}
            )


def _binds(given: Any) -> Iterator[str]:
    """Of `source:target[:options]`, those with an absolute source."""
    for bind in given if isinstance(given, list) else ():
        source, _, rest = str(bind).partition(":")
        if "ro" not in rest.partition(":")[2].split(",") and source.startswith("/") and _holds_data(source):
            yield source


def _mounts(given: Any) -> Iterator[str]:
    for mount in given if isinstance(given, list) else [given]:
        if (
            not isinstance(mount, dict)
            or mount.get("readonly")
            or mount.get("type", "volume") not in ("bind", "volume")
        ):
            continue
        source = str(mount.get("source") or "")
        if source and (mount.get("type", "volume") == "volume" or (source.startswith("/") and _holds_data(source))):
            yield source


def _holds_data(source: str) -> bool:
    return not source.endswith(".sock") and not any(source == it or source.startswith(f"{it}/") for it in _NO_DATA)
