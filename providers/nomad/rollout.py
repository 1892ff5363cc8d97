"""Follows a registered job to its verdict: Nomad's deployment, then Consul, then the end of the old instances."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from providers.http_api import ApiError, HttpApi
from providers.nomad import nomad_checks
from providers.nomad.aftermath import waits_for_promotion
from providers.nomad.client import Json, NomadClient
from providers.nomad.consul_health import ConsulWatch
from providers.nomad.events import EventHub
from providers.nomad.failure import Checks, Failure
from providers.nomad.killed import killed_text
from providers.nomad.lookout import Cancelled, Lookout, Report, longest_deadline_s
from providers.nomad.own_consul import Doubt
from providers.nomad.passing import failing_now, not_passing_text, not_started_text, passing, unfinished
from providers.nomad.removal import stop_time_s
from providers.nomad.service_names import consul_services, has_more
from providers.nomad.snapshot import Snapshot
from providers.nomad.soak import Soak, soak_s, soaks
from providers.nomad.verdict import State, Verdict, judge, settled

__all__ = ["Cancelled", "Outcome", "Rollout"]

CONSUL_GRACE_S = 60.0
"""How long new instances may take to pass in Consul after Nomad has called the deployment successful."""

OLD_MARGIN_S = 120.0
"""How much longer than its stop times an old instance is waited for, once the new ones serve."""


@dataclass
class Outcome:
    """How a rollout ended. `reasons` are for the user; empty where it succeeded."""

    succeeded: bool
    notes: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    failed: bool = False
    """Whether the version itself has failed; otherwise what becomes of it may be still open."""


@dataclass
class Rollout:
    """The rollout of one registered version of a job.

    `report` shows one line of progress. `deadline_s` (0: none but the job's own) bounds the waiting. `hide` takes
    secret values out of everything that is told.
    """

    client: NomadClient
    hub: EventHub
    consul: HttpApi | None
    job: Json
    version: int
    cancelled: asyncio.Event
    report: Report
    hide: Callable[[str], str]
    deadline_s: float = 0.0
    by_up: frozenset[str] = frozenset()
    """The groups whose canaries are promoted here, when their checks pass."""
    _unplaced_since: float | None = None
    _passed_at: float | None = None
    _old: set[str] = field(default_factory=set)
    """Ids of the instances of other versions that were alive during the rollout."""
    _doubts: list[str] = field(default_factory=list)

    async def follow(self) -> Outcome:
        """Waits for the verdict. Raises Cancelled; Unreachable when Nomad stays away."""
        services = consul_services(self.job) if self.consul else set()
        async with self.hub.subscribe(str(self.job["Namespace"]), str(self.job["ID"])) as subscription:
            self._lookout = Lookout(self.client, self.job, self.version, subscription, self.cancelled, self._tell)
            stop = asyncio.create_task(self._wake_on_cancel())
            try:
                more = has_more(self.job)
                if self.consul is None or not (services or more):
                    outcome = await self._follow(None)
                else:
                    async with ConsulWatch(self.consul, services, subscription.wake, finds_more=more) as watch:
                        outcome = await self._follow(watch)
            finally:
                stop.cancel()
        return Outcome(
            outcome.succeeded,
            [self.hide(note) for note in [*self._doubts, *outcome.notes]],
            [self.hide(reason) for reason in outcome.reasons],
            outcome.failed,
        )

    async def _tell(self, text: str) -> None:
        await self.report(self.hide(text))

    async def _wake_on_cancel(self) -> None:
        await self.cancelled.wait()
        self._lookout.subscription.wake()

    async def _follow(self, watch: ConsulWatch | None) -> Outcome:
        lookout = self._lookout
        self._started = lookout.now()
        self._soak = Soak(soak_s(self.job), lookout.now, self.by_up, _patience_s(self.job))
        self._own_checks = nomad_checks.LastWords(self.client, self.job)
        doubt = Doubt(self.client, self.consul) if self.consul else None
        self._failure = failure = Failure(lookout)
        shown = ""
        while True:
            snapshot = await lookout.look()
            self._old.update(a["ID"] for a in snapshot.others_alive())
            await self._own_checks.listen(snapshot)
            if watch is not None:
                watch.look_for(a["ID"] for a in snapshot.of_version())
            if watch is not None and doubt and await doubt.is_another(snapshot, watch, lookout.now()):
                watch = None
                self._doubts.append(doubt.text(str(self.job["ID"])))
            verdict = self._in_time(snapshot, judge(snapshot))
            asked = verdict.state is State.WAITS_FOR_PROMOTION
            failing = await nomad_checks.failing(self.client, snapshot) if asked and self.by_up else {}
            verdict = failure.upheld(self._soak.judge(snapshot, verdict, watch, failing))
            if verdict.state is State.HOPELESS and snapshot.deployment and not failure.cause:
                await failure.end(snapshot.deployment, verdict.text)
                continue
            if verdict.state is State.HOPELESS and snapshot.deployment and failure.stays_open(snapshot.deployment):
                return await self._failed(snapshot, verdict, watch)
            if verdict.state is State.PROMOTABLE and snapshot.deployment:
                await self._promote(snapshot.deployment)
            if verdict.state is State.FAILED:
                return await self._failed(snapshot, verdict, watch)
            if verdict.state is State.SUPERSEDED:
                return Outcome(
                    False, reasons=[f"The rollout of job {self._lookout.name} did not finish: {verdict.text}."]
                )
            text = verdict.text
            if verdict.state in (State.SUCCEEDED, State.WAITS_FOR_PROMOTION):
                end = self._after_yes(snapshot, verdict, watch)
                if isinstance(end, Outcome):
                    if end.succeeded:
                        await self._tell(settled(snapshot))
                        killed = killed_text(a for a in snapshot.allocations if a["ID"] in self._old)
                        end.notes += [f"Job {self._lookout.name}, {text}" for text in killed]
                    return end
                text = end
            elif watch is not None and watch.trouble:
                text += f"; Consul cannot be asked for the health of its instances: {watch.trouble}"
            elif cause := (failing_now(snapshot, watch) if watch else "") or self._own_checks.now():
                text += f": {cause}"
            if self.cancelled.is_set():
                raise Cancelled(text)
            if self.deadline_s and lookout.now() - self._started > self.deadline_s:
                reason = (
                    f"Stopped waiting for job {self._lookout.name} after {self.deadline_s:.0f} s (customTimeouts): "
                    f"{text}. The rollout goes on in Nomad; the next `pulumi up` goes on from there."
                )
                return Outcome(False, reasons=[reason])
            if text != shown:
                shown = text
                await self._tell(shown)
            asks = bool(failing) or self._own_checks.asks
            await lookout.wait(snapshot, nomad_checks.LOOK_S if asks else self._soak.look_again_s())

    def _in_time(self, snapshot: Snapshot, verdict: Verdict) -> Verdict:
        """The verdict, or that it is too late, by the job's longest progress deadline.

        Where there is a deployment, Nomad keeps the deadline, but from a group's first placement on only
        (`DeploymentState.RequireProgressBy`).
        """
        if verdict.state is not State.GOING_ON:
            return verdict
        now = self._lookout.now()
        unplaced = snapshot.waits_for_place()
        self._unplaced_since = (self._unplaced_since or now) if unplaced else None
        since = self._unplaced_since or (self._started if snapshot.deployment is None else now)
        if now - since <= longest_deadline_s(self.job):
            return verdict
        why = f"no place within its progress deadline: {'; '.join(unplaced)}" if unplaced else verdict.text
        return Verdict(State.HOPELESS if snapshot.going else State.FAILED, why)

    def _after_yes(self, snapshot: Snapshot, verdict: Verdict, watch: ConsulWatch | None) -> Outcome | str:
        """What Nomad's yes comes to: the end of the rollout, or what is still waited for."""
        now = self._lookout.now()
        self._passed_at = self._passed_at or now
        waits_for = unfinished(snapshot, verdict, watch)
        if waits_for is None:
            return Outcome(True, notes=[*self._promotion_note(snapshot, verdict), *self._place_note(snapshot)])
        agreed = watch is None or passing(snapshot, watch)
        starting = snapshot.starting() if verdict.state is State.SUCCEEDED else []
        if starting:
            if now - self._passed_at <= longest_deadline_s(self.job):
                return waits_for
            return Outcome(False, reasons=[not_started_text(snapshot, starting)])
        if watch is not None and not agreed and now - self._passed_at > CONSUL_GRACE_S:
            return Outcome(False, reasons=[not_passing_text(snapshot, watch)])
        if agreed and now - self._passed_at > stop_time_s(self.job) + OLD_MARGIN_S:
            return Outcome(True, notes=[self._lingering_note(snapshot)])
        return waits_for

    async def _promote(self, deployment: Json) -> None:
        """Promotes canaries that pass. Where one breaks in this very moment, the next look tells."""
        try:
            await self.client.promote_deployment(str(self.job["Namespace"]), deployment["ID"])
        except ApiError as error:
            if "healthy" not in error.answer:
                raise

    async def _failed(self, snapshot: Snapshot, verdict: Verdict, watch: ConsulWatch | None) -> Outcome:
        """Why it failed, and what serves now."""

        async def promote(of_revert: Snapshot, deployment: Json) -> bool:
            soaking = {group["Name"] for group in self.job.get("TaskGroups") or [] if soaks(group)}
            if not waits_for_promotion(deployment) <= self.by_up | soaking:
                return False
            if (watch is None or passing(of_revert, watch)) and not await nomad_checks.failing(self.client, of_revert):
                await self._promote(deployment)
            return True

        broken = self._soak.broken.keys() | self._soak.unconfirmed
        reasons = await self._failure.reasons(snapshot, verdict, Checks(watch, self._own_checks), broken, promote)
        return Outcome(False, reasons=reasons, failed=True)

    def _promotion_note(self, snapshot: Snapshot, verdict: Verdict) -> list[str]:
        if verdict.state is not State.WAITS_FOR_PROMOTION or snapshot.deployment is None:
            return []
        note = (
            f"Job {self._lookout.name}: {verdict.text}; the old instances keep serving beside them. "
            f"Promote with: nomad deployment promote {snapshot.deployment['ID']}"
        )
        return [note]

    def _place_note(self, snapshot: Snapshot) -> list[str]:
        """What a system job, which runs on some nodes, lacks on the others."""
        unplaced = snapshot.waits_for_place()
        if not unplaced:
            return []
        where = f"Job {self._lookout.name} runs, but not on every node"
        return [f"{where}: {'; '.join(unplaced)}. Nomad adds what is missing later."]

    def _lingering_note(self, snapshot: Snapshot) -> str:
        there = {a["ID"]: a for a in [*snapshot.others_alive(), *snapshot.leaving()]}.values()
        ids = ", ".join(f"{a['ID'][:8]} ({a['ClientStatus']})" for a in there)
        return (
            f"Job {self._lookout.name} is deployed, but instances of the version before are still there, longer than "
            f"their stop times allow: {ids}. Is their node up?"
        )


def _patience_s(job: Json) -> float:
    """How long checks may take to pass after Nomad's yes: the longest healthy deadline. Default 300, as Nomad's."""
    given = [(group.get("Update") or {}).get("HealthyDeadline") for group in job.get("TaskGroups") or []]
    return max((int(value) / 1e9 for value in given if isinstance(value, int) and value), default=300.0)
