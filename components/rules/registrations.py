"""Rules for what an instance registers: the service itself, and `services`."""

from collections.abc import Iterator

from components.problems import did_you_mean, shown
from components.rules.network import check_rules
from components.rules.violation import Violation
from components.service.registrations import RegisteredCheck, Registration
from components.service_model import Service


def registrations(service: Service) -> Iterator[Violation]:
    """What `services` refer to, and what each provider can have."""
    yield from _own(service)
    taken: dict[str, str] = {service.name: "the service itself"} if service.registered else {}
    for key, entry in service.services.items():
        path = ("services", key)
        name = entry.name or key
        if name in taken and entry.provider == "consul" and not entry.of_task:
            what = f"is registered as {shown(name)}, as is {taken[name]}: rename it, or set registered: false"
            yield Violation(path, what, ("name", "registered"))
        taken.setdefault(name, f"services.{key}")
        yield from _port((*path, "port"), service, entry.port)
        yield from _task(service, path, entry)
        yield from _connect(path, entry)
        for check_key, check in entry.checks.items():
            yield from _check(service, (*path, "checks", check_key), entry, check)


def _own(service: Service) -> Iterator[Violation]:
    """What only a registered service has."""
    if service.registered:
        return
    if service.mesh:
        yield Violation(
            ("mesh",), "is true, but registered is false: the mesh finds services in Consul", ("registered",)
        )
    for label, port in service.ports.items():
        if port.registered:
            what = "is true, but the service's own registered is false: write it under services"
            yield Violation(("ports", label, "registered"), what, ("registered",))


def _port(path: tuple[str, ...], service: Service, port: str | None) -> Iterator[Violation]:
    if port is None or port in service.ports or (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        return
    what = f"is {shown(port)}, but no port has that label; {did_you_mean(port, service.ports)}"
    yield Violation(path, what, ("ports",))


def _task(service: Service, path: tuple[str, ...], entry: Registration) -> Iterator[Violation]:
    names = [*service.tasks, service.own_task]
    if entry.of_task and entry.task is None:
        yield Violation(
            (*path, "task"), "is missing: of_task is true, so say which task registers it", (f"{path[1]}.of_task",)
        )
    if entry.task is not None and entry.task not in names:
        what = f"is {shown(entry.task)}, but no task has that name; {did_you_mean(entry.task, names)}"
        yield Violation((*path, "task"), what, ("tasks", "name", "task_name"))


def _connect(path: tuple[str, ...], entry: Registration) -> Iterator[Violation]:
    """Source: Nomad, `structs.Service.Validate`."""
    if entry.native and entry.sidecar:
        yield Violation((*path, "native"), "is true, but so is sidecar: a service is in the mesh in one way")
    if not entry.sidecar:
        for key in ("upstreams", "local_port"):
            if getattr(entry, key):
                what = "is there, but no proxy: set sidecar: true, or take it out"
                yield Violation((*path, key), what, (f"services.{path[1]}.sidecar",))
    if entry.provider == "nomad":
        for key in ("native", "sidecar", "enable_tag_override"):
            if getattr(entry, key):
                what = (
                    'is true, but provider is "nomad", which has none of it: take it out, or set provider to "consul"'
                )
                yield Violation((*path, key), what, (f"services.{path[1]}.provider",))


def _check(service: Service, path: tuple[str, ...], entry: Registration, check: RegisteredCheck) -> Iterator[Violation]:
    if check.type != "script":
        yield from _port((*path, "port"), service, check.port)
        if check.port is None and entry.port is None and check.address_mode in (None, "host"):
            yield Violation((*path, "port"), "is missing: neither the check nor its service has a port")
        if check.type == "http" and check.path is None:
            yield Violation((*path, "path"), "is missing: the path that an http check asks for")
    if entry.provider == "nomad" and check.type in ("grpc", "script"):
        what = f'is "{check.type}", but provider is "nomad", which asks by http and tcp only'
        yield Violation((*path, "type"), what, (f"services.{path[1]}.provider",))
    elif check.type == "script" and check.task is None and entry.task is None:
        yield Violation((*path, "task"), "is missing: say in which task the script runs")
    yield from check_rules(service, ".".join(path), check)
