"""Keys that mean nothing to a service of its type.

A layer that is about every service may have them; what one service says for itself is meant for it.
"""

from collections.abc import Iterator

from components.rules.violation import Violation
from components.service_model import Service


def without_effect(service: Service) -> Iterator[Violation]:
    """What is written, but would be dropped."""
    if not service.deploys:
        for key in sorted(service.rollout.model_fields_set):
            what = f"means nothing to a {service.type} job, which runs to its end and has no rollout: take it out"
            yield Violation(("rollout", key), what)
    if not service.registered:
        for key in ("check", "checks", "tags"):
            if getattr(service, key):
                what = "means nothing where registered is false: write it under services, or take it out"
                yield Violation((key,), what, ("registered",))
    if service.type in ("system", "sysbatch"):
        for key in sorted(service.reschedule.model_fields_set):
            what = f"means nothing to a {service.type} job, which is on every node already: take it out"
            yield Violation(("reschedule", key), what)
