"""What is asked before a job is registered, at preview and again at apply: its images and the scheduler's dry run."""

import contextlib
from dataclasses import dataclass

from providers.http_api import ApiError
from providers.nomad import capacity
from providers.nomad.client import Json, NomadClient
from providers.nomad.plan import failed_placements
from providers.nomad.registry import Found, check_images, task_images
from providers.nomad.spec import Spec


@dataclass
class Findings:
    """`problems` forbid the registration; `warnings` are for the user to weigh."""

    problems: list[str]
    warnings: list[str]


async def check_job_images(spec: Spec, *, preview: bool) -> Findings:
    """Whether every image can be pulled, as far as it can be told from here.

    At preview an image that this stack builds itself may still be missing. A registry elsewhere that this machine
    cannot reach or that asks for credentials that only the nodes have is a warning: the nodes may do better.
    """
    findings = Findings([], [])
    images = list(task_images(spec.job))
    for image, check in zip(images, await check_images(images), strict=True):
        sentence = f'job "{spec.id}", {image.where}: image {image.image} cannot be pulled: {check.text}'
        if check.found is Found.YES or (check.found is Found.NO and image.built_here and preview):
            continue
        certain = check.found in (Found.NO, Found.INVALID) or check.local or image.built_here
        if check.found is Found.REFUSED and image.user:
            certain = True
        (findings.problems if certain else findings.warnings).append(
            sentence if certain else f"{sentence} (seen from here)"
        )
    return findings


async def dry_run(client: NomadClient, job: Json, *, policy_override: bool) -> tuple[Json, list[str]]:
    """The scheduler's plan for a marked job, and a sentence for each reason why a group cannot be placed."""
    plan = await client.plan(job, policy_override=policy_override)
    lines = failed_placements(plan)
    if any(metrics.get("DimensionExhausted") for metrics in (plan.get("FailedTGAllocs") or {}).values()):
        # A token may lack node:read; the scheduler's own words stand without the numbers.
        with contextlib.suppress(ApiError):
            lines += capacity.explain(plan, job, *await client.capacity())
    return plan, [f'job "{job["ID"]}", {line}' for line in lines]
