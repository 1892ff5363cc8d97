"""The tasks of an instance: the service's own process and those beside it."""

from collections.abc import Container

from components.jobspec.calls import call_env, call_templates
from components.jobspec.consul import registrations
from components.jobspec.driver import BUILT_IMAGE_META, driver_config
from components.jobspec.nomad import Job, given, ns
from components.jobspec.placement import affinity, constraint
from components.jobspec.secrets import secret_templates
from components.jobspec.templates import file_template
from components.jobspec.volumes import mounts, scratch_binds
from components.jobspec.workload import task_conditions, workload
from components.service.calls import variable
from components.service.resources import DEFAULT_CPU_MHZ, Device, Resources
from components.service.tasks import Process
from components.service_model import MAIN_PORT, Service


def own_task(service: Service, image: str | None, built: bool) -> Job:
    """The task that is the service."""
    paths = {name: volume.mount for name, volume in service.volumes.items() if volume.mount is not None}
    env = {**service.env, **call_env(service), **_secret_paths(service, service.secrets), **_port_env(service)}
    names = {*env, *(variable(name, "URL") for name in service.calls)}
    binds = scratch_binds(service, paths)
    published = service.publish
    dispatched = service.parameterized.payload_file if service.parameterized else None
    return {
        "Name": service.own_task,
        **_task(service, env),
        "Config": driver_config(
            service, image, sorted(service.ports) if published is None else published or None, binds, names
        ),
        **given(
            Services=registrations(service, service.own_task) or None,
            Meta={**service.task_meta, **({BUILT_IMAGE_META: "built"} if built and service.runs_image else {})} or None,
            ShutdownDelay=ns(service.task_shutdown_delay_s) or None,
            Templates=[
                *secret_templates(service, service.secrets),
                *(file_template(path, file) for path, file in sorted(service.files.items())),
                *call_templates(service),
            ]
            or None,
            VolumeMounts=mounts(service, paths) or None,
            **task_conditions(
                tuple(it for it in service.constraints if it.level == "task"),
                tuple(it for it in service.affinities if it.level == "task"),
            ),
            DispatchPayload=None if dispatched is None else {"File": dispatched},
        ),
    }


def task_beside(service: Service, name: str, image: str | None, built: bool) -> Job:
    """A task that prepares, accompanies or clears up."""
    task = service.tasks[name]
    env = {**task.env, **_secret_paths(service, task.secrets)}
    own_image = task.image is None and task.runs_image
    return {
        "Name": name,
        **_task(task, env),
        "Config": driver_config(
            task, task.image or image, task.publish or None, scratch_binds(service, task.mounts), env
        ),
        **given(
            Lifecycle=None if task.hook == "main" else {"Hook": task.hook, "Sidecar": task.sidecar},
            ShutdownDelay=ns(task.shutdown_delay_s) or None,
            **task_conditions(task.constraints, task.affinities),
            Services=registrations(service, name) or None,
            Meta={**task.meta, **({BUILT_IMAGE_META: "built"} if built and own_image else {})} or None,
            Templates=[
                *secret_templates(service, task.secrets),
                *(file_template(path, file) for path, file in sorted(task.files.items())),
            ]
            or None,
            VolumeMounts=mounts(service, task.mounts) or None,
        ),
    }


def _task(process: Process, env: dict[str, str]) -> Job:
    return {
        "Driver": process.driver,
        "Env": env,
        "Resources": _resources(process.resources),
        "KillTimeout": ns(process.kill_timeout_s),
        **workload(process),
        **given(User=process.user, KillSignal=process.kill_signal),
    }


def _port_env(service: Service) -> dict[str, str]:
    if MAIN_PORT not in service.ports or not service.port_variable:
        return {}
    port = service.ports[MAIN_PORT]
    inside = port.to if port.mapped else None
    return {"PORT": f"${{NOMAD_PORT_{MAIN_PORT}}}" if inside is None else str(inside)}


def _secret_paths(service: Service, names: Container[str]) -> dict[str, str]:
    return {
        f"{name}_FILE": f"${{NOMAD_SECRETS_DIR}}/{secret.file}"
        for name, secret in service.secrets.items()
        if secret.file is not None and name in names
    }


def _resources(resources: Resources) -> Job:
    share = {"Cores": resources.cores} if resources.cores else {"CPU": resources.cpu_mhz or DEFAULT_CPU_MHZ}
    devices = [_device(device) for device in resources.devices]
    return {
        **share,
        "MemoryMB": resources.memory_mb,
        **given(MemoryMaxMB=resources.memory_max_mb, Devices=devices or None),
    }


def _device(device: Device) -> Job:
    return {
        "Name": device.name,
        "Count": device.count,
        **given(
            Constraints=[constraint(it) for it in device.constraints] or None,
            Affinities=[affinity(it) for it in device.affinities] or None,
        ),
    }
