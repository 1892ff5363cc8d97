"""The job to import, from Nomad or from a file, and Nomad's word that the service is the very same job."""

import json
from dataclasses import dataclass
from typing import Any

from components.importing.lean import Lean, filled, lean_for
from components.importing.remainder import SETS
from components.importing.service import Complete, Data, build, service_of
from components.jobspec import Job
from components.problems import Problem, SettingsError
from providers.nomad.additions import without_additions
from providers.nomad.client import NomadClient
from providers.nomad.comparison import Refused, compared
from providers.nomad.config import load
from providers.nomad.drift import content
from providers.nomad.job_difference import differences
from providers.nomad.jobspec_keys import accepted
from providers.nomad.plan import changes
from providers.nomad.spec import OWNER_KEY, parse
from providers.properties import Properties


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
    id_, _, namespace = wanted.rpartition("@") if "@" in wanted else (wanted, "", "")
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
    data = equal_service(given.job, complete)
    built = {**build(complete(data)), "Namespace": given.job["Namespace"]}
    if found := await _differences(client, built, given):
        raise _unequal(given.job, found)
    return data


def equal_service(job: Job, complete: Complete = dict) -> Data:
    """The keys of a service.yaml that is the given job, by the comparison with which the provider sees changes.

    Args:
        job: in Nomad's JSON, as it is registered or as it is written.
        complete: adds what a team's defaults say to a service.

    Raises:
        SettingsError: no service.yaml can say this job.
    """
    bare = without_additions(job)
    found: list[str] = []
    lean = lean_for(bare)
    attempts: list[tuple[Lean, frozenset[str]]] = [(lean, SETS), (lean, frozenset()), (filled, frozenset())]
    for shorten, sets in attempts:
        data = service_of(bare, filled(bare), shorten, complete, sets)
        found = [str(one.change) for one in differences(bare, build(complete(data)))]
        if not found:
            return data
    raise _unequal(job, found)


def _unequal(job: Job, found: list[str]) -> SettingsError:
    return SettingsError(
        Problem(f'The job "{job["ID"]}"', f"would not be the same: {difference}; use pulumi_nomad.Job for it")
        for difference in found
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
