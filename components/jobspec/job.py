"""The job as a whole."""

from dataclasses import dataclass

from components.jobspec.group import group
from components.jobspec.merge import merged
from components.jobspec.nomad import Job, given
from components.jobspec.placement import affinity, constraint, spread
from components.jobspec.policies import update
from components.service.rollout import Rollout
from components.service.schedule import Parameterized, Periodic
from components.service_groups import of_group
from components.service_model import Service


@dataclass(frozen=True)
class Placement:
    """Where in Nomad a job runs, if the service does not say so itself."""

    datacenters: tuple[str, ...] = ("dc1",)
    namespace: str | None = None
    region: str | None = None


def build_job(
    service: Service, image: str | None, placement: Placement, *, built: bool, secrets_version: str | None = None
) -> Job:
    """The job of a service: a group with the service's own task and the tasks beside it, and more groups if it has any.

    Args:
        service: what to run, valid. Its files have their texts: see components/file_sources.py.
        image: the image's reference; None for a driver that runs none.
        placement: where to run it, as far as the service leaves it open.
        built: whether the image is built by this program, and so may be missing in the registry at preview.
        secrets_version: any text that changes when a secret does. Required if the service has secrets.
    """
    job: Job = {
        "ID": service.id_in_nomad,
        "Name": service.job_name or service.id_in_nomad,
        "Type": service.type,
        "Datacenters": list(placement.datacenters if service.datacenters is None else service.datacenters),
        "TaskGroups": [
            group(service, image, built, secrets_version),
            *(_more(service, key, image, built) for key in sorted(service.groups)),
        ],
        **given(
            Namespace=service.namespace or placement.namespace,
            Region=service.region or placement.region,
            NodePool=service.node_pool,
            Priority=service.priority,
            AllAtOnce=service.all_at_once or None,
            Constraints=[constraint(it) for it in service.constraints if it.level == "job"] or None,
            Affinities=[affinity(it) for it in service.affinities if it.level == "job"] or None,
            Spreads=[spread(it) for it in service.spreads if it.level == "job"] or None,
            # Of a job's own, Nomad keeps these two.
            Update=_update(service.rollout) if service.rollout.level == "job" and service.deploys else None,
            Meta=dict(service.meta) or None,
            Periodic=None if service.periodic is None else _periodic(service.periodic),
            ParameterizedJob=None if service.parameterized is None else _parameterized(service.parameterized),
        ),
    }
    return merged(job, service.job)


def _more(service: Service, key: str, image: str | None, built: bool) -> Job:
    """One more group: of the service's own image, or of another one, which is finished."""
    other = service.groups[key].image
    return group(of_group(service, key), other or image, built and other is None, None)


def _update(rollout: Rollout) -> Job:
    return {key: value for key, value in update(rollout).items() if key in ("MaxParallel", "Stagger")}


def _periodic(periodic: Periodic) -> Job:
    return {
        "Enabled": periodic.enabled,
        **({"Specs": list(periodic.crons)} if periodic.cron is None else {"Spec": periodic.cron}),
        "SpecType": "cron",
        "TimeZone": periodic.time_zone,
        "ProhibitOverlap": not periodic.allow_overlap,
    }


def _parameterized(parameterized: Parameterized) -> Job:
    return {
        "Payload": parameterized.payload,
        "MetaRequired": list(parameterized.meta_required),
        "MetaOptional": list(parameterized.meta_optional),
    }
