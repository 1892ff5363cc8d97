"""Tasks as service.yaml says them; the counterpart of components/jobspec/tasks.py."""

from collections.abc import Mapping
from typing import Any

from components.image_reference import ImageReference
from components.importing.placement import affinity, constraint
from components.importing.read import block, parts, said, seconds, unescaped
from components.service.files import USUAL
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
        published = config.get("ports", "none")
        for key in ("labels", "image", "ports"):
            config.pop(key, None)
    return {
        "driver": task.get("Driver", "docker"),
        **({"publish": [] if published == "none" else published} if runs_image and published != [] else {}),
        **said(
            **taken,
            config=config,
            user=task.get("User"),
            env=dict(block(task, "Env")),
            files=dict(_file(template) for template in parts(task, "Templates")),
            artifacts=[_artifact(it) for it in parts(task, "Artifacts")],
            identities=_identities(task),
            logs=_logs(block(task, "LogConfig")),
            leader=task.get("Leader") or None,
            consul=isinstance(task.get("Consul"), Mapping) or None,
            resources=_resources(block(task, "Resources")),
            kill_timeout_s=seconds(task.get("KillTimeout")),
            kill_signal=task.get("KillSignal"),
        ),
        **({"vault": _vault(block(task, "Vault"))} if isinstance(task.get("Vault"), Mapping) else {}),
    }


def image(task: Task) -> str | None:
    """The image's reference, as it is written."""
    text = block(task, "Config").get("image")
    return text if task.get("Driver") in IMAGE_DRIVERS and isinstance(text, str) else None


def is_floating(image: str | None) -> bool:
    """Whether the reference may mean another image tomorrow. One that only a node knows may not be judged."""
    try:
        reference = ImageReference.parse(image or "")
    except ValueError:
        return False
    return reference.digest is None and reference.tag in (None, "latest")


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
        **said(
            image=None if reference == own_image else reference,
            image_floating=(reference != own_image and is_floating(reference)) or None,
            mounts=mounts,
            meta={key: value for key, value in block(task, "Meta").items() if not key.startswith("caravan_")},
            constraints=[constraint(it) for it in parts(task, "Constraints")],
            affinities=[affinity(it) for it in parts(task, "Affinities")],
            shutdown_delay_s=seconds(task.get("ShutdownDelay")) or None,
        ),
        "hook": lifecycle.get("Hook") or "main",
        "sidecar": bool(lifecycle.get("Sidecar")),
    }


def _file(template: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    left, right = template.get("LeftDelim") or "{{", template.get("RightDelim") or "}}"
    text, path = template.get("EmbeddedTmpl") or "", template.get("SourcePath")
    owner = said(
        env=template.get("Envvars"), perms=template.get("Perms"), uid=template.get("Uid"), gid=template.get("Gid")
    )
    owner |= {} if USUAL.fullmatch(str(template.get("DestPath"))) else {"elsewhere": True}
    file: dict[str, Any] = {**({"source_path": path} if path else {"text": text}), **owner}
    mode = template.get("ChangeMode") or "restart"
    if left in text or mode != "noop" or path:
        script, wait = block(template, "ChangeScript"), block(template, "Wait")
        file |= {"template": True, "change_mode": mode}
        file |= said(
            left_delimiter=None if left == "{{" else left,
            right_delimiter=None if right == "}}" else right,
            once=template.get("Once") or None,
            error_on_missing_key=template.get("ErrMissingKey") or None,
            change_script=_script(script) if script else None,
            wait={"min_s": seconds(wait.get("Min")), "max_s": seconds(wait.get("Max"))} if wait else None,
        )
        file |= said(change_signal=template.get("ChangeSignal"))
        if mode != "noop":
            file |= said(splay_s=seconds(template.get("Splay")))
    return str(template.get("DestPath")), file


def _script(script: Mapping[str, Any]) -> dict[str, Any]:
    return said(
        command=script.get("Command"),
        args=list(script.get("Args") or []),
        timeout_s=seconds(script.get("Timeout")),
        fail_on_error=script.get("FailOnError") or None,
    )


def _artifact(artifact: Mapping[str, Any]) -> dict[str, Any]:
    return said(
        source=artifact.get("GetterSource"),
        destination=artifact.get("RelativeDest"),
        mode=None if artifact.get("GetterMode") == "any" else artifact.get("GetterMode"),
        options=dict(block(artifact, "GetterOptions")),
        headers=dict(block(artifact, "GetterHeaders")),
        insecure=artifact.get("GetterInsecure") or None,
        chown=artifact.get("Chown") or None,
    )


def _vault(vault: Mapping[str, Any]) -> dict[str, Any]:
    mode = vault.get("ChangeMode")
    return {
        **said(
            role=vault.get("Role"),
            policies=list(vault.get("Policies") or []),
            change_mode=mode,
            change_signal=vault.get("ChangeSignal") if mode == "signal" else None,
            disable_file=vault.get("DisableFile") or None,
            allow_token_expiration=vault.get("AllowTokenExpiration") or None,
        ),
        **({} if vault.get("Env", True) else {"env": False}),
    }


def _identities(task: Mapping[str, Any]) -> dict[str, Any]:
    own = {str(it.get("Name") or "default"): _identity(it) for it in parts(task, "Identities")}
    default = _identity(block(task, "Identity"))
    return {**own, **said(default=default)}


def _identity(identity: Mapping[str, Any]) -> dict[str, Any]:
    return said(
        audience=list(identity.get("Audience") or []),
        env=identity.get("Env") or None,
        file=identity.get("File") or None,
        filepath=identity.get("Filepath"),
        change_mode=identity.get("ChangeMode"),
        change_signal=identity.get("ChangeSignal"),
        ttl_s=seconds(identity.get("TTL")) or None,
    )


def _logs(logs: Mapping[str, Any]) -> dict[str, Any]:
    return said(
        max_files=logs.get("MaxFiles"),
        max_file_size_mb=logs.get("MaxFileSizeMB"),
        disabled=logs.get("Disabled") or None,
    )


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
