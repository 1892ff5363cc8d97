"""Stops a job with the runs that it has started, and waits until nothing of them is left."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from providers.http_api import ApiError, HttpApi, join
from providers.nomad.client import Json, NomadClient
from providers.nomad.consul_health import names_of
from providers.nomad.events import EventHub
from providers.nomad.killed import killed_text
from providers.nomad.service_names import consul_services, has_more
from providers.nomad.spec import OWNER_KEY
from providers.plugin import ProviderError
from providers.words import counted

LOOK_AGAIN_S = 5.0
LOOK_AT_RUNS_S = 1.0
"""The same while runs end: they are jobs of their own, and no event of theirs is waited for."""

MARGIN_S = 120.0
"""Beyond the job's own shutdown delay and kill timeout: how long stopping may take before it is reported as stuck."""

DEFAULT_KILL_TIMEOUT_S = 5.0

ALIVE = ("running", "pending")
"""Statuses of allocations that have not ended."""

MAX_NAMED = 5
"""How many runs a message names."""


def starts_others(job: Json | None) -> bool:
    """Whether a job starts no instances itself but runs: jobs below its own ID, which outlive it."""
    return job is not None and bool(job.get("Periodic") or job.get("ParameterizedJob"))


def is_going_on(run: Json) -> bool:
    """Whether a run, as Nomad's list of jobs has it, is not over."""
    return not run.get("Stop") and run["Status"] != "dead"


def going_on_text(id: str, runs: list[Json]) -> str:
    """How many runs of a job stop with it, and how many instances of theirs; "" where none does."""
    going = [run for run in runs if is_going_on(run)]
    if not going:
        return ""
    groups = [group for run in going for group in ((run.get("JobSummary") or {}).get("Summary") or {}).values()]
    instances = sum(int(group.get("Running") or 0) + int(group.get("Starting") or 0) for group in groups)
    named = ", ".join(str(run["ID"]) for run in going[:MAX_NAMED]) + (", ..." if len(going) > MAX_NAMED else "")
    stops = f"{counted(len(going), 'run')} that it has started {'stops' if len(going) == 1 else 'stop'} with it"
    return f'Job "{id}": {stops}, {counted(instances, "instance")} in all: {named}.'


@dataclass
class Removal:
    """How jobs are removed. `report` shows one line of progress."""

    client: NomadClient
    hub: EventHub
    consul: HttpApi | None
    cancelled: asyncio.Event
    report: Callable[[str], Awaitable[None]]
    _stopping: set[str] = field(default_factory=set)
    """IDs of the allocations that were alive when they were asked to end."""
    _ended: dict[str, list[Json]] = field(default_factory=dict)
    """By job, its allocations when they were looked at last."""

    async def remove(self, namespace: str, id: str, owner: str, *, purge: bool) -> list[str]:
        """Deregisters job `id` and its runs, waits for their allocations to end and for Consul to forget them.

        Then purges if asked to: last, so that Nomad still knows the job if anything on the way fails. Of a job that is
        gone already the runs that bear the mark of `owner` are left to stop. Raises ProviderError when instances are
        still there after their own stop times and a margin, and when the user stops waiting.

        Returns what is to be said of how the instances have ended.
        """
        job = await self.client.job(namespace, id)
        stopping = {} if job is None else {id: job}
        async with self.hub.subscribe(namespace, id) as subscription:
            if job is not None:
                # First, so that it starts no more runs.
                await self.client.deregister(namespace, id, purge=False)
            has_runs = job is None or starts_others(job)
            runs = await self._stop_runs(namespace, id, owner, stopping) if has_runs else []
            times = [stop_time_s(one) for one in stopping.values()]
            give_up_at = asyncio.get_running_loop().time() + max(times, default=0.0) + MARGIN_S
            while left := await self._left(namespace, stopping, purge=purge):
                if self.cancelled.is_set() or asyncio.get_running_loop().time() > give_up_at:
                    raise ProviderError(
                        f'Job "{id}" is deregistered, but this is still there: {", ".join(left)}. Look at it with: '
                        f"nomad job status -namespace {namespace} {id}. The next `pulumi destroy` goes on from there."
                    )
                await self.report(f"{len(left)} to end")
                await subscription.wait(LOOK_AT_RUNS_S if runs else LOOK_AGAIN_S)
                if has_runs:
                    runs = await self._stop_runs(namespace, id, owner, stopping)
        if purge:
            for run in [*(run["ID"] for run in runs), *([] if job is None else [id])]:
                await self.client.deregister(namespace, run, purge=True)
        return killed_text(a for ended in self._ended.values() for a in ended if a["ID"] in self._stopping)

    async def _stop_runs(self, namespace: str, id: str, owner: str, stopping: dict[str, Json]) -> list[Json]:
        """Deregisters the runs that are not over, those too that were started a moment ago; all runs."""
        try:
            runs = await self.client.children(namespace, id)
        except ApiError as error:
            if id in stopping or error.status != 403:
                raise
            # It is gone, and this token may not ask what runs it had.
            return []
        if id not in stopping:
            runs = [run for run in runs if (run.get("Meta") or {}).get(OWNER_KEY) == owner]
        for run in runs:
            if is_going_on(run) and run["ID"] not in stopping:
                known = await self.client.job(namespace, run["ID"])
                if known is not None:
                    await self.client.deregister(namespace, run["ID"], purge=False)
                    stopping[run["ID"]] = known
        return runs

    async def _left(self, namespace: str, stopping: dict[str, Json], *, purge: bool) -> list[str]:
        """What is still there. Before a purge that includes what the scheduler has still to do.

        Nomad 1.11.3 ends, at each start again, where its scheduler has a deployment to cancel of a job that is gone.
        """
        left = []
        for job in stopping.values():
            allocations = await self.client.allocations(namespace, job["ID"])
            self._stopping.update(a["ID"] for a in allocations if a["ClientStatus"] in ALIVE)
            self._ended[job["ID"]] = allocations
            left += await _left(self.consul, job, allocations)
            evaluations = await self.client.evaluations(namespace, job["ID"]) if purge else []
            left += [f"evaluation {one['ID'][:8]} (pending)" for one in evaluations if one["Status"] == "pending"]
        return left


async def _left(consul: HttpApi | None, job: Json, allocations: list[Json]) -> list[str]:
    alive = [a for a in allocations if a["ClientStatus"] in ALIVE]
    if alive or consul is None:
        return [f"allocation {a['ID'][:8]} ({a['ClientStatus']})" for a in alive]
    known = {a["ID"] for a in allocations}
    left = []
    names = consul_services(job)
    if has_more(job):
        names |= await names_of(consul, sorted(known))
    for service in sorted(names):
        for entry in (await consul.get(join("v1", "health", "service", service))).body or []:
            service_id = entry["Service"]["ID"]
            if any(allocation in service_id for allocation in known):
                left.append(f"Consul service {service_id}")
    return left


def stop_time_s(job: Json) -> float:
    """The longest that an instance of a job may take to end: its shutdown delays and its kill timeout, seconds."""
    times = [0.0]
    for group in job.get("TaskGroups") or []:
        delay_s = int(group.get("ShutdownDelay") or 0) / 1e9
        for task in group.get("Tasks") or []:
            kill_s = int(task.get("KillTimeout") or DEFAULT_KILL_TIMEOUT_S * 1e9) / 1e9
            times.append(delay_s + int(task.get("ShutdownDelay") or 0) / 1e9 + kill_s)
    return max(times)
