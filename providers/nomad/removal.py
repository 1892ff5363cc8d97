"""Stops a job and waits until nothing of it is left."""

import asyncio
from collections.abc import Awaitable, Callable

from providers.http_api import HttpApi, join
from providers.nomad.client import Json, NomadClient
from providers.nomad.consul_health import consul_services
from providers.nomad.events import EventHub
from providers.nomad.killed import killed_text
from providers.plugin import ProviderError

LOOK_AGAIN_S = 5.0
MARGIN_S = 120.0
"""Beyond the job's own shutdown delay and kill timeout: how long stopping may take before it is reported as stuck."""

DEFAULT_KILL_TIMEOUT_S = 5.0

ALIVE = ("running", "pending")
"""Statuses of allocations that have not ended."""


async def remove(
    client: NomadClient,
    hub: EventHub,
    consul: HttpApi | None,
    namespace: str,
    id: str,
    purge: bool,
    cancelled: asyncio.Event,
    report: Callable[[str], Awaitable[None]],
) -> list[str]:
    """Deregisters job `id`, waits for its allocations to end and for Consul to forget them, then purges if asked to.

    Purging comes last, so that Nomad still knows the job if anything on the way fails. Raises ProviderError when
    instances are still there after their own stop times and a margin, and when the user stops waiting.

    Returns what is to be said of how the instances have ended.
    """
    job = await client.job(namespace, id)
    if job is None:
        return []
    stopping: set[str] = set()
    async with hub.subscribe(namespace, id) as subscription:
        await client.deregister(namespace, id, purge=False)
        give_up_at = asyncio.get_running_loop().time() + stop_time_s(job) + MARGIN_S
        while True:
            allocations = await client.allocations(namespace, id)
            stopping.update(a["ID"] for a in allocations if a["ClientStatus"] in ALIVE)
            left = await _left(consul, job, allocations)
            if not left:
                break
            if cancelled.is_set() or asyncio.get_running_loop().time() > give_up_at:
                raise ProviderError(
                    f'Job "{id}" is deregistered, but this is still there: {", ".join(left)}. Look at it with: '
                    f"nomad job status -namespace {namespace} {id}. The next `pulumi destroy` goes on from there."
                )
            await report(f"{len(left)} to end")
            await subscription.wait(LOOK_AGAIN_S)
    if purge:
        await client.deregister(namespace, id, purge=True)
    return killed_text(a for a in allocations if a["ID"] in stopping)


async def _left(consul: HttpApi | None, job: Json, allocations: list[Json]) -> list[str]:
    alive = [a for a in allocations if a["ClientStatus"] in ALIVE]
    if alive or consul is None:
        return [f"allocation {a['ID'][:8]} ({a['ClientStatus']})" for a in alive]
    known = {a["ID"] for a in allocations}
    left = []
    for service in sorted(consul_services(job)):
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
