"""What Nomad says at one moment about the rollout of a version of a job."""

from dataclasses import dataclass, field

from providers.nomad.client import Json
from providers.nomad.placement import waits_for_place

GOING = frozenset({"running", "pending", "initializing", "blocked", "unblocking", "paused"})
"""Deployment statuses that are not final (Nomad `DeploymentStatus*`)."""


def waiting_canaries(deployment: Json | None) -> dict[str, Json]:
    """The groups of a deployment whose canaries Nomad does not promote and nobody has promoted yet."""
    groups = ((deployment or {}).get("TaskGroups") or {}).items()
    return {
        name: group
        for name, group in groups
        if group.get("DesiredCanaries") and not group.get("AutoPromote") and not group.get("Promoted")
    }


def is_running(allocation: Json) -> bool:
    """Whether an instance runs and is to go on running."""
    return bool(allocation["ClientStatus"] == "running" and allocation["DesiredStatus"] == "run")


@dataclass(frozen=True)
class Snapshot:
    """One moment of the rollout of `version` of a job."""

    job: Json
    version: int
    current_version: int | None
    deployments: list[Json]
    """All of the job, of every version."""
    evaluations: list[Json] = field(default_factory=list)
    """Those since the version was registered, oldest first."""
    allocations: list[Json] = field(default_factory=list)
    stopped: bool = False
    """Whether the registered job is one that was stopped."""
    confined: frozenset[str] = frozenset()
    """Ids of failed allocations for which the scheduler had no other node than theirs."""
    unproven: frozenset[str] = frozenset()
    """Ids of running allocations that were started for the version and have not yet run long enough to count."""

    @property
    def deployment(self) -> Json | None:
        """The deployment of the version, None where Nomad made none."""
        return self.deployment_of(self.version)

    @property
    def going(self) -> bool:
        """Whether there is a deployment of the version that has not ended."""
        return self.deployment is not None and self.deployment["Status"] in GOING

    def deployment_of(self, version: int) -> Json | None:
        """The newest deployment of a version."""
        of_version = [d for d in self.deployments if int(d["JobVersion"]) == version]
        return max(of_version, key=lambda d: int(d["CreateIndex"]), default=None)

    def of_version(self) -> list[Json]:
        """The allocations that run (or ran) the version that is rolled out."""
        return [a for a in self.allocations if a.get("JobVersion") == self.version]

    def running(self) -> list[Json]:
        """Those of them that run and are to go on running."""
        return [a for a in self.of_version() if is_running(a)]

    def updated_in_place(self) -> list[Json]:
        """The allocations that run the version and were there before it."""
        if self.deployment is None:
            return []
        return [a for a in self.of_version() if int(a["CreateIndex"]) < int(self.deployment["CreateIndex"])]

    def others_alive(self, version: int | None = None) -> list[Json]:
        """Allocations of versions other than `version` (default: the one that is rolled out) that are not yet gone."""
        version = self.version if version is None else version
        return [
            a
            for a in self.allocations
            if a.get("JobVersion") != version and a["ClientStatus"] in ("running", "pending", "unknown")
        ]

    def leaving(self) -> list[Json]:
        """Allocations that Nomad stops, of whichever version. Those that it leaves alone never end by themselves.

        It leaves them alone on nodes that are ineligible or disconnected, for example. Of the version itself it stops
        a promoted canary whose predecessor had failed, and starts another instance in its place.
        """
        return [
            a for a in self.allocations if a["DesiredStatus"] != "run" and a["ClientStatus"] in ("running", "pending")
        ]

    def starting(self) -> list[Json]:
        """Allocations of the version that are to run and do not yet, or not yet for long enough to count.

        Nomad may call a deployment successful while there are some: it counts a promoted canary that it replaces.
        """
        wanted = [a for a in self.of_version() if a["DesiredStatus"] == "run"]
        return [
            a
            for a in wanted
            if a["ClientStatus"] == "pending"
            or (a["ID"] in self.unproven and not (a.get("DeploymentStatus") or {}).get("Healthy"))
        ]

    def failed_unproven(self) -> list[Json]:
        """Allocations of the version that have failed before they were healthy, and that Nomad does not try again."""
        return [
            a
            for a in self.of_version()
            if a["DesiredStatus"] == "run"
            and a["ClientStatus"] == "failed"
            and not (a.get("DeploymentStatus") or {}).get("Healthy")
            and not (a.get("NextAllocation") or a.get("FollowupEvalID"))
        ]

    def waits_for_place(self) -> list[str]:
        """A sentence for each group that lacks instances for want of a place."""
        return waits_for_place(self.evaluations, self.deployment, self.job)
