"""What is asked before a job is registered, at preview and again at apply: its images and the scheduler's dry run."""

from dataclasses import dataclass

from providers.http_api import ApiError
from providers.nomad import capacity
from providers.nomad.client import Json, NomadClient
from providers.nomad.comparison import compared
from providers.nomad.consul_health import consul_services
from providers.nomad.ineligible import with_constraints
from providers.nomad.job_context import JobContext
from providers.nomad.meanwhile import Meanwhile, meanwhile
from providers.nomad.outputs import setting
from providers.nomad.plan import changes, describe, failed_placements
from providers.nomad.registry import Found, check_images, task_images
from providers.nomad.sentences import DETACHED_PREVIEW
from providers.nomad.spec import Spec
from providers.plugin import ProviderError
from providers.properties import Properties

WAITS = "It is registered all the same (nomad:waitForPlace) and waits for a place, until its progress deadline."

MAY_WAIT = (
    "Where nodes are added as they are needed, a job may be registered and wait: pulumi config set "
    "nomad:waitForPlace true."
)

LOST = "If this stack pushed it before, the registry has lost it since. Run `pulumi refresh`, then `pulumi up`."


@dataclass
class Findings:
    """`problems` forbid the registration; `warnings` are for the user to weigh."""

    problems: list[str]
    warnings: list[str]


async def check_job_images(spec: Spec, *, preview: bool) -> Findings:
    """Whether every image can be pulled, as far as it can be told from here.

    At preview an image that this stack builds itself may still be missing; where its registry asks for credentials, it
    was pushed with those of the stack, and the nodes have their own. Of other images, a registry elsewhere that this
    machine cannot reach or that asks for credentials that only the nodes have is a warning: the nodes may do better.
    """
    findings = Findings([], [])
    images = list(task_images(spec.job))
    for image, check in zip(images, await check_images(images), strict=True):
        sentence = f'job "{spec.id}", {image.where}: image {image.image} cannot be pulled: {check.text}'
        if check.found is Found.NO and image.built_here and not preview:
            sentence += f". {LOST}"
        if check.found is Found.YES or (check.found is Found.NO and image.built_here and preview):
            continue
        if check.found is Found.REFUSED and image.built_here and not image.user:
            continue
        certain = check.found in (Found.NO, Found.INVALID) or check.local or image.built_here
        if check.found is Found.REFUSED and image.user:
            certain = True
        (findings.problems if certain else findings.warnings).append(
            sentence if certain else f"{sentence} (seen from here)"
        )
    return findings


async def _dry_run(
    client: NomadClient, job: Json, current: Json | None, plan: Json | None, *, policy_override: bool
) -> tuple[Json, list[str]]:
    """The scheduler's plan for a marked job, and a sentence for each reason why a group cannot be placed."""
    if plan is None:
        plan = await compared(client, job, current, policy_override=policy_override)
    plan = await with_constraints(client, job, plan, policy_override=policy_override)
    lines = failed_placements(plan)
    if any(metrics.get("DimensionExhausted") for metrics in (plan.get("FailedTGAllocs") or {}).values()):
        try:
            lines += capacity.explain(plan, job, *await client.capacity())
        except ApiError as error:
            # The scheduler's own words stand without the numbers.
            lines.append(f"what is free cannot be told: {error}")
    return plan, [f'job "{job["ID"]}", {line}' for line in lines]


async def preflight(
    ctx: JobContext,
    urn: str,
    spec: Spec,
    inputs: Properties,
    current: Json | None,
    *,
    preview: bool,
    plan: Json | None = None,
) -> Json:
    """The scheduler's plan (`plan` where it is known already); at preview it is shown.

    Raises ProviderError with everything that forbids the registration.
    """
    findings = await check_job_images(spec, preview=preview)
    if ctx.consul is not None and not setting(inputs, "detach"):
        lacking = await ctx.consul_rights.lacking(ctx.consul, consul_services(spec.job))
        findings.problems += [f'job "{spec.id}": {reason}' for reason in lacking]
    awaited = ctx.expected.awaited_by(spec.job) if preview else ""
    unplaceable: list[str] = []
    if awaited:
        plan = {}
        text = "is made by this same update; only then the scheduler can be asked about the job."
        await ctx.engine.info(urn, f'job "{spec.id}": {awaited} {text}')
    else:
        plan, unplaceable = await _dry_run(
            ctx.client, spec.marked(urn), current, plan, policy_override=setting(inputs, "policyOverride")
        )
    told = Meanwhile()
    if not awaited:
        told = await meanwhile(ctx, urn, spec, inputs, plan, preview=preview)
        findings.warnings += told.warnings
        findings.problems += told.problems
    if preview and not awaited:
        override = setting(inputs, "policyOverride")
        if refusal := await ctx.register_rights.lacking(ctx.client, spec.marked(urn), policy_override=override):
            # Who only previews needs no such right.
            findings.warnings.append(f'job "{spec.id}": `pulumi up` will be refused. {refusal}')
        header = (
            f'job "{spec.id}": new'
            if current is None
            else f'job "{spec.id}", version {current["Version"]} in Nomad now:'
        )
        lines = describe(plan, secret=spec.secret, new=current is None)
        lines += told.lines
        if setting(inputs, "detach") and changes(plan):
            lines.append(DETACHED_PREVIEW)
        await ctx.engine.info(urn, "\n".join([header, *lines]))
    if (empty := await ctx.places.empty_datacenters(spec.job)) is not None:
        (findings.problems if unplaceable else findings.warnings).append(empty)
    for warning in findings.warnings:
        await ctx.engine.warning(urn, warning)
    problems = findings.problems
    if unplaceable and ctx.may_wait(spec.id):
        await ctx.engine.warning(urn, "\n".join([*unplaceable, WAITS]))
    elif unplaceable:
        problems += [*unplaceable, MAY_WAIT]
    if problems:
        raise ProviderError("\n".join([*problems, "Nothing was registered; what runs now is untouched."]))
    if preview:
        ctx.demand.add(spec.job, plan, current)
    return plan
