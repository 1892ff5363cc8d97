"""Canaries that wait for a person: said by the preview of an unchanged program, promoted by one that asks for it.

A program asks by setting auto_promote to true in the job whose canaries wait, and changing nothing else. Registering
that would throw the canaries away and start new ones. Those that `up` promotes itself wait for the next `up` where one
was interrupted.
"""

from collections.abc import Collection
from dataclasses import dataclass

from providers.nomad.client import Json, NomadClient
from providers.nomad.plan import Change
from providers.nomad.soak import soaks
from providers.words import counted

_ASKING = "Update.AutoPromote"


@dataclass(frozen=True)
class Waiting:
    """A deployment whose canaries wait. `canaries`: how many, by group."""

    deployment: str
    canaries: dict[str, int]
    healthy: bool
    soaks: frozenset[str] = frozenset()
    """The groups whose canaries soak."""

    def left_by_up(self, by_up: Collection[str]) -> bool:
        """Whether an `up` would promote them, which was interrupted. `by_up`: the groups in which it does."""
        return self.canaries.keys() <= self.soaks | set(by_up)

    def text(self) -> str:
        """`1 canary of group web`."""
        return ", ".join(
            f"{counted(number, 'canary', 'canaries')} of group {group}" for group, number in self.canaries.items()
        )

    def asked_for(self, changes: list[Change]) -> bool:
        """Whether `changes` are the wish to promote, and nothing else."""
        groups = {change.path[0].removeprefix("group ") for change in changes if change.path}
        return (
            bool(groups)
            and groups >= self.canaries.keys() - self.soaks
            and all(change.field == _ASKING and change.new == "true" for change in changes)
        )


async def waiting(client: NomadClient, job: Json) -> Waiting | None:
    """The canaries of the registered `job` that Nomad does not promote. No request for a job that has none."""
    if job.get("Stable") or job.get("Stop") or not any(_by_hand(group) for group in job.get("TaskGroups") or []):
        return None
    for deployment in await client.deployments(job["Namespace"], job["ID"]):
        if (deployment["JobVersion"], deployment["Status"]) != (job["Version"], "running"):
            continue
        if deployment.get("JobCreateIndex") != job.get("CreateIndex"):
            continue
        by_hand = {group["Name"] for group in job["TaskGroups"] if _by_hand(group)}
        groups = {
            name: group
            for name, group in sorted((deployment.get("TaskGroups") or {}).items())
            if name in by_hand
            and group.get("DesiredCanaries")
            and not group.get("AutoPromote")
            and not group.get("Promoted")
        }
        if groups:
            return Waiting(
                deployment["ID"],
                {name: group["DesiredCanaries"] for name, group in groups.items()},
                healthy=all(group["HealthyAllocs"] >= group["DesiredCanaries"] for group in groups.values()),
                soaks=frozenset(group["Name"] for group in job["TaskGroups"] if soaks(group)),
            )
    return None


def waiting_text(job: Json, found: Waiting) -> str:
    """That canaries wait, and the two ways to promote them."""
    one = sum(found.canaries.values()) == 1
    state = "" if found.healthy else f", but {'it is not healthy' if one else 'they are not all healthy'} yet"
    return (
        f"{_which(job)}: {found.text()} {'waits' if one else 'wait'} for promotion{state}; "
        "the old instances keep serving. To promote, set auto_promote = true in the job's update block, change nothing "
        f"else, and run `pulumi up`; or run: nomad deployment promote {found.deployment}"
    )


def promotion_text(job: Json, found: Waiting, changes: list[Change]) -> str:
    """What the preview says where the update is going to promote."""
    first = "" if found.healthy else "waits until the canaries are healthy, then "
    return "\n".join(
        [
            f'job "{job["ID"]}", version {job["Version"]} in Nomad now:',
            *(f"  ~ {change.text()}" for change in changes),
            f"  {first}promotes {found.text()} (deployment {found.deployment}); the old instances end",
            "  then auto_promote is registered in place: no instance restarts",
        ]
    )


def resumed_text(job: Json, found: Waiting) -> str:
    """What the preview says of canaries that an interrupted `up` has left."""
    verb = "waits" if sum(found.canaries.values()) == 1 else "wait"
    return (
        f"{_which(job)}: {found.text()} {verb} since an interrupted `pulumi up`; the old instances keep "
        "serving. `pulumi up` goes on from there, and promotes when all checks pass."
    )


def given_up_text(job: Json, found: Waiting) -> str:
    """What the preview says where the update registers another version over canaries that wait."""
    return (
        f"{_which(job)}: {found.text()} still waiting for promotion; this change stops what waits and starts "
        "canaries of its own."
    )


def _which(job: Json) -> str:
    return f'Job "{job["ID"]}" version {job["Version"]}'


def _by_hand(group: Json) -> bool:
    update = group.get("Update") or {}
    return bool(update.get("Canary")) and not update.get("AutoPromote")
