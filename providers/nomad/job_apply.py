"""Registers a job and follows its rollout to the end."""

from dataclasses import replace
from functools import partial

from providers.http_api import ApiError, Unreachable
from providers.nomad import outputs as job_outputs
from providers.nomad.client import Json
from providers.nomad.comparison import compared
from providers.nomad.job_context import JobContext, job_version
from providers.nomad.masking import hider
from providers.nomad.outputs import setting
from providers.nomad.own_promotion import held
from providers.nomad.plan import changes, one_line
from providers.nomad.rollout import Cancelled, Outcome, Rollout
from providers.nomad.sentences import detached_text
from providers.nomad.spec import Spec
from providers.plugin import InitFailed, ProviderError
from providers.properties import Properties


async def apply(
    ctx: JobContext, urn: str, spec: Spec, inputs: Properties, current: Json | None, plan: Json, timeout_s: float
) -> Properties:
    """Registers and follows. Raises InitFailed when the job is registered and its rollout did not succeed."""
    dead = current is None or current.get("Stop") or current.get("Status") == "dead"
    index = None
    if dead or changes(plan):
        index = await _register(ctx, urn, spec, inputs, current)
    # Otherwise it is registered already: an interrupted `up` goes on, or only this resource's own settings changed.
    try:
        registered = await ctx.client.job(spec.namespace, spec.id)
    except Unreachable as error:
        raise ProviderError(
            f'Job "{spec.id}" is registered, but what becomes of it is not known: {error} The rollout goes on in '
            "Nomad; the next `pulumi up` goes on from there."
        ) from error
    if registered is not None and registered["JobModifyIndex"] == index:
        ctx.written.note(urn, spec.id, job_version(registered), spec.namespace)
    if registered is None:
        raise ProviderError(f'Job "{spec.id}" was registered and is already gone again: somebody purged it meanwhile.')
    if setting(inputs, "detach"):
        await ctx.engine.info(urn, detached_text(registered))
        return await ctx.outputs(inputs, registered)
    outcome = await _follow(ctx, urn, spec, registered, timeout_s)
    for note in outcome.notes:
        await ctx.engine.info(urn, note)
    return await _settled(ctx, spec, inputs, registered, outcome)


async def promote(
    ctx: JobContext, urn: str, spec: Spec, inputs: Properties, current: Json, deployment: str, timeout_s: float
) -> None:
    """Promotes the canaries of the registered job when they are healthy, and follows until the old instances are gone.

    Raises InitFailed when one of the two does not succeed; the state then says what runs.
    """
    outcome = await _follow(ctx, urn, spec, current, timeout_s)
    if outcome.succeeded and not spec.by_up:
        await ctx.client.promote_deployment(spec.namespace, deployment)
        outcome = await _follow(ctx, urn, spec, current, timeout_s)
    if not outcome.succeeded:
        await _settled(ctx, spec, inputs, current, outcome)


async def _follow(ctx: JobContext, urn: str, spec: Spec, registered: Json, timeout_s: float) -> Outcome:
    """The rollout of a registered version to its end, whatever that is."""
    rollout = Rollout(
        client=ctx.client,
        hub=ctx.hub,
        consul=ctx.consul,
        job=registered,
        version=int(registered["Version"]),
        cancelled=ctx.cancelled,
        report=partial(ctx.engine.status, urn),
        hide=hider(spec, ctx.variables.known),
        deadline_s=timeout_s,
        by_up=spec.by_up,
    )
    try:
        return await rollout.follow()
    except Cancelled as stopped:
        reason = (
            f'Stopped waiting for job "{spec.id}" version {registered["Version"]}: {stopped}. The rollout goes on '
            "in Nomad; the next `pulumi up` goes on from there."
        )
        return Outcome(False, reasons=[reason])
    except ProviderError as error:
        return Outcome(False, reasons=[f'The outcome of job "{spec.id}" is not known: {error}'])


async def _settled(ctx: JobContext, spec: Spec, inputs: Properties, registered: Json, outcome: Outcome) -> Properties:
    """The outputs after a rollout. Raises InitFailed, with the outputs, where it did not succeed."""
    try:
        now = await ctx.client.job(spec.namespace, spec.id) or registered
        result = await ctx.outputs(inputs, now)
    except ProviderError as error:
        # The job is registered, and the state has to say so whatever else is known.
        result = job_outputs.of_job(inputs, registered, None, [])
        told = any(str(error) in reason for reason in outcome.reasons)
        outcome = replace(outcome, succeeded=False, reasons=[*outcome.reasons, *([] if told else [str(error)])])
    if not outcome.succeeded:
        raise InitFailed(spec.id, result, inputs, outcome.reasons)
    return result


async def _register(ctx: JobContext, urn: str, spec: Spec, inputs: Properties, current: Json | None) -> int:
    """Registers under the index that was judged; the index that the job has got."""
    index = int(current["JobModifyIndex"]) if current else 0
    job = spec.marked(urn)
    if ctx.promotes(spec, inputs):
        job = held(job, spec.by_up)
    try:
        answer = await ctx.client.register(
            job,
            index,
            policy_override=setting(inputs, "policyOverride"),
            preserve_counts=setting(inputs, "preserveCounts"),
        )
    except Unreachable as error:
        return await _registered_after_all(ctx, job, index, error)
    except ApiError as error:
        if "job modify index" in error.answer:
            raise ProviderError(
                f'Job "{spec.id}" was changed by somebody else between the check and the registration '
                f"({one_line(error.answer)}). It is not overwritten; run `pulumi up` again to see what changed."
            ) from error
        raise
    if answer.get("Warnings"):
        await ctx.engine.warning(urn, one_line(answer["Warnings"]))
    return int(answer.get("JobModifyIndex") or 0)


async def _registered_after_all(ctx: JobContext, job: Json, index: int, error: Unreachable) -> int:
    """The answer was lost: reads back whether the registration took place, and its index.

    Raises `error` where it did not.
    """
    current = await ctx.client.job(job["Namespace"], job["ID"])
    if current is None or int(current["JobModifyIndex"]) == index or changes(await compared(ctx.client, job, current)):
        raise error
    return int(current["JobModifyIndex"])
