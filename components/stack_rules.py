"""Rules between the services of a stack, and between them and its file: names, calls and secrets."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from components.consul_names import shared_names
from components.layers import Layers
from components.problems import Problem, did_you_mean, shown
from components.service.calls import Call
from components.service_model import Service
from components.stack_config import StackConfig
from components.stack_model import External, ExternalCheck
from components.stack_secrets import set_command
from components.yaml_file import KeyPath


class Member(Protocol):
    """A service of the stack."""

    @property
    def key(self) -> str:
        """Its folder, which is its key in the stack's file."""

    @property
    def spec(self) -> Service: ...

    @property
    def layers(self) -> Layers: ...


def broken_rules(stack: StackConfig, services: Sequence[Member], folders: Sequence[str]) -> Iterator[Problem]:
    """Everything that does not fit together.

    Args:
        stack: the environment.
        services: its services that are right for themselves.
        folders: every service that has a folder, listed in the stack or not.
    """
    yield from _names(stack, services)
    yield from _external_names(stack, services)
    yield from _externals(stack)
    yield from _calls(stack, services, folders)
    yield from _missing_secrets(stack, services)
    yield from _shared_secrets(stack, services)
    yield from _unknown_secrets(stack, services)


def doubtful(stack: StackConfig, services: Sequence[Member]) -> Iterator[Problem]:
    """What may be meant, but is more often a mistake. Arguments as for broken_rules."""
    yield from (shared.problem for shared in shared_names(stack, services) if shared.meant)


def _names(stack: StackConfig, services: Sequence[Member]) -> Iterator[Problem]:
    by_name: dict[str, list[Member]] = {}
    for service in services:
        by_name.setdefault(service.spec.name, []).append(service)
    for name, (first, *others) in by_name.items():
        for other in others:
            what = f'is "{name}", as is the name of services/{first.key}: rename one of them'
            yield Problem(other.layers.where(("name",)), what)
    yield from (shared.problem for shared in shared_names(stack, services) if not shared.meant)


def _external_names(stack: StackConfig, services: Sequence[Member]) -> Iterator[Problem]:
    for service in services:
        if (name := service.spec.name) in stack.external_services:
            what = "is a service of this stack: take it out, calls find it anyway"
            yield Problem(stack.file.where(("external_services", name)), what)


def _externals(stack: StackConfig) -> Iterator[Problem]:
    """What is said of an external service fits to whether this stack registers it."""
    for name, external in stack.external_services.items():
        path = ("external_services", name)
        if external.address is None:
            for key in ("port", "check"):
                if getattr(external, key) is not None:
                    what = "is there, but no address: with one, this stack registers the service, otherwise others do"
                    yield Problem(stack.file.where((*path, key)), what)
        elif external.ports:
            what = "is for services that others register: this one has one port, that of its address, without a label"
            yield Problem(stack.file.where((*path, "ports")), what)
        yield from _external_check(stack, (*path, "check"), external.check)


def _external_check(stack: StackConfig, path: KeyPath, check: ExternalCheck | None) -> Iterator[Problem]:
    if check is None:
        return
    if check.timeout_s > check.interval_s:
        what = f"is {check.timeout_s:g}, but must not be above interval_s ({check.interval_s:g})"
        yield Problem(stack.file.where((*path, "timeout_s")), what)
    # One that is there but wrong has been told already.
    written = [kind for kind in ("http", "tcp") if stack.file.literal((*path, kind)) is not None]
    if len(written) != 1:
        found = "both" if written else "neither"
        yield Problem(stack.file.where(path), f'has {found} of "http" and "tcp", but must have exactly one')


def _external_call(service: Member, name: str, call: Call, external: External) -> Iterator[Problem]:
    """A call of a service outside of this stack."""
    where = service.layers.where(("calls", name, "port"))
    if call.port is not None and external.address is not None:
        yield Problem(where, f'is {shown(call.port)}, but "{name}" has one port, without a label: take it out')
    elif call.port is not None and external.ports and call.port not in external.ports:
        yield Problem(where, _no_port(name, call.port, external.ports))


def _calls(stack: StackConfig, services: Sequence[Member], folders: Sequence[str]) -> Iterator[Problem]:
    deployed = {service.spec.name: service.spec for service in services}
    # What is wrong with a service of the stack is told there, and not once more by each of its callers.
    unchecked = stack.services.keys() - {service.key for service in services}
    besides = {name for service in services for name in service.spec.registrations_in_consul}
    for service in services:
        for name, call in service.spec.calls.items():
            where = service.layers.where(("calls", name))
            if name in stack.external_services:
                yield from _external_call(service, name, call, stack.external_services[name])
            elif name in deployed:
                yield from _call(service, name, call, deployed[name])
            elif name in besides:
                yield from _besides(service, name, call)
            elif name in stack.left_out:
                place = stack.file.place(("services", name))
                yield Problem(where, f"calls a service that is left out of this stack ({place})")
            elif name not in unchecked:
                known = {*deployed, *besides, *stack.external_services}
                yield Problem(where, _unknown_callee(stack, name, known, folders))


def _besides(service: Member, name: str, call: Call) -> Iterator[Problem]:
    """A call of what a service of this stack registers besides itself."""
    if call.port is not None:
        where = service.layers.where(("calls", name, "port"))
        yield Problem(where, f'is {shown(call.port)}, but "{name}" has one port, without a label: take it out')
    if call.mesh:
        where = service.layers.where(("calls", name, "mesh"))
        yield Problem(where, f'is true, but "{name}" is one of `services`, of whose mesh nothing is known: use job:')


def _call(service: Member, name: str, call: Call, callee: Service) -> Iterator[Problem]:
    """A call of a service that this stack deploys."""
    at_port = service.layers.where(("calls", name, "port"))
    if not callee.ports:
        yield Problem(service.layers.where(("calls", name)), "has no port that could be called")
    elif not callee.registered and callee.advertised_port is None:
        what = (
            f'calls "{name}", which is not in Consul: it has registered: false, and none of its services has its name'
        )
        yield Problem(service.layers.where(("calls", name)), what)
    elif call.port is None or call.port == callee.advertised_port:
        pass
    elif call.port not in callee.ports:
        yield Problem(at_port, _no_port(name, call.port, tuple(callee.ports)))
    elif not callee.ports[call.port].registered:
        yield Problem(
            at_port, f'is {shown(call.port)}, which Consul does not know: set ports.{call.port}.registered of "{name}"'
        )
    if call.mesh and not callee.mesh:
        yield Problem(service.layers.where(("calls", name, "mesh")), f'is true, but "{name}" is not in the mesh')


def _unknown_callee(stack: StackConfig, name: str, known: set[str], folders: Sequence[str]) -> str:
    file = stack.file.shown_as
    if name in folders:
        return f"calls a service that this stack does not deploy: list it under caravan:services in {file}"
    what = "calls no service of this stack, nor one of caravan:external_services"
    return f"{what}; {did_you_mean(name, known)}"


def _no_port(callee: str, found: str, known: Sequence[str]) -> str:
    return f'is {shown(found)}, but "{callee}" has no port with that label; {did_you_mean(found, known)}'


def _missing_secrets(stack: StackConfig, services: Sequence[Member]) -> Iterator[Problem]:
    for service in services:
        values = stack.secrets.services.get(service.key, {})
        for name, secret in service.spec.secrets.items():
            # One that is there but wrong has been told already.
            missing = name not in values and stack.file.literal(("secrets", service.key, name)) is None
            if missing and secret.of is None:
                what = f"has no value in this stack: {set_command(f'secrets.{service.key}.{name}')}"
                yield Problem(service.layers.where(("secrets", name)), what)


def _shared_secrets(stack: StackConfig, services: Sequence[Member]) -> Iterator[Problem]:
    """Secrets whose values stand under another service."""
    members = {service.spec.name: service for service in services}
    unchecked = stack.services.keys() - {service.key for service in services}
    for service in services:
        for name, secret in service.spec.secrets.items():
            where = service.layers.where(("secrets", name, "of"))
            if secret.of is None or secret.of in unchecked:
                continue
            if secret.of == service.spec.name:
                yield Problem(where, f"is {shown(secret.of)}, the service itself: take it out, and give the value here")
                continue
            if secret.of not in members:
                what = f"is {shown(secret.of)}, which is no service of this stack; {did_you_mean(secret.of, members)}"
                yield Problem(where, what)
                continue
            theirs = members[secret.of].spec.secrets
            if name not in theirs or theirs[name].of is not None:
                own = [other for other, it in theirs.items() if it.of is None]
                hint = did_you_mean(name, own)
                yield Problem(where, f"is {shown(secret.of)}, which has no secret {name} of its own; {hint}")
            if name in stack.secrets.services.get(service.key, {}):
                what = f"is the one of {secret.of}: take it out, the value stands there"
                yield Problem(stack.file.where(("secrets", service.key, name)), what)


def _unknown_secrets(stack: StackConfig, services: Sequence[Member]) -> Iterator[Problem]:
    declared = {service.key: service.spec.secrets for service in services}
    listed = {*stack.services, *stack.left_out}
    for key, values in stack.secrets.services.items():
        if key not in listed:
            what = f"is for no service of this stack; {did_you_mean(key, listed)}"
            yield Problem(stack.file.where(("secrets", key)), what)
        for name in values if key in declared else ():
            if name not in declared[key]:
                what = f"is no secret of {key}; {did_you_mean(name, declared[key])}"
                yield Problem(stack.file.where(("secrets", key, name)), what)
