"""Rules between the values of a service. Sources: Nomad's own validation of jobs, and what its scheduler cannot do."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from components.problems import did_you_mean, shown
from components.service_model import Service

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class Violation:
    """A broken rule."""

    key: str
    """Where to put it right."""
    what: str
    """The rest of the sentence that begins with the key."""
    involves: tuple[str, ...] = ()
    """Other keys that the rule looks at: where one of them is wrong for itself, this says nothing."""


def violations(service: Service) -> Iterator[Violation]:
    """Everything that does not fit together."""
    yield from _image(service)
    yield from _ports(service)
    yield from _env(service)
    yield from _check(service)
    yield from _resources(service)
    yield from _rollout(service)
    yield from _restart(service)
    yield from _tags(service)
    yield from _stop(service)


def _image(service: Service) -> Iterator[Violation]:
    image = service.image
    if (image.build is None) == (image.reference is None):
        found = "both" if image.build else "neither"
        yield Violation("image", f'has {found} of "build" and "reference", but must have exactly one')


def _ports(service: Service) -> Iterator[Violation]:
    taken: dict[int, str] = {}
    for label, port in service.ports.items():
        key = f"ports.{label}.static"
        if port.static is None:
            continue
        if service.count > 1:
            what = (
                f"is {port.static}, which one instance per node can have, but count is {service.count}: leave it out, "
            )
            yield Violation(key, what + "Consul tells clients the port", ("count",))
        if port.static in taken:
            yield Violation(key, f"is {port.static}, as is that of the port {taken[port.static]}", ("ports",))
        taken[port.static] = label


def _env(service: Service) -> Iterator[Violation]:
    own = set(service.env)
    if "http" in service.ports:
        own.add("PORT")
        if "PORT" in service.env:
            yield Violation("env.PORT", "is set from ports.http.to: change it there", ("ports",))
    for key, value in service.env.items():
        for name in _VARIABLE.findall(value):
            if name in own:
                # Nomad replaces variables in no fixed order, and each once.
                what = (
                    f"refers to ${{{name}}}, another variable of env, which Nomad may replace or not: write its value"
                )
                yield Violation(f"env.{key}", what, ("ports", f"env.{name}"))


def _check(service: Service) -> Iterator[Violation]:
    check = service.check
    if check is None:
        if service.rollout.health_check == "checks":
            what = 'is "checks", but the service has no check: add a port labelled http or a check, '
            yield Violation("rollout.health_check", what + 'or be content with "task_states"', ("check", "ports"))
        return
    if check.port not in service.ports:
        what = f"is {shown(check.port)}, but no port has that label; {did_you_mean(check.port, service.ports)}"
        yield Violation("check.port", what, ("ports",))
    if check.type == "tcp" and check.path is not None:
        yield Violation("check.path", "is for http checks only, but check.type is tcp", ("check.type",))


def _resources(service: Service) -> Iterator[Violation]:
    resources = service.resources
    if resources.memory_max_mb is not None and resources.memory_max_mb < resources.memory_mb:
        what = f"is {resources.memory_max_mb}, but must not be below memory_mb ({resources.memory_mb})"
        yield Violation("resources.memory_max_mb", what, ("resources.memory_mb",))


def _rollout(service: Service) -> Iterator[Violation]:
    rollout = service.rollout
    if rollout.auto_promote and rollout.canary == 0:
        what = "is true, but there is no canary to promote: set rollout.canary to 1 or more, or leave it out"
        yield Violation("rollout.auto_promote", what, ("rollout.canary",))
    for lower, upper in (("min_healthy_s", "healthy_deadline_s"), ("healthy_deadline_s", "progress_deadline_s")):
        low, high = getattr(rollout, lower), getattr(rollout, upper)
        if low >= high:
            what = f"is {low:g}, but must be below {upper} ({high:g})"
            yield Violation(f"rollout.{lower}", what, (f"rollout.{upper}",))


def _restart(service: Service) -> Iterator[Violation]:
    for key, policy in (("restart", service.restart), ("reschedule", service.reschedule)):
        needed = policy.attempts * policy.delay_s
        if needed > policy.interval_s:
            what = (
                f"is {policy.interval_s:g}, but {policy.attempts} attempts {policy.delay_s:g} s apart take {needed:g}"
            )
            yield Violation(f"{key}.interval_s", what, (f"{key}.attempts", f"{key}.delay_s"))


def _tags(service: Service) -> Iterator[Violation]:
    tags = (service.name, f"{service.name}@{service.version}", *service.tags)
    for position, tag in enumerate(service.tags):
        if tag in tags[: position + 2]:
            yield Violation(f"tags.{position}", f"is {shown(tag)}, which the service has already", ("name", "version"))


def _stop(service: Service) -> Iterator[Violation]:
    check = service.check
    # A check that outlives the rollout's patience can never make an instance healthy.
    if check is not None and service.rollout.health_check == "checks":
        deadline = service.rollout.healthy_deadline_s
        if check.interval_s >= deadline:
            what = f"is {check.interval_s:g}, but must be below rollout.healthy_deadline_s ({deadline:g})"
            yield Violation("check.interval_s", what, ("rollout.healthy_deadline_s",))
