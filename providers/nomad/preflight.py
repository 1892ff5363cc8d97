"""What is asked before a job is registered, at preview and again at apply: its images and the scheduler's dry run."""

from dataclasses import dataclass, field

from providers.nomad import driver_templates, kinds, transitions, volatile
from providers.nomad.client import Json
from providers.nomad.dry_run import DryRun, dry_run, replacing_text
from providers.nomad.job_context import JobContext
from providers.nomad.jobspec_keys import ignored_policies
from providers.nomad.meanwhile import Meanwhile, meanwhile
from providers.nomad.outputs import setting
from providers.nomad.plan import changes, describe
from providers.nomad.registry import Found, Registries, task_images
from providers.nomad.sentences import DETACHED_PREVIEW
from providers.nomad.service_names import consul_services
from providers.nomad.spec import Spec, parse_anew
from providers.plugin import ProviderError
from providers.properties import Properties

LOST = "If this stack pushed it before, the registry has lost it since. Run `pulumi refresh`, then `pulumi up`."


@dataclass
class Findings:
    """`problems` and `no_place` forbid the registration; `warnings` are for the user to weigh."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    no_place: list[str] = field(default_factory=list)
    """What cannot be placed, and what to do about it."""


async def check_job_images(registries: Registries, spec: Spec, *, preview: bool) -> Findings:
    """Whether every image can be pulled, as far as it can be told from here.

    At preview an image that this stack builds itself may still be missing; where its registry asks for credentials, it
    was pushed with those of the stack, and the nodes have their own. Of other images, a registry elsewhere that this
    machine cannot reach or that asks for credentials that only the nodes have is a warning: the nodes may do better. So
    is what is wrong with an image that nothing runs now.
    """
    findings = Findings()
    images = list(task_images(spec.job))
    for image, check in zip(images, await registries.check(images), strict=True):
        sentence = f'job "{spec.id}", {image.where}: image {image.image} cannot be pulled: {check.text}'
        if check.found is Found.NO and image.built_here and not preview:
            sentence += f". {LOST}"
        if check.found is Found.YES or (check.found is Found.NO and image.built_here and preview):
            continue
        if check.found is Found.REFUSED and image.built_here and not image.user:
            continue
        if image.login_of_node and check.found is not Found.INVALID:
            findings.warnings.append(
                f'job "{spec.id}", {image.where}: image {image.image} cannot be checked: only a node fills in the '
                f"${{...}} in the credentials of its auth block, and without these {check.text}"
            )
            continue
        certain = check.found in (Found.NO, Found.INVALID) or check.local or image.built_here
        if check.found is Found.REFUSED and image.user:
            certain = True
        if image.idle or kinds.never_starts(spec.job):
            findings.warnings.append(f"{sentence} (nothing runs it now)")
        elif certain:
            findings.problems.append(sentence)
        elif check.found is not Found.UNREACHABLE:
            findings.warnings.append(f"{sentence} (seen from here)")
        elif registries.is_first(check.registry):
            findings.warnings.append(f"{sentence} (seen from here; its other images cannot be checked either)")
    return findings


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
    findings = await check_job_images(ctx.registries, spec, preview=preview)
    if ctx.consul is not None and not setting(inputs, "detach"):
        lacking = await ctx.consul_rights.lacking(ctx.consul, consul_services(spec.job))
        findings.problems += [f'job "{spec.id}": {reason}' for reason in lacking]
    if preview:
        shared = await ctx.shared_names.told(ctx.client, ctx.consul, urn, spec)
        findings.warnings += [f'job "{spec.id}": {sentence}' for sentence in shared]
    if reason := transitions.refused(current, spec.job):
        findings.problems.append(reason)
    awaited = ctx.expected.awaited_by(spec.job) if preview else ""
    override = setting(inputs, "policyOverride")
    if awaited:
        asked = DryRun(spec.job, {})
        text = "is made by this same update; only then the scheduler can be asked about the job."
        await ctx.engine.info(urn, f'job "{spec.id}": {awaited} {text}')
    else:
        asked = await dry_run(ctx.client, spec.marked(urn), current, plan, policy_override=override)
    told = Meanwhile() if awaited else await _meanwhile(ctx, urn, spec, inputs, asked.plan, preview=preview)
    findings.warnings += told.warnings
    findings.problems += told.problems
    if preview and not awaited:
        if refusal := await ctx.register_rights.lacking(ctx.client, spec.marked(urn), policy_override=override):
            # Who only previews needs no such right.
            findings.warnings.append(f'job "{spec.id}": `pulumi up` will be refused. {refusal}')
        lines = [*await _shown(ctx, spec, inputs, current, asked.plan, findings), *told.lines]
        if setting(inputs, "detach") and changes(asked.plan):
            lines.append(DETACHED_PREVIEW)
        await ctx.engine.info(urn, "\n".join(lines))
    _judge_places(ctx, urn, asked, findings, told.instead, preview=preview)
    if (empty := await ctx.places.empty_datacenters(spec.job)) is not None:
        # Where the job may wait, or finds its place in other datacenters, an empty one is no obstacle.
        refused = asked.unplaced and findings.no_place
        (findings.problems if refused else findings.warnings).append(empty)
    for warning in findings.warnings:
        await ctx.engine.warning(urn, warning)
    problems = [*findings.problems, *findings.no_place]
    if problems:
        raise ProviderError("\n".join([*problems, "Nothing was registered; what runs now is untouched."]))
    if preview and not asked.unplaced:
        ctx.demand.add(spec.job, asked.plan, current)
    return asked.plan


def _judge_places(
    ctx: JobContext, urn: str, asked: DryRun, findings: Findings, instead: list[str], *, preview: bool
) -> None:
    """What of the job finds no place, as a warning where Nomad takes it all the same. `instead`: what to do then."""
    if not asked.unplaced:
        return
    lines, job = asked.sentences(), asked.job
    replaced = ctx.replaced.get(urn)
    if kinds.starts_later(job):
        findings.warnings.append("\n".join([*lines, kinds.later_text(job)]))
    elif asked.partly:
        findings.warnings.append("\n".join([*lines, kinds.PARTLY]))
    elif ctx.may_wait(job["ID"]):
        findings.warnings.append("\n".join([*lines, kinds.waits_text(job)]))
    elif replaced is not None and asked.held_by(replaced):
        # Whether the old job goes first is the engine's secret until it is gone.
        text = [*lines, replacing_text(job, replaced)]
        (findings.warnings if preview else findings.no_place).append("\n".join(text))
    else:
        findings.no_place += [*lines, *(instead or [asked.advice()])]


async def _shown(
    ctx: JobContext, spec: Spec, inputs: Properties, current: Json | None, plan: Json, findings: Findings
) -> list[str]:
    """The lines of the change; what is to be warned of goes to the findings."""
    new = current is None
    header = (
        f'job "{spec.id}": new' if current is None else f'job "{spec.id}", version {current["Version"]} in Nomad now:'
    )
    later = kinds.starts_later(spec.job)
    lines = [header, *describe(plan, secret=spec.secret, new=new, scheduler=not later)]
    if later and (new or changes(plan)):
        lines.append(f"  {kinds.later_line(spec.job, plan, new=new)}")
    findings.warnings += [f'job "{spec.id}": {text}' for text in kinds.misread_crons(spec.job)]
    findings.warnings += [f'job "{spec.id}": {text}' for text in ignored_policies(spec.job)]
    findings.warnings += [f'job "{spec.id}", {text}' for text in driver_templates.directives(spec.job)]
    names = [] if setting(inputs, "json") else volatile.functions(inputs.get("jobspec", ""))
    if names and (where := list(volatile.differing(spec.job, (await parse_anew(ctx.client, inputs)).job))):
        lines.append(f"  {volatile.text(names, where)}")
    return lines


async def _meanwhile(
    ctx: JobContext, urn: str, spec: Spec, inputs: Properties, plan: Json, *, preview: bool
) -> Meanwhile:
    """What becomes of the instances that there are, in the words for the job's kind."""
    found = Meanwhile()
    if kinds.starts_later(spec.job) or not changes(plan):
        return found
    if spec.job["Type"] in kinds.ENDS:
        told = list(kinds.of_runs(plan, await ctx.client.allocations(spec.namespace, spec.id)))
    else:
        found = await meanwhile(ctx, urn, spec, inputs, plan, preview=preview)
        if spec.job["Type"] not in kinds.EVERYWHERE or found.problems:
            return found
        told = list(kinds.of_nodes(spec.job, plan))
    found.warnings = [f'job "{spec.id}", {text}' for is_warning, text in told if is_warning]
    found.lines = [f"  {text}" for is_warning, text in told if preview and not is_warning]
    return found
