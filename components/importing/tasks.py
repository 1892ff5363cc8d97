"""Tasks as service.yaml says them; the counterpart of components/jobspec/tasks.py."""

from collections.abc import Mapping
from typing import Any

from components.image_reference import ImageReference
from components.importing.placement import affinity, constraint
from components.importing.read import block, parts, said, seconds, unescaped
from components.service.tasks import IMAGE_DRIVERS

Task = Mapping[str, Any]


def process(task: Task) -> dict[str, Any]:
    """What a service's own task and one beside it have in common, without the image."""
    config = dict(block(task, "Config"))
    runs_image = task.get("Driver") in IMAGE_DRIVERS
    labels = config.get("labels")
    taken: dict[str, Any] = {
        "command": unescaped(config.pop("command", None)),
        "args": [unescaped(it) for it in config.pop("args", None) or []],
    }
    if runs_image:
        taken["entrypoint"] = [unescaped(it) for it in config.pop("entrypoint", None) or []]
        if isinstance(labels, list) and len(labels) == 1 and isinstance(labels[0], Mapping):
            taken["labels"] = {key: unescaped(value) for key, value in labels[0].items()}
        for key in ("labels", "image", "ports"):
            config.pop(key, None)
    return {
        "driver": task.get("Driver", "docker"),
        **said(
            **taken,
            config=config,
            user=task.get("User"),
            env=dict(block(task, "Env")),
            files=dict(_file(template) for template in parts(task, "Templates")),
            resources=_resources(block(task, "Resources")),
            kill_timeout_s=seconds(task.get("KillTimeout")),
            kill_signal=task.get("KillSignal"),
        ),
    }


def image(task: Task) -> str | None:
    """The image's reference as a service may have it: with a tag or a digest. One that only a node knows as it is."""
    text = block(task, "Config").get("image")
    if task.get("Driver") not in IMAGE_DRIVERS or not isinstance(text, str):
        return None
    try:
        reference = ImageReference.parse(text)
    except ValueError:
        return text
    return text if reference.tag or reference.digest else f"{text}:latest"


def beside(task: Task, volumes: Mapping[str, Any], own_image: str | None) -> dict[str, Any]:
    """A task beside the service's own."""
    lifecycle = block(task, "Lifecycle")
    mounts = {
        mount["Volume"]: mount.get("Destination")
        for mount in parts(task, "VolumeMounts")
        if mount.get("Volume") in volumes
    }
    reference = image(task)
    return {
        **process(task),
        **said(image=None if reference == own_image else reference, mounts=mounts),
        "hook": lifecycle.get("Hook"),
        "sidecar": bool(lifecycle.get("Sidecar")),
    }


def _file(template: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    left = template.get("LeftDelim") or "{{"
    text = template.get("EmbeddedTmpl") or ""
    owner = said(
        env=template.get("Envvars"), perms=template.get("Perms"), uid=template.get("Uid"), gid=template.get("Gid")
    )
    file: dict[str, Any] = {"text": text, **owner}
    mode = template.get("ChangeMode") or "restart"
    if left in text or mode != "noop":
        file |= {"template": True, "change_mode": mode}
        file |= said(change_signal=template.get("ChangeSignal"))
        if mode != "noop":
            file |= said(splay_s=seconds(template.get("Splay")))
    return str(template.get("DestPath")), file


def _resources(resources: Mapping[str, Any]) -> dict[str, Any]:
    cores = resources.get("Cores")
    return said(
        cores=cores or None,
        cpu_mhz=None if cores else resources.get("CPU"),
        memory_mb=resources.get("MemoryMB"),
        memory_max_mb=resources.get("MemoryMaxMB") or None,
        devices=[_device(device) for device in parts(resources, "Devices")],
    )


def _device(device: Mapping[str, Any]) -> dict[str, Any]:
    return said(
        name=device.get("Name"),
        count=device.get("Count"),
        constraints=[constraint(it) for it in parts(device, "Constraints")],
        affinities=[affinity(it) for it in parts(device, "Affinities")],
    )
