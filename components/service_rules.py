"""Rules between the values of a service, all of them together."""

from collections.abc import Iterator

from components.rules import environment, groups, image, lifecycle, network, registrations, resources, workload
from components.rules.violation import Violation
from components.service_groups import of_group
from components.service_model import Service

__all__ = ["Violation", "violations"]

_RULES = (
    image.image,
    network.ports,
    network.published,
    environment.environment,
    environment.arguments,
    environment.files,
    network.checks,
    network.mesh,
    registrations.registrations,
    workload.workload,
    workload.levels,
    resources.resources,
    resources.volumes,
    resources.placement,
    lifecycle.rollout,
    lifecycle.nodes,
    lifecycle.restart,
    lifecycle.scaling,
    lifecycle.schedule,
    lifecycle.tasks,
    lifecycle.tags,
    lifecycle.job,
)


def violations(service: Service) -> Iterator[Violation]:
    """Everything that does not fit together."""
    for rule in (*_RULES, groups.groups):
        yield from rule(service)
    for key in service.groups:
        alone = of_group(service, key)
        for found in (violation for rule in _RULES for violation in rule(alone)):
            prefix = ("groups", key)
            yield Violation((*prefix, *found.path), found.what, tuple(".".join((*prefix, it)) for it in found.involves))
