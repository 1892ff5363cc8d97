"""The job to import, from Nomad or from a file, and Nomad's word that the service is the very same job."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from components.importing.service import Complete, Data, Lean, build, service_of
from components.jobspec import Job
from components.problems import Problem, SettingsError
from providers.nomad.client import NomadClient
from providers.nomad.comparison import Refused, compared
from providers.nomad.config import load
from providers.nomad.drift import content
from providers.nomad.job_defaults import (
    checks,
    defaults,
    made_up_name,
    without_defaults,
    without_scaling_bookkeeping,
)
from providers.nomad.jobspec_keys import accepted
from providers.nomad.plan import changes
from providers.nomad.spec import OWNER_KEY, parse
from providers.properties import Properties

_IMPLIED = (
    ("${attr.consul.version}", "semver", ">= 1.8.0"),
    ("${attr.nomad.service_discovery}", "=", "true"),
    ("${attr.vault.version}", "semver", ">= 0.6.1"),
)
"""Constraints that Nomad puts into a group by itself."""

_IGNORED = ("MaxClientDisconnect", "PreventRescheduleOnLost", "StopAfterClientDisconnect")
"""Keys of a group that Nomad reads and ignores since 1.10."""


@dataclass(frozen=True)
class Given:
    """The job to import."""

    job: Job
    running: Job | None
    """The registered job, where it is that."""

    @property
    def owner(self) -> str | None:
        """The resource that the job belongs to already, if it belongs to one of ours."""
        meta = (self.running or {}).get("Meta") or {}
        return meta.get(OWNER_KEY)


async def registered(client: NomadClient, wanted: str) -> Given:
    """The registered job of an ID, or of `ID@NAMESPACE`. Raises SettingsError where there is none; ProviderError."""
    id_, _, namespace = wanted.partition("@")
    found = await client.job(namespace or client.namespace, id_)
    if found is None:
        where = f"namespace {namespace or client.namespace} of {client.address}"
        raise SettingsError([Problem(f'The job "{id_}"', f"is not in {where}, and no file has this name")])
    return Given(accepted(content(found)), found)


async def of_text(client: NomadClient, text: str, variables: str) -> Given:
    """The job of an HCL2 or JSON text, parsed by Nomad. `variables`: a variables file's text. Raises ProviderError."""
    if not text.lstrip().startswith("{"):
        job = await client.parse_hcl(text, variables, canonicalize=True)
        return Given(accepted(content({**job, "Namespace": job.get("Namespace") or client.namespace})), None)
    spec = await parse(client, Properties({"jobspec": text, "json": True}))
    return Given(accepted(content(spec.job)), None)


async def as_service(client: NomadClient, given: Given, complete: Complete = dict) -> Data:
    """The keys of a service.yaml that is the given job, as Nomad itself says.

    Args:
        client: the Nomad to ask.
        given: the job.
        complete: adds what a team's defaults say to a service.

    Raises:
        SettingsError: no service.yaml can say this job.
        ProviderError: Nomad does not answer, or refuses.
    """
    known = await defaults(client, str(given.job["Type"]))
    job = _plain(given.job)
    filled = _filled(job, known)
    differences: list[str] = []
    leans: list[Lean] = [partial(_without_defaults, known=known, zeros=zeros) for zeros in (True, False)]
    for lean in (*leans, accepted):
        data = service_of(job, filled, lean, complete)
        built = {**build(complete(data)), "Namespace": job["Namespace"]}
        differences = await _differences(client, built, given)
        if not differences:
            return data
    raise SettingsError(
        Problem(f'The job "{job["ID"]}"', f"would not be the same: {difference}; use pulumi_nomad.Job for it")
        for difference in differences
    )


def client_of_environment() -> NomadClient:
    """Nomad, where the providers find it too: NOMAD_ADDR, NOMAD_TOKEN and so on. Raises ProviderError."""
    config = load(Properties({}))
    assert config is not None, "only unknown inputs make it None"
    return NomadClient(config)


async def _differences(client: NomadClient, job: Job, given: Given) -> list[str]:
    """What Nomad would change if `job` took the place of the given one."""
    try:
        if given.running is not None:
            return [str(change) for change in changes(await compared(client, job, given.running))]
        # Both against whatever is registered, or against nothing: the same job has the same diff.
        wanted, found = [(await compared(client, it, None)).get("Diff") for it in (given.job, job)]
    except Refused as error:
        return [str(error)]
    return [] if _unordered(wanted) == _unordered(found) else ["Nomad's plan for it is another"]


def _unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unordered(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted((_unordered(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


def _plain(job: Job) -> Job:
    """The job with everything where a service has it, without what Nomad adds to a job by itself.

    Source: Nomad `api.TaskGroup.Canonicalize`, `structs.Service.Canonicalize`, `jobImpliedConstraints`.
    """
    job = without_scaling_bookkeeping(job)
    common = {key: value for key, value in (job.pop("Update", None) or {}).items() if value is not None}
    for group in job.get("TaskGroups") or []:
        own = {key: value for key, value in (group.pop("Update", None) or {}).items() if value is not None}
        if job["Type"] in ("service", "system") and (common or own):
            group["Update"] = {**common, **own}
        constraints = [it for it in group.get("Constraints") or [] if _condition(it) not in _IMPLIED]
        group["Constraints"] = constraints or None
        for key in _IGNORED:
            group.pop(key, None)
        for task in group.get("Tasks") or []:
            if task.get("RestartPolicy") == group.get("RestartPolicy"):
                task.pop("RestartPolicy", None)
    for service, check in checks(job):
        check["Name"] = check.get("Name") or made_up_name(service)
    return job


def _condition(constraint: Job) -> tuple[Any, Any, Any]:
    return constraint.get("LTarget"), constraint.get("Operand"), constraint.get("RTarget")


def _without_defaults(job: Job, known: Job, zeros: bool) -> Job:
    lean: Job = without_defaults(job, known, zeros=zeros)
    for group, whole in zip(lean.get("TaskGroups") or [], job.get("TaskGroups") or [], strict=True):
        if whole.get("ShutdownDelay") is not None:
            # None and 0 are two things to Nomad.
            group["ShutdownDelay"] = whole["ShutdownDelay"]
    return lean


def _filled(value: Any, default: Any) -> Any:
    """The value with the defaults that are no lists of parts."""
    if isinstance(value, list):
        return [_filled(item, default[0]) for item in value] if isinstance(default, list) and default else value
    if not isinstance(value, dict) or not isinstance(default, dict):
        return value
    result = dict(value)
    for key, usual in default.items():
        if result.get(key) is not None:
            result[key] = _filled(result[key], usual)
        elif not isinstance(usual, list) and key != "Scaling":
            result[key] = usual
    return result
