"""What is around a job that cannot be placed: the nodes that it may use, and what runs on them."""

import asyncio
from dataclasses import dataclass, field

from providers.nomad.capacity import is_open, may_run
from providers.nomad.client import Json, NomadClient
from providers.nomad.lacks import named
from providers.words import counted

MOST_WHOLE_NODES = 30
"""Of how many nodes the attributes are asked for, a request each; beyond that the scheduler's words have to do."""


@dataclass(frozen=True)
class Surroundings:
    """What is known of the cluster, as Nomad gives it: the nodes that the job may use, and all allocations."""

    nodes: list[Json] = field(default_factory=list)
    closed: list[Json] = field(default_factory=list)
    """Nodes of the job's datacenters and pool that take no instances now: down, draining, made ineligible."""
    allocations: list[Json] = field(default_factory=list)

    def on(self, count: int) -> str:
        """So many nodes: by name where only these can be meant."""
        return f"on {named(self.nodes)}" if count == len(self.nodes) else f"on {counted(count, 'node')}"


NOTHING_KNOWN = Surroundings()


async def look(client: NomadClient, job: Json) -> Surroundings:
    """Raises ApiError where the token may not look."""
    nodes, allocations = await client.capacity()
    its = [node for node in nodes if may_run(job, node)]
    opened = [node for node in its if is_open(node)]
    if len(opened) <= MOST_WHOLE_NODES:
        whole = await asyncio.gather(*(client.node(node["ID"]) for node in opened))
        opened = [{**node, **(found or {})} for node, found in zip(opened, whole, strict=True)]
    return Surroundings(opened, [node for node in its if not is_open(node)], allocations)
