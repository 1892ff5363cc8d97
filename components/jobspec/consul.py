"""What Consul knows of an instance: services, their checks, and the mesh."""

import hashlib
import json

from components.jobspec.nomad import Job, given, ns
from components.service.calls import consul_name
from components.service.checks import Question, RestartOnFailure
from components.service.registrations import Registration
from components.service_model import Service


def services(service: Service) -> list[Job]:
    """The services of the group. What runs to its end without ports and checks is none."""
    if not service.registered:
        return []
    if not service.deploys and not service.ports and not service.all_checks:
        return []
    main = service.advertised_port
    others = [label for label, port in sorted(service.ports.items()) if port.registered and label != main]
    checks = service.all_checks
    elsewhere = {key for key, check in checks.items() if check.type != "script" and check.port in others}
    return [
        _service(service, service.name, main, [key for key in checks if key not in elsewhere]),
        *(
            _service(
                service, consul_name(service.name, label), label, [k for k in elsewhere if checks[k].port == label]
            )
            for label in others
        ),
    ]


def _service(service: Service, name: str, label: str | None, check_keys: list[str]) -> Job:
    checks = [_check(service, key) for key in sorted(check_keys)]
    return {
        "Name": name,
        "Provider": "consul",
        "Tags": [service.name, f"{service.name}@{service.version}", *service.tags],
        **given(PortLabel=label, Checks=checks or None),
        **({"Connect": _connect(service)} if service.mesh and name == service.name else {}),
    }


def _sidecar(entry: Registration) -> Job:
    upstreams = [{"DestinationName": name, "LocalBindPort": port} for name, port in sorted(entry.upstreams.items())]
    proxy = given(LocalServicePort=entry.local_port, Upstreams=upstreams or None)
    return {"Proxy": proxy} if proxy else {}


def _check(service: Service, key: str) -> Job:
    check = service.all_checks[key]
    named = key.partition(".")[2] or check.type
    task = check.task or service.own_task
    return {"Name": check.name or f"{service.name} {named}", **_of_any(check, "/health", task)}


def _of_any(check: Question, path: str | None, task: str | None) -> Job:
    """A check without its name.

    Args:
        check: the check.
        path: what an http check asks for if it does not say it.
        task: in which a script runs.
    """
    return {
        "Type": check.type,
        "Interval": ns(check.interval_s),
        "Timeout": ns(check.timeout_s),
        **_question(check, path, task),
        **given(
            SuccessBeforePassing=check.successes_before_passing or None,
            FailuresBeforeCritical=check.failures_before_critical or None,
            FailuresBeforeWarning=check.failures_before_warning or None,
            CheckRestart=None if check.restart is None else _restart(check.restart),
            AddressMode=check.address_mode,
            Body=check.body,
            InitialStatus=check.initial_status,
            Notes=check.notes,
            OnUpdate=check.on_update,
            Expose=check.expose or None,
        ),
    }


def _restart(restart: RestartOnFailure) -> Job:
    warnings = given(IgnoreWarnings=restart.ignore_warnings or None)
    return {"Limit": restart.limit, "Grace": ns(restart.grace_s), **warnings}


def _question(check: Question, path: str | None, task: str | None) -> Job:
    """What differs between the types."""
    port = given(PortLabel=check.port)
    tls = given(TLSSkipVerify=check.tls_skip_verify or None, TLSServerName=check.tls_server_name)
    match check.type:
        case "http":
            more = given(
                Protocol="https" if check.tls else None,
                Method=check.method,
                Header={name: [value] for name, value in sorted(check.headers.items())} or None,
            )
            return {**port, **given(Path=check.path or path), **more, **tls}
        case "grpc":
            more = given(GRPCService=check.grpc_service, GRPCUseTLS=check.tls or None)
            return {**port, **more, **tls}
        case "script":
            return {"Command": check.command, "Args": list(check.args), **given(TaskName=task)}
        case "tcp":
            return port


def registrations(service: Service, task: str | None = None) -> list[Job]:
    """What `services` has for the group, or for one of its tasks to register."""
    return [
        _registration(key, entry)
        for key, entry in sorted(service.services.items())
        if (entry.task if entry.of_task else None) == task
    ]


def _registration(key: str, entry: Registration) -> Job:
    checks = [
        {**given(Name=check.name), **_of_any(check, None, check.task)} for _, check in sorted(entry.checks.items())
    ]
    connect: Job = given(Native=entry.native or None, SidecarService=_sidecar(entry) if entry.sidecar else None)
    return {
        "Name": entry.name or key,
        "Provider": entry.provider,
        **given(
            PortLabel=entry.port,
            AddressMode=None if entry.address_mode == "auto" else entry.address_mode,
            Address=entry.address,
            Tags=list(entry.tags) or None,
            CanaryTags=list(entry.canary_tags) or None,
            Meta=dict(entry.meta) or None,
            CanaryMeta=dict(entry.canary_meta) or None,
            EnableTagOverride=entry.enable_tag_override or None,
            OnUpdate=None if entry.on_update == "require_healthy" else entry.on_update,
            TaskName=None if entry.of_task else entry.task,
            Connect=connect or None,
            Checks=checks or None,
        ),
    }


def _connect(service: Service) -> Job:
    upstreams = [
        {"DestinationName": consul_name(name, call.port), "LocalBindPort": call.local_port}
        for name, call in sorted(service.calls.items())
        if call.mesh
    ]
    label = service.advertised_port
    # The proxy is inside the instance's network, where the process listens on `to` and not on the node's port.
    inner = service.ports[label].to if label else None
    proxy = given(LocalServicePort=inner, Upstreams=upstreams or None)
    return {"SidecarService": {"Proxy": proxy}}


def services_fingerprint(registered: list[Job]) -> str:
    """Changes with everything that decides whether an instance passes in Consul, and not with tags."""
    deciding = [{key: entry.get(key) for key in ("Name", "PortLabel", "Checks")} for entry in registered]
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:12]
