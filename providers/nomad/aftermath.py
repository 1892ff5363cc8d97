"""What runs after a rollout has failed: Nomad's way back to the version before, if it takes one."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from providers.nomad.client import Json
from providers.nomad.lookout import Cancelled, Lookout, longest_deadline_s
from providers.nomad.snapshot import Snapshot, waiting_canaries
from providers.plugin import ProviderError
from providers.words import counted

REVERT_MARGIN_S = 60.0
"""How much longer than the job's own longest progress deadline a revert is followed."""


Promote = Callable[[Snapshot, Json], Awaitable[bool]]
"""Promotes the canaries that wait in a deployment, when they pass; False where a person is to do that."""


async def aftermath(lookout: Lookout, snapshot: Snapshot, promote: Promote) -> str:
    """Waits for Nomad's revert, if there is one, and says what runs now. Raises nothing: not to know is an answer.

    Where new instances have taken the place of old ones already, the way back has canaries of its own.
    """
    description = str((snapshot.deployment or {}).get("StatusDescription"))
    if "rolling back to job version" not in description:
        return _not_reverted(snapshot)
    target = description.rsplit(" ", 1)[-1]
    try:
        await lookout.report(f"going back to version {target}")
        return await _revert(lookout, target, promote)
    except (ProviderError, Cancelled) as error:
        return f"What Nomad runs now is not known: {error}"


def left_open(snapshot: Snapshot, deployment: Json, refusal: str) -> str:
    """That a deployment which has failed is still open in Nomad, because the token may not end it, and what to do."""
    namespace, id_ = snapshot.job["Namespace"], deployment["ID"]
    canaries = ", and its canaries are not promoted" if waiting_canaries(deployment) else ""
    return (
        f"Its deployment could not be ended, and Nomad does not end it either: {refusal} It stays open{canaries} "
        f"({_kept(snapshot)}). End it with a token that may: nomad deployment fail -namespace {namespace} {id_}"
    )


def _not_reverted(snapshot: Snapshot) -> str:
    return (
        f"Nomad did not revert ({_kept(snapshot)}). Look at what is left with: nomad job status "
        f"-namespace {snapshot.job['Namespace']} {snapshot.job['ID']}"
    )


def _kept(snapshot: Snapshot) -> str:
    """What of the version before still runs."""
    alive = [a for a in snapshot.others_alive() if a["ClientStatus"] == "running"]
    in_place = [a for a in snapshot.updated_in_place() if a["ClientStatus"] == "running"]
    runs = "runs" if len(alive or in_place) == 1 else "run"
    if alive:
        return f"{counted(len(alive), 'instance')} of the version before still {runs}"
    if in_place:
        return f"{counted(len(in_place), 'instance')} of the version before still {runs}, updated in place"
    if snapshot.version:
        return "nothing of the version before runs any more"
    return "there is no earlier version that it could go back to"


async def _revert(lookout: Lookout, target: str, promote: Promote) -> str:
    revert_version = lookout.version + 1
    give_up_at = lookout.now() + longest_deadline_s(lookout.job) + REVERT_MARGIN_S
    while True:
        look = await lookout.look()
        deployment = look.deployment_of(revert_version)
        reverted = look.current_version is not None and look.current_version >= revert_version
        status = str(deployment["Status"]) if deployment else ""
        of_revert = replace(look, version=revert_version)
        serving = of_revert.running()
        instances = counted(len(serving), "instance")
        if reverted and deployment is not None and status == "failed":
            return (
                f"Nomad tried to go back to version {target} and failed in that too: "
                f"{deployment['StatusDescription']}. {instances} of it left."
            )
        if reverted and status == "successful" and not look.others_alive(revert_version):
            return (
                f"Nomad went back to version {target} (as version {revert_version}): {instances} of it healthy again."
            )
        if reverted and look.stopped:
            return f"Nomad went back to version {target}, which was stopped: nothing of the job runs."
        waits = deployment is not None and status == "running" and waits_for_promotion(deployment)
        if waits and deployment and not await promote(of_revert, deployment):
            return (
                f"Nomad goes back to version {target}, and its canaries wait for promotion. Promote with: "
                f"nomad deployment promote {deployment['ID']}"
            )
        if lookout.now() > give_up_at:
            return (
                f"Nomad began to go back to version {target}, but that has not ended in time "
                f"(deployment: {status or 'none'}, {instances} of it)."
            )
        if lookout.cancelled.is_set():
            return f"Stopped waiting while Nomad goes back to version {target}."
        up = len(serving) or sum(str(a.get("JobVersion")) == target for a in look.others_alive(revert_version))
        await lookout.report(f"going back to version {target}, {up} of it up")
        await lookout.wait(look)


def waits_for_promotion(deployment: Json) -> frozenset[str]:
    """The groups whose canaries wait for promotion; none where not all that wait are healthy."""
    waiting = waiting_canaries(deployment)
    healthy = all(group["HealthyAllocs"] >= group["DesiredCanaries"] for group in waiting.values())
    return frozenset(waiting if healthy else ())
