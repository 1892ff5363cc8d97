"""The names under which a job's services are in Consul."""

import re
from collections.abc import Iterator, Mapping

from providers.nomad.client import Json

_VARIABLE = re.compile(r"\$\{\s*([^}]*?)\s*\}")


def consul_services(job: Json) -> set[str]:
    """The names of the services that a job registers in Consul, as far as the job itself tells them.

    What only the node of an instance knows (`${node.unique.name}`) leaves a name out: see `has_more`.
    """
    return {name for name in _names(job) if "${" not in name}


def has_more(job: Json) -> bool:
    """Whether the job registers services in Consul whose names are known only when an instance runs."""
    return any("${" in name for name in _names(job))


def _names(job: Json) -> Iterator[str]:
    for group in job.get("TaskGroups") or []:
        for task in (None, *(group.get("Tasks") or [])):
            for service in (task or group).get("Services") or []:
                if (service.get("Provider") or "consul") == "consul" and service.get("Name"):
                    yield _filled_in(service["Name"], _known(job, group, task))


def _filled_in(name: str, known: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: known.get(found[1]) or found[0], name)


def _known(job: Json, group: Json, task: Json | None) -> Mapping[str, str]:
    """What Nomad puts in place of variables, as far as it is the same for every instance (Nomad `taskenv`)."""
    name, group_name, task_name = str(job.get("Name") or job.get("ID") or ""), str(group.get("Name")), ""
    known = {
        "NOMAD_JOB_NAME": name,
        "NOMAD_JOB_ID": str(job.get("ID") or ""),
        "NOMAD_GROUP_NAME": group_name,
        "NOMAD_NAMESPACE": str(job.get("Namespace") or ""),
        "NOMAD_REGION": str(job.get("Region") or ""),
    }
    for owner in (job, group, task or {}):
        for key, value in (owner.get("Meta") or {}).items():
            known |= {f"NOMAD_META_{key}": str(value), f"NOMAD_META_{key.upper()}": str(value)}
    if task is not None:
        task_name = str(task.get("Name"))
        known |= {"NOMAD_TASK_NAME": task_name, **{key: str(value) for key, value in (task.get("Env") or {}).items()}}
    # The servers put these in when the job is registered (Nomad `Service.Canonicalize`).
    of_servers = {"JOB": name, "TASKGROUP": group_name, "TASK": task_name or "group"}
    return {**known, **of_servers, "BASE": "-".join(of_servers.values())}
