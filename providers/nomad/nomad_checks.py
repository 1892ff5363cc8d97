"""What Nomad's own checks say (services of provider "nomad"): their node tells when it is asked, while they run."""

from providers.nomad.client import Json, NomadClient
from providers.nomad.meanings import in_few_words, of_check
from providers.nomad.own_promotion import services, unawaited
from providers.nomad.snapshot import Snapshot
from providers.plugin import ProviderError

LOOK_S = 1.0
"""The time between two looks: a node tells of a check only when it is asked."""

MAX_ASKED = 5
"""Of how many instances at once the checks are asked for."""


async def failing(client: NomadClient, snapshot: Snapshot) -> dict[str, str]:
    """What does not pass, by the ID of its allocation: of the running instances of the version, in groups whose checks
    Nomad does not wait for. No request for other jobs."""
    job = snapshot.job
    wanted = {
        group["Name"]: {s["Name"] for s in unawaited(job, group) if s.get("Provider") == "nomad"}
        for group in job.get("TaskGroups") or []
    }
    found = {}
    for allocation in snapshot.running():
        names = wanted.get(allocation["TaskGroup"])
        if not names:
            continue
        checks = await client.checks(str(job["Namespace"]), allocation["ID"])
        said = [_words(check) for check in checks if check.get("Status") != "success"]
        if said or not checks:
            found[allocation["ID"]] = "; ".join(sorted(said)) or "its checks have not answered yet"
    return found


class LastWords:
    """What the checks of a rollout said last, of each allocation: its node forgets them when it stops it."""

    def __init__(self, client: NomadClient, job: Json) -> None:
        self._client = client
        self._namespace = str(job["Namespace"])
        self._groups = {
            group["Name"]
            for group in job.get("TaskGroups") or []
            if any(service.get("Provider") == "nomad" and service.get("Checks") for service in services(group))
        }
        self._said: dict[str, list[Json]] = {}
        self.asks = False
        """Whether there are checks to be asked again soon."""

    async def listen(self, snapshot: Snapshot) -> None:
        """Asks those of the version's instances that are not healthy yet. No request for other jobs."""
        asked = [
            a["ID"]
            for a in snapshot.running()
            if a["TaskGroup"] in self._groups and (a.get("DeploymentStatus") or {}).get("Healthy") is None
        ][:MAX_ASKED]
        self.asks = bool(asked)
        for id_ in asked:
            try:
                checks = await self._client.checks(self._namespace, id_)
            except ProviderError:
                # The next look at the job meets the same, and says so.
                continue
            if checks:
                self._said[id_] = [check for check in checks if check.get("Status") == "failure"]

    def of(self, allocation: str) -> list[str]:
        """A sentence for each check of an allocation that failed when it was asked last."""
        said = self._said.get(allocation, [])
        return sorted(f"service {check.get('Service')} in Nomad: {_words(check)}" for check in said)

    def now(self) -> str:
        """Why an instance does not pass yet, in a few words; "" where none has said anything."""
        said = (_words(check) for checks in self._said.values() for check in checks)
        return next((in_few_words(words) for words in said), "")


def _words(check: Json) -> str:
    status = f"HTTP {check['StatusCode']}" if check.get("StatusCode") else ""
    said = ": ".join(filter(None, [status, of_check(str(check.get("Output") or ""))])) or "it has not answered yet"
    return f"check {check.get('Check')} is {check.get('Status')}: {said}"
