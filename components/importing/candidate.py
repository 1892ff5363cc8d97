"""A guess at the service that a job is: every field that the job's values have a place in."""

from collections.abc import Mapping
from typing import Any

from components.importing.group import another, group
from components.importing.read import block, key_of, parts, said


def candidate(job: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a service.yaml, with its name. It need not be valid, and need not be the whole job.

    Args:
        job: in Nomad's JSON, with what Nomad fills in.
    """
    id_, type_ = str(job["ID"]), str(job.get("Type") or "service")
    name = key_of(id_)
    groups = parts(job, "TaskGroups")
    main: Any = next((it for it in groups if it.get("Name") == id_), groups[0] if groups else {})
    own = group(main, job, name, type_)
    image = own["image"].get("reference")
    namespace, region = job.get("Namespace"), job.get("Region")
    return {
        "name": name,
        "type": type_,
        "job_id": None if name == id_ else id_,
        "job_name": None if job.get("Name") in (None, id_) else job["Name"],
        **own,
        **said(
            periodic=_periodic(block(job, "Periodic")),
            parameterized=_parameterized(job, main),
            groups={str(it.get("Name")): another(it, image, type_) for it in groups if it is not main},
            meta=dict(block(job, "Meta")),
            namespace=None if namespace == "default" else namespace,
            region=None if region == "global" else region,
            all_at_once=job.get("AllAtOnce") or None,
            datacenters=list(job.get("Datacenters") or []),
            node_pool=None if job.get("NodePool") == "default" else job.get("NodePool"),
            priority=None if job.get("Priority") == 50 else job.get("Priority"),
        ),
    }


def _periodic(periodic: Mapping[str, Any]) -> dict[str, Any]:
    if not periodic:
        return {}
    specs = list(periodic.get("Specs") or [])
    return {
        **({"crons": specs} if specs else {"cron": periodic.get("Spec")}),
        "time_zone": periodic.get("TimeZone") or "UTC",
        "allow_overlap": not periodic.get("ProhibitOverlap"),
        "enabled": periodic.get("Enabled") is not False,
    }


def _parameterized(job: Mapping[str, Any], main: Mapping[str, Any]) -> dict[str, Any]:
    found = block(job, "ParameterizedJob")
    if not isinstance(job.get("ParameterizedJob"), Mapping):
        return {}
    files = [block(task, "DispatchPayload").get("File") for task in parts(main, "Tasks")]
    return {
        "payload": found.get("Payload") or "optional",
        **said(
            meta_required=list(found.get("MetaRequired") or []),
            meta_optional=list(found.get("MetaOptional") or []),
            payload_file=next((file for file in files if file), None),
        ),
    }
