"""What a snapshot of a rollout means: goes on, has succeeded, has failed. Pure, so that recorded snapshots test it."""

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum, auto

from providers.nomad.client import Json
from providers.nomad.diagnosis import causes
from providers.nomad.meanings import Heals
from providers.nomad.snapshot import Snapshot, waiting_canaries


class State(Enum):
    """Where a rollout stands."""

    GOING_ON = auto()
    SUCCEEDED = auto()
    WAITS_FOR_PROMOTION = auto()
    PROMOTABLE = auto()
    """The canaries are what they are to be before `up` promotes them (soak.py)."""
    HOPELESS = auto()
    """Nomad still tries, but what it tries cannot succeed."""
    FAILED = auto()
    SUPERSEDED = auto()
    """Somebody registered another version meanwhile."""


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
    if deployment is not None and snapshot.going:
        return _judge_going(snapshot, deployment)
    if snapshot.evaluations and snapshot.evaluations[0]["Status"] not in ("complete", "failed", "canceled"):
        return Verdict(State.GOING_ON, "waiting for the scheduler")
    if deployment is None:
        return _judge_without_deployment(snapshot)
    if snapshot.failed_unproven():
        return Verdict(
            State.FAILED, "Nomad called its deployment successful, and an instance that it started then failed"
        )
    # Nomad calls a system job's deployment successful where some or all of its nodes had no room.
    if reasons := snapshot.waits_for_place():
        return Verdict(State.GOING_ON, "; ".join([progress(snapshot), *reasons]))
    return Verdict(State.SUCCEEDED, progress(snapshot))


def _judge_going(snapshot: Snapshot, deployment: Json) -> Verdict:
    groups = deployment.get("TaskGroups") or {}
    if deployment["Status"] == "running" and (cause := hopeless(snapshot)):
        return Verdict(State.HOPELESS, cause)
    by_hand = list(waiting_canaries(deployment).values())
    if by_hand and all(
        g["HealthyAllocs"] >= (g["DesiredCanaries"] if g in by_hand else g["DesiredTotal"]) for g in groups.values()
    ):
        return Verdict(State.WAITS_FOR_PROMOTION, "the canaries are healthy and wait for promotion")
    return Verdict(State.GOING_ON, "; ".join([progress(snapshot), *snapshot.waits_for_place()]))


def _judge_without_deployment(snapshot: Snapshot) -> Verdict:
    """Batch jobs, `max_parallel = 0`, and changes for which Nomad makes no deployment."""
    job = snapshot.job
    if job.get("Periodic") or job.get("ParameterizedJob") or job.get("Stop"):
        return Verdict(State.SUCCEEDED, "registered; it starts instances when it is due or dispatched")
    placed = [a for a in snapshot.of_version() if not a.get("NextAllocation")]
    failed = [a for a in placed if a["ClientStatus"] in ("failed", "lost")]
    if hopeless(snapshot) or any(not _tried_again(job, a) for a in failed):
        return Verdict(State.FAILED, "its instances fail")
    if reasons := snapshot.waits_for_place():
        return Verdict(State.GOING_ON, "; ".join(reasons))
    waiting = [a for a in placed if a["ClientStatus"] == "pending" and a["DesiredStatus"] == "run"]
    if waiting or failed:
        return Verdict(State.GOING_ON, f"{len(waiting) + len(failed)} of {len(placed)} instances are not running yet")
    if snapshot.unproven:
        text = f"{len(snapshot.unproven)} of {len(placed)} instances have not run for their min_healthy_time yet"
        return Verdict(State.GOING_ON, text)
    return Verdict(State.SUCCEEDED, progress(snapshot))


def hopeless(snapshot: Snapshot) -> str:
    """A cause that no further try of Nomad's can heal; "" where there is none.

    What may be one node's fault is hopeless only where Nomad will not try another node, has no other, or has met the
    same on a second one. A batch job's tries are its own budget, wherever they are made.
    """
    of_nodes = snapshot.job["Type"] != "batch"
    bad_nodes: dict[str, set[str]] = defaultdict(set)
    for allocation in snapshot.of_version():
        for cause in causes(allocation):
            if cause.heals is Heals.NEVER:
                return cause.text
            if cause.heals is Heals.ELSEWHERE:
                nodes = bad_nodes[cause.group]
                nodes.add(allocation["NodeID"])
                elsewhere = len(nodes) == 1 and allocation["ID"] not in snapshot.confined
                if not _tried_again(snapshot.job, allocation) or (of_nodes and not elsewhere):
                    return cause.text
    return ""


def _tried_again(job: Json, allocation: Json) -> bool:
    """Whether Nomad places a failed allocation anew: system jobs never, others as `reschedule` says."""
    if allocation.get("FollowupEvalID") or allocation.get("NextAllocation"):
        return True
    if job["Type"] in ("system", "sysbatch"):
        return False
    group: Json = next((g for g in job.get("TaskGroups") or [] if g["Name"] == allocation["TaskGroup"]), {})
    policy = group.get("ReschedulePolicy") or {}
    tries = len((allocation.get("RescheduleTracker") or {}).get("Events") or [])
    return bool(policy.get("Unlimited")) or tries < int(policy.get("Attempts") or 0)


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
