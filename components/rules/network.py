"""Rules for ports, checks and the mesh."""

from collections.abc import Iterator

from components.problems import did_you_mean, shown
from components.rules.violation import Violation
from components.service.base import MAX_NAME
from components.service.calls import consul_name
from components.service.checks import Check, Question
from components.service_model import Service

_ONLY_FOR = {
    "path": ("http",),
    "method": ("http",),
    "headers": ("http",),
    "tls": ("http", "grpc"),
    "tls_skip_verify": ("http", "grpc"),
    "tls_server_name": ("http", "grpc"),
    "grpc_service": ("grpc",),
    "body": ("http",),
    "command": ("script",),
    "args": ("script",),
    "task": ("script",),
    "successes_before_passing": ("http", "tcp", "grpc"),
    "failures_before_critical": ("http", "tcp", "grpc"),
}
"""Types of checks that a key means something to. Source: Nomad, ServiceCheck.validate."""


def ports(service: Service) -> Iterator[Violation]:
    """Which ports can be had, and by what name Consul knows them."""
    taken: dict[int, str] = {}
    spread_out = any(constraint.operator == "distinct_hosts" for constraint in service.constraints)
    names: dict[str, str] = {}
    for label, port in service.ports.items():
        yield from _inside(service, label)
        if port.registered:
            name = consul_name(service.name, label)
            if label == service.advertised_port:
                yield Violation(
                    ("ports", label, "registered"),
                    f'is true, but it is the main port, known as "{service.name}" anyway',
                )
            elif len(name) > MAX_NAME or name.endswith("-"):
                what = f'makes it "{name}" in Consul: {MAX_NAME} characters at most, with a letter or digit at the end'
                yield Violation(("ports", label, "registered"), what, ("name",))
            elif name in names:
                what = f'makes it "{name}" in Consul, as does that of the port {names[name]}'
                yield Violation(("ports", label, "registered"), what)
            names[name] = label
        if port.static is None:
            continue
        if service.count > 1 and not spread_out:
            what = (
                f"is {port.static}, which one instance per node can have, but count is {service.count}: leave it out, "
            )
            yield Violation(
                ("ports", label, "static"),
                what + "Consul tells clients the port, or add the constraint distinct_hosts",
                ("count", "constraints"),
            )
        if port.static in taken:
            what = f"is {port.static}, as is that of the port {taken[port.static]}"
            yield Violation(("ports", label, "static"), what, ("ports",))
        taken[port.static] = label


def published(service: Service) -> Iterator[Violation]:
    """That what a driver maps is a port."""
    wanted = [((), service.publish), *((("tasks", name), task.publish) for name, task in service.tasks.items())]
    for prefix, labels in wanted:
        for position, label in enumerate(labels or ()):
            if label not in service.ports:
                what = f"is {shown(label)}, but no port has that label; {did_you_mean(label, service.ports)}"
                yield Violation((*prefix, "publish", str(position)), what, ("ports",))


def _inside(service: Service, label: str) -> Iterator[Violation]:
    port = service.ports[label]
    if port.ignore_collision and port.static is None:
        yield Violation(("ports", label, "ignore_collision"), "is true, but there is no static port: take it out")
    if port.to is None and port.mapped and service.has_own_network:
        yield Violation(("ports", label, "to"), "is missing: say which port the process listens on in its container")
    if port.mapped and port.to not in (None, port.static) and not service.has_own_network:
        network = 'config.network_mode "host"' if service.runs_image else f'the driver "{service.driver}"'
        what = (
            f"is {port.to}, but with {network} a process listens on the node's own port, which it finds in "
            f"NOMAD_PORT_{label}: take it out, or choose the node's port with static"
        )
        yield Violation(("ports", label, "to"), what, ("driver", "mesh", "config.network_mode"))


def checks(service: Service) -> Iterator[Violation]:
    """What a check can ask, and that there is one where health depends on it."""
    if not service.any_checks and service.deploys and service.rollout.health_check == "checks":
        add = "a port labelled http or a check" if service.registered else "one to its services"
        what = f'is "checks", but the service has no check: add {add}, '
        involves = ("check", "checks", "ports", "type")
        yield Violation(("rollout", "health_check"), what + 'or be content with "task_states"', involves)
    if service.check is not None and service.check.type in service.checks:
        what = f'has the name of the one under "check", which is called "{service.check.type}" by its type: rename it'
        yield Violation(("checks", service.check.type), what, ("check.type",))
    for key, check in service.all_checks.items():
        yield from _asked(service, key, check)
        yield from check_rules(service, key, check)


def _asked(service: Service, key: str, check: Check) -> Iterator[Violation]:
    """That the port can be asked."""
    path, type_key = tuple(key.split(".")), f"{key}.type"
    if check.type == "script":
        return
    if check.port not in service.ports:
        what = f"is {shown(check.port)}, but no port has that label; {did_you_mean(check.port, service.ports)}"
        yield Violation((*path, "port"), what, ("ports", type_key))
    elif service.ports[check.port].protocol == "udp":
        what = f"is {shown(check.port)}, a udp port, which no {check.type} check can ask: write a script check"
        yield Violation((*path, "port"), what, (f"ports.{check.port}.protocol", type_key))


def check_rules(service: Service, key: str, check: Question) -> Iterator[Violation]:
    """What a check needs, but for its port. `key`: where it is."""
    path = tuple(key.split("."))
    type_key = f"{key}.type"
    if check.type == "script":
        if check.command is None:
            yield Violation((*path, "command"), "is missing: the program that a script check runs", (type_key,))
        if check.task is not None and check.task not in service.tasks and check.task != service.own_task:
            known = [*service.tasks, service.own_task]
            what = f"is {shown(check.task)}, but no task has that name; {did_you_mean(check.task, known)}"
            yield Violation((*path, "task"), what, ("tasks", "name"))
    for field, types in _ONLY_FOR.items():
        if check.type not in types and getattr(check, field) != type(check).model_fields[field].get_default(
            call_default_factory=True
        ):
            what = f"is for checks of type {' or '.join(types)} only, but {type_key} is {check.type}"
            yield Violation((*path, field), what, (type_key,))
    # A check that outlives the rollout's patience can never make an instance healthy.
    deadline = service.rollout.healthy_deadline_s
    if not service.deploys or service.rollout.health_check != "checks":
        return
    involves = ("rollout.healthy_deadline_s", "rollout.min_healthy_s", f"{key}.successes_before_passing")
    # Consul asks for the first time at a random moment of the first interval (Consul, `lib.RandomStagger`).
    answers = max(1, check.successes_before_passing)
    needed = check.interval_s * answers + service.rollout.min_healthy_s
    if check.interval_s >= deadline:
        what = f"is {check.interval_s:g}, but must be below rollout.healthy_deadline_s ({deadline:g})"
        yield Violation((*path, "interval_s"), what, involves)
    elif needed > deadline > service.rollout.min_healthy_s:
        times = "one answer takes" if answers == 1 else f"{answers} answers in a row take"
        what = (
            f"is {check.interval_s:g}: {times} up to {check.interval_s * answers:g} s, and with rollout.min_healthy_s "
            f"({service.rollout.min_healthy_s:g}) that is {needed:g} s, more than rollout.healthy_deadline_s "
            f"({deadline:g})"
        )
        yield Violation((*path, "interval_s"), what, involves)


def mesh(service: Service) -> Iterator[Violation]:
    """What the mesh's proxies need."""
    if service.mesh and service.network.mode not in (None, "bridge"):
        what = f'is "{service.network.mode}", but mesh is true, whose proxies need "bridge": leave it out'
        yield Violation(("network", "mode"), what, ("mesh",))
    if service.mesh and not service.ports:
        yield Violation(("mesh",), "is true, but there is no port for the proxy to hand on to: add one", ("ports",))
    if service.mesh and service.type != "service":
        yield Violation(("mesh",), f'is true, but type is "{service.type}": its proxy would never end', ("type",))
    taken: dict[int, str] = {}
    for name, call in service.calls.items():
        if call.mesh and not service.mesh:
            what = "is true, but the service itself is not in the mesh: set mesh: true, beside calls"
            yield Violation(("calls", name, "mesh"), what, ("mesh",))
        if call.mesh == (call.local_port is None):
            what = "is missing: a port on loopback for the proxy" if call.mesh else "is for calls with mesh: true only"
            yield Violation(("calls", name, "local_port"), what, (f"calls.{name}.mesh",))
        if call.mesh and call.deliver == "env":
            what = 'is "env", but by the mesh the address never changes: take it out'
            yield Violation(("calls", name, "deliver"), what, (f"calls.{name}.mesh",))
        if call.local_port is not None:
            if call.local_port in taken:
                what = f"is {call.local_port}, as is that of {taken[call.local_port]}"
                yield Violation(("calls", name, "local_port"), what, ("calls",))
            inner = [label for label, port in service.ports.items() if port.to == call.local_port]
            if inner:
                what = f"is {call.local_port}, on which the service itself listens (ports.{inner[0]})"
                yield Violation(("calls", name, "local_port"), what, ("ports",))
            taken[call.local_port] = name
