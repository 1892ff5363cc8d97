"""The group: what the tasks of an instance share."""

from components.jobspec.consul import registrations, services, services_fingerprint
from components.jobspec.network import has_network, network
from components.jobspec.nomad import Job, given, ns
from components.jobspec.placement import affinity, constraint, spread
from components.jobspec.policies import disconnect, migrate, reschedule, restart, scaling, update
from components.jobspec.tasks import own_task, task_beside
from components.jobspec.volumes import ephemeral_disk, requests
from components.service_model import Service

SERVICES_META = "caravan_services"
"""On a group: a fingerprint of its Consul checks. Nomad changes checks in place, on the instances that serve, and a
wrong one would take them out of Consul; a change of meta goes through a canary instead."""

SECRETS_META = "caravan_secrets"
"""On a group: the version of its secrets. A running process does not see a new secret; a change of meta brings it in
through a canary, instead of by a restart of all instances at once."""


SOAK_META = "caravan_soak_s"
"""On a group: how long its canaries are watched before they are promoted, seconds."""


def group(service: Service, image: str | None, built: bool, secrets_version: str | None) -> Job:
    """The one group of a service's job."""
    own = services(service)
    registered = [*own, *registrations(service)]
    lists = given(
        Networks=[network(service)] if has_network(service) else None,
        Constraints=[constraint(it) for it in service.constraints if it.level == "group"] or None,
        Affinities=[affinity(it) for it in service.affinities if it.level == "group"] or None,
        Spreads=[spread(it) for it in service.spreads if it.level == "group"] or None,
        Volumes=requests(service) or None,
        EphemeralDisk=ephemeral_disk(service) or None,
        Scaling=None if service.scaling is None else scaling(service.scaling),
        # The services are the group's, so its shutdown delay is the one between leaving Consul and SIGTERM.
        ShutdownDelay=None if service.shutdown_delay_s is None else ns(service.shutdown_delay_s),
        Update=update(service.rollout) if service.deploys else None,
        ReschedulePolicy=reschedule(service.reschedule) if service.type in ("service", "batch") else None,
        Migrate=None if service.migrate is None else migrate(service.migrate),
        Disconnect=None if service.disconnect is None else disconnect(service.disconnect),
        Consul={} if service.group_consul else None,
        Services=registered or None,
        # Where only `services` are registered, nothing is there that the job did not say.
        Meta=_meta(service, registered if own else [], secrets_version) or None,
    )
    return {
        "Name": service.group,
        "Count": service.count,
        "RestartPolicy": restart(service.restart),
        "Tasks": [
            own_task(service, image, built),
            *(task_beside(service, name, image, built) for name in sorted(service.tasks)),
        ],
        **lists,
    }


def _meta(service: Service, registered: list[Job], secrets_version: str | None) -> Job:
    soak_s = service.rollout.soak_s
    own = given(
        **{
            SERVICES_META: services_fingerprint(registered) if registered else None,
            SECRETS_META: secrets_version if service.secrets else None,
            SOAK_META: f"{soak_s:g}" if soak_s is not None and service.deploys else None,
        }
    )
    return {**service.group_meta, **own}
