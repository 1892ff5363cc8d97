"""Follows a registered job to its verdict: Nomad's deployment, then Consul, then the end of the old instances."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from providers.http_api import ApiError, HttpApi, Unreachable
from providers.nomad import diagnosis
from providers.nomad.client import Json, NomadClient
from providers.nomad.consul_health import ConsulWatch, consul_services
from providers.nomad.events import EventHub
from providers.nomad.logs import log_tails
from providers.nomad.removal import stop_time_s
from providers.nomad.verdict import Snapshot, State, Verdict, judge, waits_for_place
from providers.plugin import ProviderError
from providers.words import counted

LOOK_AGAIN_S = 15.0
"""The longest time between two looks without an event: a guard against an event that never came."""

CONSUL_GRACE_S = 60.0
"""How long new instances may take to pass in Consul after Nomad has called the deployment successful."""

OLD_MARGIN_S = 120.0
"""How much longer than its stop times an old instance is waited for, once the new ones serve."""

REVERT_MARGIN_S = 60.0
"""How much longer than the job's own longest progress deadline a revert is followed."""

NOMAD_AWAY_S = 300.0
"""How long Nomad may be away while a rollout is followed; then the outcome is reported as unknown."""

LOGS_TRIED = 5
"""How many failed allocations are asked for log lines until one has any."""

Report = Callable[[str], Awaitable[None]]


class Cancelled(Exception):
    """The user stopped waiting; the rollout goes on in Nomad."""


@dataclass
class Outcome:
    """How a rollout ended. `reasons` are for the user; empty where it succeeded."""

    succeeded: bool
    notes: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


@dataclass
class Rollout:
    """The rollout of one registered version of a job.

    `report` shows one line of progress. `deadline_s` (0: none but the job's own) bounds the waiting. `hide` takes
    secret values out of log lines.
    """

    client: NomadClient
    hub: EventHub
    consul: HttpApi | None
    job: Json
    version: int
    evaluation_id: str
    cancelled: asyncio.Event
    report: Report
    hide: Callable[[str], str]
    deadline_s: float = 0.0
    _ours: dict[str, Json] = field(default_factory=dict)
    """Every allocation that has run this version, as it was last seen with it: a revert in place takes it over."""

    @property
    def _namespace(self) -> str:
        return str(self.job["Namespace"])

    @property
    def _id(self) -> str:
        return str(self.job["ID"])

    async def follow(self) -> Outcome:
        """Waits for the verdict. Raises Cancelled; Unreachable when Nomad stays away."""
        services = consul_services(self.job) if self.consul else set()
        async with self.hub.subscribe(self._namespace, self._id) as subscription:
            self._subscription = subscription
            stop = asyncio.create_task(self._wake_on_cancel())
            try:
                if self.consul is None or not services:
                    return await self._follow(None)
                async with ConsulWatch(self.consul, services, subscription.wake) as watch:
                    return await self._follow(watch)
            finally:
                stop.cancel()

    async def _wake_on_cancel(self) -> None:
        await self.cancelled.wait()
        self._subscription.wake()

    async def _follow(self, watch: ConsulWatch | None) -> Outcome:
        started = _now()
        passed_at: float | None = None
        unplaced_since: float | None = None
        failed_by_us = ""
        shown = ""
        while True:
            snapshot = await self._look()
            verdict = judge(snapshot)
            if verdict.state is State.GOING_ON and (unplaced := waits_for_place(snapshot)):
                unplaced_since = unplaced_since or _now()
                if _now() - unplaced_since > _longest_deadline_s(self.job):
                    text = f"no place within its progress deadline: {'; '.join(unplaced)}"
                    verdict = Verdict(State.HOPELESS if snapshot.deployment else State.FAILED, text)
            else:
                unplaced_since = None
            if verdict.state is State.HOPELESS and snapshot.deployment and not failed_by_us:
                failed_by_us = verdict.text
                await self.report("failing the deployment: it cannot succeed")
                await self._fail(snapshot.deployment)
                continue
            if verdict.state is State.FAILED:
                return await self._failed(snapshot, verdict, watch, failed_by_us)
            if verdict.state is State.SUPERSEDED:
                return Outcome(
                    False,
                    reasons=[f'The rollout of job "{self._id}" version {self.version} did not finish: {verdict.text}.'],
                )
            if verdict.state in (State.SUCCEEDED, State.WAITS_FOR_PROMOTION):
                passed_at = passed_at or _now()
                waits_for = self._unfinished(snapshot, verdict, watch)
                if waits_for is None:
                    return Outcome(True, notes=self._promotion_note(snapshot, verdict))
                passing = watch is None or self._passing(snapshot, watch)
                if watch is not None and not passing and _now() - passed_at > CONSUL_GRACE_S:
                    return self._not_in_consul(snapshot, watch)
                if passing and _now() - passed_at > stop_time_s(self.job) + OLD_MARGIN_S:
                    return Outcome(True, notes=[self._lingering_note(snapshot)])
                verdict = Verdict(State.GOING_ON, waits_for)
            if self.cancelled.is_set():
                raise Cancelled(verdict.text)
            if self.deadline_s and _now() - started > self.deadline_s:
                reason = (
                    f'Stopped waiting for job "{self._id}" version {self.version} after {self.deadline_s:.0f} s '
                    f"(customTimeouts): {verdict.text}. The rollout goes on in Nomad; the next `pulumi up` goes on "
                    "from there."
                )
                return Outcome(False, reasons=[reason])
            if verdict.text != shown:
                shown = verdict.text
                await self.report(shown)
            await self._subscription.wait(LOOK_AGAIN_S)

    async def _fail(self, deployment: Json) -> None:
        """Fails a deployment; one that has ended by itself meanwhile is left as it is."""
        try:
            await self.client.fail_deployment(self._namespace, deployment["ID"])
        except ApiError as error:
            if "terminal" not in error.answer:
                raise

    async def _look(self) -> Snapshot:
        """Reads the snapshot; the evaluation first, for what it made is then there to be read."""
        away_since = _now()
        while True:
            try:
                evaluation = (
                    await self.client.evaluation(self._namespace, self.evaluation_id) if self.evaluation_id else None
                )
                current = await self.client.job(self._namespace, self._id)
                deployments = await self.client.deployments(self._namespace, self._id)
                allocations = await self.client.allocations(self._namespace, self._id)
            except Unreachable as error:
                if self.cancelled.is_set():
                    raise Cancelled(str(error)) from error
                if _now() - away_since > NOMAD_AWAY_S:
                    raise
                await self.report(f"waiting for Nomad to be back: {error}")
                continue
            self._ours.update({a["ID"]: a for a in allocations if a.get("JobVersion") == self.version})
            return Snapshot(
                job=self.job,
                version=self.version,
                current_version=None if current is None else int(current["Version"]),
                stopped=bool((current or {}).get("Stop")),
                evaluation=evaluation,
                deployment=next((d for d in deployments if int(d["JobVersion"]) == self.version), None),
                allocations=allocations,
            )

    def _unfinished(self, snapshot: Snapshot, verdict: Verdict, watch: ConsulWatch | None) -> str | None:
        """What is still to come after Nomad's yes: Consul's yes, and the end of the old instances.

        None where nothing is.
        """
        if watch is not None and watch.trouble:
            return f"Nomad is satisfied, but Consul cannot say whether the new instances pass: {watch.trouble}"
        if watch is not None and not self._passing(snapshot, watch):
            return "waiting until the new instances pass in Consul"
        leaving = snapshot.leaving()
        if verdict.state is State.SUCCEEDED and leaving:
            return f"waiting for {counted(len(leaving), 'old instance')} to end"
        return None

    def _passing(self, snapshot: Snapshot, watch: ConsulWatch) -> bool:
        running = [a for a in snapshot.of_version() if a["ClientStatus"] == "running" and a["DesiredStatus"] == "run"]
        found = {a["ID"]: watch.of_allocation(a["ID"]) for a in running if _has_services(self.job, a["TaskGroup"])}
        return watch.known() and all(
            instances and all(instance.status == "passing" for instance in instances) for instances in found.values()
        )

    def _promotion_note(self, snapshot: Snapshot, verdict: Verdict) -> list[str]:
        if verdict.state is not State.WAITS_FOR_PROMOTION or snapshot.deployment is None:
            return []
        note = (
            f'Job "{self._id}" version {self.version}: {verdict.text}; the old instances keep serving beside them. '
            f"Promote with: nomad deployment promote {snapshot.deployment['ID']}"
        )
        return [note]

    def _lingering_note(self, snapshot: Snapshot) -> str:
        ids = ", ".join(f"{a['ID'][:8]} ({a['ClientStatus']})" for a in snapshot.others_alive())
        return (
            f'Job "{self._id}" version {self.version} is deployed, but instances of the version before are still '
            f"there, longer than their stop times allow: {ids}. Is their node up?"
        )

    def _not_in_consul(self, snapshot: Snapshot, watch: ConsulWatch) -> Outcome:
        said = [
            f"service {i.service} at {i.address} is {i.status}: {i.output}"
            for a in snapshot.of_version()
            for i in watch.of_allocation(a["ID"])
            if i.status != "passing"
        ]
        why = watch.trouble or "; ".join(said) or "Consul does not list them"
        reason = (
            f'Nomad calls the deployment of job "{self._id}" version {self.version} successful, but its instances '
            f"do not pass in Consul: {why}"
        )
        return Outcome(False, reasons=[reason])

    async def _failed(
        self, snapshot: Snapshot, verdict: Verdict, watch: ConsulWatch | None, failed_by_us: str
    ) -> Outcome:
        """Tells why, and stays until it is known what serves now."""
        bad = [a for a in self._ours.values() if not (a.get("DeploymentStatus") or {}).get("Healthy")]
        failing = [(a, _check_words(watch, a["ID"])) for a in bad]
        reasons = [
            f'Job "{self._id}" version {self.version} failed: '
            + (f"{failed_by_us}" if failed_by_us else f"{verdict.text}")
            + "."
        ]
        found = list(diagnosis.explain(failing, {}))
        reasons += found
        for allocation in bad[:LOGS_TRIED]:
            tails = await log_tails(self.client, self._namespace, allocation)
            if tails:
                reasons += tails
                break
        try:
            reasons.append(await self._aftermath(snapshot))
        except (ProviderError, Cancelled) as error:
            reasons.append(f"What Nomad runs now is not known: {error}")
        return Outcome(False, reasons=[self.hide(reason) for reason in reasons])

    async def _aftermath(self, snapshot: Snapshot) -> str:
        """Waits for Nomad's revert, if there is one, and says what runs now."""
        description = str((snapshot.deployment or {}).get("StatusDescription"))
        if "rolling back to job version" not in description:
            alive = [a for a in snapshot.others_alive() if a["ClientStatus"] == "running"]
            kept = (
                f"{counted(len(alive), 'instance')} of the version before still run"
                if alive
                else "nothing of the version before runs any more"
                if self.version
                else "there is no earlier version that it could go back to"
            )
            return (
                f"Nomad did not revert ({kept}). Look at what is left with: nomad job status "
                f"-namespace {self._namespace} {self._id}"
            )
        target = description.rsplit(" ", 1)[-1]
        await self.report(f"Nomad goes back to version {target}")
        return await self._revert(target)

    async def _revert(self, target: str) -> str:
        revert_version = self.version + 1
        give_up_at = _now() + _longest_deadline_s(self.job) + REVERT_MARGIN_S
        while True:
            look = await self._look()
            deployment = next(
                (
                    d
                    for d in await self.client.deployments(self._namespace, self._id)
                    if int(d["JobVersion"]) == revert_version
                ),
                None,
            )
            reverted = look.current_version is not None and look.current_version >= revert_version
            status = str(deployment["Status"]) if deployment else ""
            serving = [
                a
                for a in look.allocations
                if a["ClientStatus"] == "running"
                and a["DesiredStatus"] == "run"
                and a.get("JobVersion") == revert_version
            ]
            instances = counted(len(serving), "instance")
            if reverted and deployment is not None and status == "failed":
                return (
                    f"Nomad tried to go back to version {target} and failed in that too: "
                    f"{deployment['StatusDescription']}. {instances} of it left."
                )
            if reverted and status == "successful" and not look_leaving(look, revert_version):
                return (
                    f"Nomad went back to version {target} (as version {revert_version}): "
                    f"{instances} of it healthy again."
                )
            if reverted and look.stopped:
                return f"Nomad went back to version {target}, which was stopped: nothing of the job runs."
            if _now() > give_up_at:
                return (
                    f"Nomad began to go back to version {target}, but that has not ended in time "
                    f"(deployment: {status or 'none'}, {instances} of it)."
                )
            if self.cancelled.is_set():
                return f"Stopped waiting while Nomad goes back to version {target}."
            await self.report(f"Nomad goes back to version {target}: {status or 'scheduling'}, {instances} of it up")
            await self._subscription.wait(LOOK_AGAIN_S)


def look_leaving(snapshot: Snapshot, version: int) -> list[Json]:
    """Allocations of versions other than `version` that are still there."""
    return [
        a
        for a in snapshot.allocations
        if a.get("JobVersion") != version and a["ClientStatus"] in ("running", "pending")
    ]


def _longest_deadline_s(job: Json) -> float:
    """The longest progress deadline among the groups, seconds. Default 600 (Nomad `update.progress_deadline`)."""
    given = [(group.get("Update") or {}).get("ProgressDeadline") for group in job.get("TaskGroups") or []]
    return max((int(value) / 1e9 for value in given if isinstance(value, int) and value), default=600.0)


def _has_services(job: Json, group_name: str) -> bool:
    return bool(consul_services({"TaskGroups": [g for g in job["TaskGroups"] if g["Name"] == group_name]}))


def _check_words(watch: ConsulWatch | None, allocation_id: str) -> list[str]:
    if watch is None:
        return []
    return [
        f"service {i.service} at {i.address} is {i.status} in Consul: "
        f"{_tidy(i.output) or 'its check has not answered yet'}"
        for i in watch.last_words(allocation_id)
    ]


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _now() -> float:
    return asyncio.get_running_loop().time()
