"""Whether a job's inputs are right: names and types here, the job itself by Nomad's own judgement."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from providers.http_api import ApiError
from providers.nomad.client import NomadClient
from providers.nomad.comparison import refusal
from providers.nomad.expected import Expected
from providers.nomad.job_context import JobContext
from providers.nomad.jobspec_keys import removed
from providers.nomad.outputs import DEFAULTS, INPUT_NAMES
from providers.nomad.places import unknown_region
from providers.nomad.plan import of_job, one_line
from providers.nomad.seen import noted_job
from providers.nomad.soak import wrong_soak
from providers.nomad.spec import Spec, SpecError, is_known, parse, same_source, unknown_keys
from providers.plugin import CheckFailure
from providers.properties import UNKNOWN, Properties


async def check(
    ctx: JobContext, urn: str, old: Properties, new: Properties
) -> tuple[list[CheckFailure], tuple[str, str] | None]:
    """Every wrong input at once, and namespace and ID of the job; None for these where they cannot be known yet.

    Nomad parses the job where its text differs from the recorded one. It validates a new one here, and any other in the
    plan that its diff asks for.
    """
    failures = wrong_names(new)
    if not is_known(new):
        return failures + await _wrong_already(ctx.client, new), None
    unchanged = bool(old.get("jobspec")) and same_source(old, new)
    if unchanged and (job := noted_job(old)):
        return failures, job
    if not unchanged:
        failures += [CheckFailure("jobspec", reason) for reason in unknown_keys(new)]
    try:
        spec = await parse(ctx.client, new)
    except SpecError as error:
        return failures + [CheckFailure("jobspec", reason) for reason in error.reasons], None
    if not unchanged and (elsewhere := await unknown_region(ctx.client, spec.job.get("Region") or "")):
        failures.append(CheckFailure("jobspec", f'job "{spec.id}": {elsewhere}.'))
        return failures, None
    if not unchanged:
        wrong = [*removed(spec.job), *wrong_soak(spec.job)]
        failures += [CheckFailure("jobspec", f'job "{spec.id}": {reason}') for reason in wrong]
        if not old.get("jobspec") or ctx.expected.awaited_by(spec.job):
            failures += await _refused_by_nomad(ctx.client, ctx.expected, urn, spec)
    return failures, (spec.namespace, spec.id)


async def _wrong_already(client: NomadClient, new: Properties) -> list[CheckFailure]:
    """What is wrong with HCL of which only variables are not known yet. Nomad reads only up to the first of these."""
    hcl2 = new.get("hcl2")
    if new.get("json") or not isinstance(new.get("jobspec"), str) or not isinstance(hcl2, dict):
        return []
    try:
        await parse(client, new)
    except SpecError as error:
        return [CheckFailure("jobspec", reason) for reason in error.reasons if "Unset variable" not in reason]
    return []


def wrong_names(new: Properties) -> list[CheckFailure]:
    """Inputs that are not there, are no inputs, or are of the wrong type."""
    failures = []
    for name, value in new.values.items():
        if name.startswith("__"):
            continue
        if name not in INPUT_NAMES:
            near = get_close_matches(name, sorted(INPUT_NAMES), 1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            failures.append(CheckFailure(name, f'"{name}" is not an input of nomad.Job.{hint}'))
        elif isinstance(DEFAULTS.get(name), bool) and value not in (None, UNKNOWN) and not isinstance(value, bool):
            failures.append(CheckFailure(name, f"{name} is {value!r}; it must be true or false."))
    failures += [CheckFailure("hcl2", reason) for reason in _wrong_hcl2(new.get("hcl2", {}))]
    if new.get("jobspec") is None:
        failures.append(CheckFailure("jobspec", "The jobspec is missing; give the text of a Nomad job."))
    return failures


def _wrong_hcl2(value: Any) -> Iterator[str]:
    if value is UNKNOWN:
        return
    if not isinstance(value, dict):
        yield "hcl2 must be a group of allowFs and vars."
        return
    for name in sorted(value.keys() - {"allowFs", "vars"}):
        yield f'"hcl2.{name}" is not an input of nomad.Job. hcl2 has allowFs and vars.'
    variables = value.get("vars")
    if variables is not None and variables is not UNKNOWN and not isinstance(variables, dict):
        yield "hcl2.vars must be a map of variables by their names."


async def _refused_by_nomad(client: NomadClient, expected: Expected, urn: str, spec: Spec) -> list[CheckFailure]:
    """What Nomad finds wrong with a job, a failure each; not what this same update is going to put right."""
    try:
        answer = await client.validate(spec.marked(urn))
    except ApiError as error:
        if error.status not in (400, 500):
            raise
        return [CheckFailure("jobspec", refusal(spec.id, one_line(error.answer)))]
    found = answer.get("ValidationErrors") or ([answer["Error"]] if answer.get("Error") else [])
    found = [reason for reason in found if not expected.explains(spec.job, reason)]
    return [CheckFailure("jobspec", of_job(spec.id, one_line(reason))) for reason in found]
