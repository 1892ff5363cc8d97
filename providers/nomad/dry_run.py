"""The scheduler's dry run of a job, and what becomes of it where something finds no place."""

from dataclasses import dataclass, field

from providers.http_api import ApiError
from providers.nomad import holders, scarcity
from providers.nomad.capacity import DIMENSIONS
from providers.nomad.client import Json, NomadClient
from providers.nomad.comparison import compared
from providers.nomad.holders import Holder
from providers.nomad.ineligible import with_constraints
from providers.nomad.obstacles import Unplaced, only_of_a_run, unplaced
from providers.nomad.surroundings import NOTHING_KNOWN, Surroundings, look

MAY_WAIT = (
    "Where nodes are added as they are needed, a job may be registered and wait: pulumi config set "
    "nomad:waitForPlace true."
)

CANARY_BESIDE = (
    "A canary runs beside the old instances, and these hold what it needs. With update.canary = 0 (in service.yaml: "
    "rollout.canary: 0) each old instance stops before its successor starts; where there is only one, that is an "
    "outage."
)


@dataclass(frozen=True)
class DryRun:
    """The scheduler's plan, and the groups that it cannot place."""

    job: Json
    plan: Json
    unplaced: list[Unplaced] = field(default_factory=list)
    around: Surroundings = NOTHING_KNOWN
    trouble: str = ""
    """Why it cannot be told what is free."""

    def sentences(self) -> list[str]:
        """Every reason why something cannot be placed, a sentence each."""
        lines = [one.sentence() for one in self.unplaced]
        lines += scarcity.explain(self.job, self.unplaced, self.around)
        lines += [self.trouble] if self.trouble and self._is_exhausted() else []
        return [f'job "{self.job["ID"]}", {line}' for line in lines]

    def _is_exhausted(self) -> bool:
        return any(reason.dimension in DIMENSIONS for one in self.unplaced for reason in one.reasons)

    @property
    def partly(self) -> bool:
        """Whether it is a system job that some nodes take."""
        return all(one.everywhere and one.partly for one in self.unplaced)

    def held_by(self, holder: Holder | None) -> bool:
        """Whether all that is missing is held by one job."""
        return holder is not None and all(scarcity.held_by(one, self.job, self.around, holder) for one in self.unplaced)

    def advice(self) -> str:
        """What to do about a refusal."""
        updates = (self.plan.get("Annotations") or {}).get("DesiredTGUpdates") or {}
        canaries = all((updates.get(one.group) or {}).get("Canary") for one in self.unplaced)
        return CANARY_BESIDE if canaries and self.held_by(holders.of(self.job)) else MAY_WAIT


async def dry_run(
    client: NomadClient, job: Json, current: Json | None, plan: Json | None, *, policy_override: bool
) -> DryRun:
    """Asks the scheduler about a marked job (`plan` where that is done already), and who has what it cannot give."""
    if plan is None:
        plan = await compared(client, job, current, policy_override=policy_override)
    failed = plan.get("FailedTGAllocs") or {}
    if job.get("ParameterizedJob") is not None:
        # What a run brings along cannot be judged before there is one.
        failed = {group: metrics for group, metrics in failed.items() if not only_of_a_run(metrics)}
    if not failed:
        return DryRun(job, plan)
    plan = await with_constraints(client, job, {**plan, "FailedTGAllocs": failed}, policy_override=policy_override)
    around, trouble = NOTHING_KNOWN, ""
    try:
        around = await look(client, job)
    except ApiError as error:
        # The scheduler's own words stand without the numbers.
        trouble = f"what is free cannot be told: {error}"
    return DryRun(job, plan, unplaced(plan, job, around), around, trouble)


def replacing_text(job: Json, replaced: Holder) -> str:
    """That a job lacks only what the one that it replaces holds, and what to do."""
    return (
        f'job "{job["ID"]}": what it lacks is held by job "{replaced.job_id}", which it replaces. Pulumi registers the '
        "new job first, and that is refused. With delete_before_replace=True in the options of the resource "
        f'"{replaced.job_id}" is stopped first; nothing serves then until the new job is healthy.'
    )
