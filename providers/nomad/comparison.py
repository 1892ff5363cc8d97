"""The dry run of a job against the registered one, with a diff that tells the truth: no noise, nothing missed."""

from collections.abc import Callable
from functools import partial

from providers.http_api import ApiError
from providers.nomad.blind_spots import unseen
from providers.nomad.client import Json, NomadClient
from providers.nomad.noise import tidied
from providers.nomad.plan import of_job, one_line
from providers.plugin import ProviderError


def refusal(job_id: str, said: str) -> str:
    """Nomad's own words for why it refuses a job; those that do not name the job get it."""
    own = of_job(job_id, said)
    return own if own == said else f'job "{job_id}": Nomad refuses it: {said}'


class Refused(ProviderError):
    """Nomad finds a job wrong, in its own words."""


async def compared(client: NomadClient, job: Json, current: Json | None, *, policy_override: bool = False) -> Json:
    """Nomad's plan for a job (as it is written), its diff tidied and completed. `current` is the registered job.

    Raises Refused for a job that Nomad finds wrong.
    """
    try:
        plan = await client.plan(job, policy_override=policy_override)
    except ApiError as error:
        if error.status not in (400, 500):
            raise
        raise Refused(refusal(job["ID"], one_line(error.answer))) from error
    diff = plan.get("Diff")
    if current is None or not diff or diff.get("Type") in ("Added", "Deleted"):
        return plan
    return {**plan, "Diff": completed(tidied(diff, job), job, current)}


def completed(diff: Json, job: Json, current: Json) -> Json:
    """The diff of `job` with what Nomad does not look at."""
    for found in unseen(job, current):
        if not found.objects:
            continue
        change = partial(_with, found.objects)
        if found.task:
            change = partial(_inside, "Tasks", found.task, change)
        if found.group:
            change = partial(_inside, "TaskGroups", found.group, change)
        diff = change(diff)
    return diff


def _with(objects: list[Json], part: Json) -> Json:
    return {**part, "Type": "Edited", "Objects": [*(part.get("Objects") or []), *objects]}


def _inside(key: str, name: str, change: Callable[[Json], Json], diff: Json) -> Json:
    """The diff with `change` applied to its group or task of that name."""
    parts = list(diff.get(key) or [])
    if not any(part["Name"] == name for part in parts):
        parts.append({"Type": "Edited", "Name": name})
    return {**diff, "Type": "Edited", key: [change(part) if part["Name"] == name else part for part in parts]}
