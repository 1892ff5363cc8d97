"""What a snapshot of a rollout means: goes on, has succeeded, has failed. Pure, so that recorded snapshots test it."""

from dataclasses import dataclass, field
from enum import Enum, auto

from providers.nomad.client import Json
from providers.nomad.diagnosis import causes
from providers.nomad.plan import failed_placements

GOING = frozenset({"running", "pending", "initializing", "blocked", "unblocking", "paused"})
"""Deployment statuses that are not final (Nomad `DeploymentStatus*`)."""


class State(Enum):
    """Where a rollout stands."""

    GOING_ON = auto()
    SUCCEEDED = auto()
    WAITS_FOR_PROMOTION = auto()
    HOPELESS = auto()
    """Nomad still tries, but what it tries cannot succeed."""
    FAILED = auto()
    SUPERSEDED = auto()
    """Somebody registered another version meanwhile."""


@dataclass(frozen=True)
class Snapshot:
    """What Nomad says at one moment about the rollout of `version` of a job."""

    job: Json
    version: int
    current_version: int | None
    evaluation: Json | None
    deployment: Json | None
    allocations: list[Json] = field(default_factory=list)
    stopped: bool = False
    """Whether the registered job is one that was stopped."""

    def of_version(self) -> list[Json]:
        """The allocations that run (or ran) the version that is rolled out."""
        return [a for a in self.allocations if a.get("JobVersion") == self.version]

    def others_alive(self) -> list[Json]:
        """Allocations of other versions that are not yet gone."""
        return [
            a
            for a in self.allocations
            if a.get("JobVersion") != self.version and a["ClientStatus"] in ("running", "pending", "unknown")
        ]

    def leaving(self) -> list[Json]:
        """Allocations of other versions that Nomad stops. Those that it leaves alone never end by themselves.

        It leaves them alone on nodes that are ineligible or disconnected, for example.
        """
        return [a for a in self.others_alive() if a["DesiredStatus"] != "run" and a["ClientStatus"] != "unknown"]


@dataclass(frozen=True)
class Verdict:
    """The state and one line that says it."""

    state: State
    text: str


def judge(snapshot: Snapshot) -> Verdict:
    """The verdict on a snapshot, as far as Nomad's word goes (Consul is asked after Nomad has said yes)."""
    deployment = snapshot.deployment
    if deployment is not None and deployment["Status"] == "failed":
        return Verdict(State.FAILED, str(deployment["StatusDescription"]))
    if snapshot.current_version is None:
        return Verdict(State.SUPERSEDED, "the job was purged meanwhile")
    if snapshot.stopped and snapshot.current_version != snapshot.version:
        return Verdict(State.SUPERSEDED, "the job was stopped meanwhile")
    if snapshot.current_version != snapshot.version:
        return Verdict(State.SUPERSEDED, f"version {snapshot.current_version} was registered meanwhile")
    if deployment is not None and deployment["Status"] == "cancelled":
        return Verdict(State.SUPERSEDED, str(deployment["StatusDescription"]))
    if deployment is not None and deployment["Status"] in GOING:
        return _judge_going(snapshot, deployment)
    if snapshot.evaluation is not None and snapshot.evaluation["Status"] not in ("complete", "failed", "canceled"):
        return Verdict(State.GOING_ON, "waiting for the scheduler")
    if deployment is None:
        return _judge_without_deployment(snapshot)
    return Verdict(State.SUCCEEDED, progress(snapshot))


def _judge_going(snapshot: Snapshot, deployment: Json) -> Verdict:
    groups = deployment.get("TaskGroups") or {}
    fatal = [cause for a in snapshot.of_version() for cause in causes(a) if cause.fatal]
    if fatal and deployment["Status"] == "running":
        return Verdict(State.HOPELESS, fatal[0].text)
    by_hand = [
        g for g in groups.values() if g.get("DesiredCanaries") and not g.get("AutoPromote") and not g.get("Promoted")
    ]
    if by_hand and all(
        g["HealthyAllocs"] >= (g["DesiredCanaries"] if g in by_hand else g["DesiredTotal"]) for g in groups.values()
    ):
        return Verdict(State.WAITS_FOR_PROMOTION, "the canaries are healthy and wait for promotion")
    return Verdict(State.GOING_ON, "; ".join([progress(snapshot), *waits_for_place(snapshot)]))


def _judge_without_deployment(snapshot: Snapshot) -> Verdict:
    """Batch and system jobs, and changes for which Nomad makes no deployment."""
    job = snapshot.job
    if job.get("Periodic") or job.get("ParameterizedJob") or job.get("Stop"):
        return Verdict(State.SUCCEEDED, "registered; it starts instances when it is due or dispatched")
    if reasons := waits_for_place(snapshot):
        return Verdict(State.GOING_ON, "; ".join(reasons))
    placed = snapshot.of_version()
    failed = [a for a in placed if a["ClientStatus"] == "failed" and not a.get("NextAllocation")]
    if any(cause.fatal for a in failed for cause in causes(a)) or any(not _tried_again(job, a) for a in failed):
        return Verdict(State.FAILED, "its instances fail")
    pending = [a for a in placed if a["ClientStatus"] == "pending" and a["DesiredStatus"] == "run"]
    if pending or failed:
        return Verdict(State.GOING_ON, f"{len(pending) + len(failed)} of {len(placed)} instances are not running yet")
    return Verdict(State.SUCCEEDED, progress(snapshot))


def _tried_again(job: Json, allocation: Json) -> bool:
    """Whether Nomad will place a failed allocation anew: system jobs never, others as `reschedule` says."""
    if allocation.get("FollowupEvalID"):
        return True
    group: Json = next((g for g in job.get("TaskGroups") or [] if g["Name"] == allocation["TaskGroup"]), {})
    policy = group.get("ReschedulePolicy") or {}
    tries = len((allocation.get("RescheduleTracker") or {}).get("Events") or [])
    return bool(policy.get("Unlimited")) or tries < int(policy.get("Attempts") or 0)


def waits_for_place(snapshot: Snapshot) -> list[str]:
    """A sentence for each group of which Nomad could not place a single instance.

    No deadline of Nomad ends this: a group's progress deadline begins with its first placement (Nomad
    `DeploymentState.RequireProgressBy`).
    """
    if snapshot.evaluation is not None and snapshot.evaluation["Status"] == "pending":
        return []
    unplaced = (snapshot.evaluation or {}).get("FailedTGAllocs") or {}
    if snapshot.deployment is None:
        placed = {a["TaskGroup"] for a in snapshot.of_version()}
        return failed_placements({"FailedTGAllocs": {g: why for g, why in unplaced.items() if g not in placed}})
    waiting = {
        name
        for name, group in (snapshot.deployment.get("TaskGroups") or {}).items()
        if group.get("DesiredTotal") and not group.get("PlacedAllocs")
    }
    told = failed_placements({"FailedTGAllocs": {g: why for g, why in unplaced.items() if g in waiting}})
    return told + [f"group {name}: no instance is placed yet" for name in sorted(waiting - unplaced.keys())]


def progress(snapshot: Snapshot) -> str:
    """One line: healthy and wanted instances per group, canaries, how many run the version before."""
    parts = []
    groups = (snapshot.deployment or {}).get("TaskGroups") or {}
    for name, group in sorted(groups.items()):
        wanted = group["DesiredTotal"]
        canaries = group.get("DesiredCanaries") or 0
        waiting_canaries = canaries and not group.get("Promoted")
        parts.append(
            f"{name}: {group['HealthyAllocs']}/{canaries} canaries healthy"
            if waiting_canaries
            else f"{name}: {group['HealthyAllocs']}/{wanted} healthy"
        )
    if not groups:
        running = [a for a in snapshot.of_version() if a["ClientStatus"] in ("running", "complete")]
        parts.append(f"{len(running)} of {len(snapshot.of_version())} instances started")
    others = len(snapshot.others_alive())
    if others:
        parts.append(f"{others} of the version before still up")
    return ", ".join(parts)
