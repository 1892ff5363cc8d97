"""A rollout that cannot succeed: its deployment is failed where the token may, and the user is told why."""

from collections.abc import Collection
from dataclasses import dataclass

from providers.http_api import ApiError
from providers.nomad import diagnosis, driver_templates
from providers.nomad.aftermath import Promote, aftermath, left_open
from providers.nomad.client import Json
from providers.nomad.consul_health import ConsulWatch
from providers.nomad.logs import log_tails
from providers.nomad.lookout import Lookout, longest_deadline_s
from providers.nomad.nomad_checks import LastWords
from providers.nomad.passing import check_words
from providers.nomad.snapshot import Snapshot, waiting_canaries
from providers.nomad.soak import has_failed
from providers.nomad.verdict import State, Verdict

DEADLINE_MARGIN_S = 60.0
"""How much longer than its progress deadline a deployment is waited for that Nomad is to end by itself."""

LOGS_TRIED = 5
"""How many failed allocations are asked for log lines until one has any."""

_NO_TIME = "0001-"
"""How Nomad's times begin that are not set."""

_OPEN = (State.GOING_ON, State.WAITS_FOR_PROMOTION, State.PROMOTABLE)


@dataclass(frozen=True)
class Checks:
    """What the checks of instances have said last: Consul's, and Nomad's own."""

    watch: ConsulWatch | None
    own: LastWords

    def of(self, allocation_id: str) -> list[str]:
        """What those of one allocation said that do not pass."""
        return [*check_words(self.watch, allocation_id), *self.own.of(allocation_id)]


@dataclass
class Failure:
    """What becomes of the deployment of a rollout once it cannot succeed."""

    lookout: Lookout
    cause: str = ""
    """Why it cannot; "" as long as it can."""
    refusal: str = ""
    """What Nomad said where the token may not fail the deployment."""
    _since: float = 0.0

    async def end(self, deployment: Json, cause: str) -> None:
        """Fails a deployment; one that has ended by itself meanwhile is left as it is."""
        self.cause, self._since = cause, self.lookout.now()
        await self.lookout.report("failing the deployment: it cannot succeed")
        try:
            await self.lookout.client.fail_deployment(self.lookout.namespace, deployment["ID"])
        except ApiError as error:
            if error.status == 403:
                self.refusal = str(error)
                await self.lookout.report(self.refusal)
            elif "terminal" not in error.answer:
                raise

    def upheld(self, verdict: Verdict) -> Verdict:
        """The verdict; what was to be failed is not taken back while its deployment is open, and never promoted."""
        return Verdict(State.HOPELESS, self.cause) if self.cause and verdict.state in _OPEN else verdict

    def stays_open(self, deployment: Json) -> bool:
        """Whether Nomad does not end a deployment either that the token may not end.

        Its progress deadline ends what lacks healthy instances, and no canaries that were healthy once (Nomad
        `deploymentWatcher.shouldFail`); nor anything before a group's first placement.
        """
        if not self.refusal:
            return False
        late = self.lookout.now() - self._since > longest_deadline_s(self.lookout.job) + DEADLINE_MARGIN_S
        return late or _left_open_by_nomad(deployment)

    async def reasons(
        self, snapshot: Snapshot, verdict: Verdict, checks: Checks, broken: Collection[str], promote: Promote
    ) -> list[str]:
        """Tells why, and stays until it is known what serves now. `broken`: IDs of what was healthy and did not last.

        `promote` is for the canaries of Nomad's way back.
        """
        lookout = self.lookout
        bad = [a for a in lookout.ours.values() if a["ID"] in broken or _is_bad(a)]
        why = verdict.text if self.refusal else self.cause or verdict.text
        causes = list(diagnosis.explain((a, checks.of(a["ID"])) for a in bad))
        if any(why in cause for cause in causes):
            why = "it cannot succeed" if snapshot.going else "it cannot succeed, so its deployment was ended at once"
        reasons = [f"Job {lookout.name} failed: {why}."]
        if self.refusal and not snapshot.going:
            reasons.append(f"Its deployment could not be ended at once: {self.refusal}")
        reasons += [reason for reason in lookout.unplaced if reason not in why]
        if checks.watch is not None and checks.watch.trouble:
            reasons.append(f"Consul could not be asked for the health of its instances: {checks.watch.trouble}")
        reasons += [*causes, *driver_templates.of_refusal(lookout.job, causes)]
        for allocation in bad[:LOGS_TRIED]:
            tails = await log_tails(lookout.client, lookout.namespace, allocation)
            if tails:
                reasons += tails
                break
        if snapshot.deployment and snapshot.going:
            reasons.append(left_open(snapshot, snapshot.deployment, self.refusal))
        else:
            reasons.append(await aftermath(lookout, snapshot, promote))
        return reasons


def _is_bad(allocation: Json) -> bool:
    """Whether it was never healthy, or has failed since."""
    return not (allocation.get("DeploymentStatus") or {}).get("Healthy") or has_failed(allocation)


def _left_open_by_nomad(deployment: Json) -> bool:
    """Whether no deadline of Nomad's ends it: none runs, or nothing but a promotion is missing, which nobody gives."""
    groups = deployment["TaskGroups"].values()
    if all(str(group.get("RequireProgressBy") or _NO_TIME).startswith(_NO_TIME) for group in groups):
        return True
    return bool(waiting_canaries(deployment)) and all(group["HealthyAllocs"] >= _wanted(group) for group in groups)


def _wanted(group: Json) -> int:
    """How many healthy instances a group of a deployment is to have before the next thing happens."""
    canaries = int(group.get("DesiredCanaries") or 0)
    return canaries if canaries and not group.get("Promoted") else int(group["DesiredTotal"])
