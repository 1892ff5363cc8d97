"""What Nomad holds of one job while it rolls out: read once, then kept up to date by what its events carry."""

from typing import Any

from providers.nomad.client import Json, NomadClient

_DEPLOYED = "PlanResult"
"""The one type of event after which an allocation may be another version's (Nomad `state.eventFromChange` leaves the
job out of it): a plan starts allocations and updates them in place."""


class JobView:
    """A job's registration, evaluations, deployments and allocations, each as Nomad's lists have them.

    An event holds the whole object that has changed, and takes the place of an older one (`ModifyIndex`). Only an
    allocation's version it does not tell; where that may be another one, the job's allocations are read.
    """

    def __init__(self, client: NomadClient, namespace: str, job_id: str) -> None:
        self._client = client
        self._namespace = namespace
        self._id = job_id
        self._known = False
        self._allocations_known = False
        self.current: Json | None = None
        """`Version`, `Stop` and `ModifyIndex` of the registered job; None where there is none."""
        self.evaluations: dict[str, Json] = {}
        self.deployments: dict[str, Json] = {}
        self.allocations: dict[str, Json] = {}

    async def update(self, events: list[Json], *, complete: bool) -> None:
        """Takes events in, in their order; unless they are `complete`, everything is read first.

        Nomad tells an event a moment before what it tells of can be read (`changeTrackerDB` publishes, then commits).
        What was just read may be older: so the events come on top, and what is read because of one waits for it.

        Raises Unreachable and ApiError; the next call then reads everything.
        """
        known, self._known = self._known and complete, False
        silent = [number for number, event in enumerate(events, 1) if not _tells_all(event)]
        if silent or not known:
            await self._read()
        on_top = events[max(silent, default=0) :]
        for event in on_top:
            self._take(event)
        if not self._allocations_known:
            await self._read_allocations(max(_index(event) for event in on_top if event["Topic"] == "Allocation"))
        self._known = True

    async def _read(self) -> None:
        """The evaluations first, for what they made is then there to be read."""
        self.evaluations = _by_id(await self._client.evaluations(self._namespace, self._id))
        job = await self._client.job(self._namespace, self._id)
        self.current = None if job is None else _registration(job)
        self.deployments = _by_id(await self._client.deployments(self._namespace, self._id))
        await self._read_allocations()

    async def _read_allocations(self, at_least: int = 0) -> None:
        self.allocations = _by_id(await self._client.allocations(self._namespace, self._id, at_least))
        self._allocations_known = True

    def _take(self, event: Json) -> None:
        topic = event["Topic"]
        changed: Json = event["Payload"][topic]
        if topic == "Job":
            if _is_news(changed, self.current):
                self.current = _registration(changed)
        elif topic == "Evaluation":
            if _is_news(changed, self.evaluations.get(changed["ID"])):
                self.evaluations[changed["ID"]] = changed
        elif topic == "Deployment":
            if _is_news(changed, self.deployments.get(changed["ID"])):
                self.deployments[changed["ID"]] = changed
        elif topic == "Allocation":
            self._take_allocation(changed, str(event.get("Type")))

    def _take_allocation(self, changed: Json, event_type: str) -> None:
        known = self.allocations.get(changed["ID"])
        if not _is_news(changed, known):
            return
        if known is None or event_type == _DEPLOYED:
            self._allocations_known = False
        else:
            # What the lists do not have (resources, metrics) is large and of no use here.
            self.allocations[changed["ID"]] = known | {key: changed[key] for key in known if key in changed}


def _tells_all(event: Json) -> bool:
    """Whether an event has in it everything that it stands for."""
    payload: Any = event.get("Payload")
    return (
        isinstance(payload, dict) and isinstance(payload.get(event.get("Topic")), dict) and not payload.get("Deleted")
    )


def _index(event: Json) -> int:
    return int(event["Payload"]["Allocation"]["ModifyIndex"])


def _by_id(found: list[Json]) -> dict[str, Json]:
    return {each["ID"]: each for each in found}


def _registration(job: Json) -> Json:
    return {key: job.get(key) for key in ("Version", "Stop", "ModifyIndex")}


def _is_news(changed: Json, known: Json | None) -> bool:
    return known is None or int(changed["ModifyIndex"]) > int(known.get("ModifyIndex") or 0)
