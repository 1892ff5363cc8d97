"""Reads where a rollout stands, again and again, however Nomad comes and goes meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from providers.http_api import Unreachable
from providers.nomad.client import Json, NomadClient
from providers.nomad.diagnosis import causes
from providers.nomad.events import Subscription
from providers.nomad.job_view import JobView
from providers.nomad.meanings import Heals
from providers.nomad.snapshot import Snapshot

LOOK_AGAIN_S = 15.0
"""The longest time between two looks without an event: a guard against an event that never came."""

READ_AGAIN_S = 30.0
"""After how long without any event everything is read again, for the same reason."""

PROOF_LOOK_S = 1.0
"""The same while instances have still to run for a time, which no event ends."""

NOMAD_AWAY_S = 300.0
"""How long Nomad may be away while a rollout is followed; then the outcome is reported as unknown."""

MIN_HEALTHY_S = 10.0
"""How long an instance has to run to count where the job has no `update.min_healthy_time`: Nomad's default for it."""

Report = Callable[[str], Awaitable[None]]


class Cancelled(Exception):
    """The user stopped waiting; the rollout goes on in Nomad."""


@dataclass
class Lookout:
    """Looks at the rollout of `version` of `job`."""

    client: NomadClient
    job: Json
    version: int
    subscription: Subscription
    cancelled: asyncio.Event
    report: Report
    ours: dict[str, Json] = field(default_factory=dict)
    """Every allocation that has run this version, as it was last seen with it: a revert in place takes it over."""
    unplaced: list[str] = field(default_factory=list)
    """What has no place, or had none when the deployment failed: Nomad forgets it then."""
    _confined: dict[str, bool] = field(default_factory=dict)
    _running_since: dict[tuple[str, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._view = JobView(self.client, self.namespace, self.id)
        self._heard_at = self.now()

    @property
    def namespace(self) -> str:
        return str(self.job["Namespace"])

    @property
    def id(self) -> str:
        return str(self.job["ID"])

    @property
    def name(self) -> str:
        """What sentences call it."""
        return f'"{self.id}" version {self.version}'

    @staticmethod
    def now() -> float:
        """Seconds of a clock that only goes forward."""
        return asyncio.get_running_loop().time()

    async def wait(self, snapshot: Snapshot, at_most_s: float | None = None) -> None:
        """Returns when something has happened to the job, or when it is time to look again all the same."""
        look_again_s = PROOF_LOOK_S if snapshot.unproven else LOOK_AGAIN_S
        await self.subscription.wait(look_again_s if at_most_s is None else min(look_again_s, at_most_s))

    async def look(self) -> Snapshot:
        """Raises Cancelled when the user stops waiting while Nomad is away, Unreachable when it stays away."""
        away_since = self.now()
        while True:
            try:
                return await self._read()
            except Unreachable as error:
                if self.cancelled.is_set():
                    raise Cancelled(str(error).removesuffix(".")) from error
                if self.now() - away_since > NOMAD_AWAY_S:
                    raise
                await self.report(f"waiting for Nomad to be back: {error}")

    async def _read(self) -> Snapshot:
        events, complete = self._news()
        await self._view.update(events, complete=complete)
        view = self._view
        registered_at = int(self.job["JobModifyIndex"])
        evaluations = [e for e in view.evaluations.values() if int(e["CreateIndex"]) >= registered_at]
        allocations = list(view.allocations.values())
        ours = [a for a in allocations if a.get("JobVersion") == self.version]
        self.ours.update({a["ID"]: a for a in ours})
        snapshot = Snapshot(
            job=self.job,
            version=self.version,
            current_version=None if view.current is None else int(view.current["Version"]),
            stopped=bool((view.current or {}).get("Stop")),
            deployments=list(view.deployments.values()),
            evaluations=sorted(evaluations, key=lambda e: int(e["CreateIndex"])),
            allocations=allocations,
            confined=await self._find_confined(ours),
            unproven=self._find_unproven(ours, registered_at),
        )
        if snapshot.going or snapshot.deployment is None:
            self.unplaced = snapshot.waits_for_place()
        return snapshot

    def _news(self) -> tuple[list[Json], bool]:
        """The events since the last look, and whether nothing else has to be read."""
        events, complete = self.subscription.take()
        quiet = complete and not events
        if quiet and self.now() - self._heard_at <= READ_AGAIN_S:
            return events, True
        self._heard_at = self.now()
        return events, complete and not quiet

    async def _find_confined(self, allocations: list[Json]) -> frozenset[str]:
        """Those that failed of what another node might do better, and for which the scheduler had no other node.

        One is enough for the verdict; no more are asked for then.
        """
        for allocation in allocations:
            if any(self._confined.values()):
                break
            id_ = allocation["ID"]
            if id_ in self._confined or all(cause.heals is not Heals.ELSEWHERE for cause in causes(allocation)):
                continue
            metrics = ((await self.client.allocation(self.namespace, id_)) or {}).get("Metrics") or {}
            refused = int(metrics.get("NodesFiltered") or 0) + int(metrics.get("NodesExhausted") or 0)
            self._confined[id_] = int(metrics.get("NodesEvaluated") or 0) - refused <= 1
        return frozenset(id_ for id_, confined in self._confined.items() if confined)

    def _find_unproven(self, allocations: list[Json], registered_at: int) -> frozenset[str]:
        """Those that were started for this version and have not yet run for their group's min_healthy_time."""
        found = set()
        for allocation in allocations:
            if allocation["ClientStatus"] != "running" or int(allocation["CreateIndex"]) < registered_at:
                continue
            states = (allocation.get("TaskStates") or {}).values()
            run = (str(allocation["ID"]), sum(int(state.get("Restarts") or 0) for state in states))
            since = self._running_since.setdefault(run, self.now())
            if self.now() - since < min_healthy_s(self.job, allocation["TaskGroup"]):
                found.add(run[0])
        return frozenset(found)


def min_healthy_s(job: Json, group_name: str) -> float:
    """A group's `update.min_healthy_time`, seconds. Default 10."""
    group: Json = next((g for g in job.get("TaskGroups") or [] if g["Name"] == group_name), {})
    given = (group.get("Update") or {}).get("MinHealthyTime")
    return int(given) / 1e9 if given else MIN_HEALTHY_S


def longest_deadline_s(job: Json) -> float:
    """The longest progress deadline among the groups, seconds. Default 600 (Nomad `update.progress_deadline`)."""
    given = [(group.get("Update") or {}).get("ProgressDeadline") for group in job.get("TaskGroups") or []]
    return max((int(value) / 1e9 for value in given if isinstance(value, int) and value), default=600.0)
