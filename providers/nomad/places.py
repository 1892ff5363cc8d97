"""Where jobs can run: which of a job's datacenters have no node, and which regions there are."""

import asyncio
from fnmatch import fnmatchcase

from providers.http_api import ApiError
from providers.nomad.client import Json, NomadClient


class Places:
    """The datacenters of all nodes, looked up once for all jobs of an update, and only if one asks."""

    def __init__(self, client: NomadClient) -> None:
        self._client = client
        self._looking: asyncio.Task[frozenset[str]] | None = None

    async def empty_datacenters(self, job: Json) -> str | None:
        """A sentence on those of the job's datacenters that no node is in; None where each has one.

        Nomad takes such a job and places it in the others. A token that may not read nodes learns nothing here.
        Source: Nomad job `datacenters`, names or patterns with `*`, by default all.
        """
        asked = job.get("Datacenters") or ["*"]
        if asked == ["*"]:
            return None
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        there = await self._looking
        empty = [name for name in asked if there and not any(fnmatchcase(known, name) for known in there)]
        if not empty:
            return None
        named = ", ".join(f'"{name}"' for name in empty)
        return (
            f'job "{job["ID"]}": no node is in {"datacenter" if len(empty) == 1 else "the datacenters"} {named}; '
            f"there are nodes in {', '.join(sorted(there))}"
        )

    async def _look(self) -> frozenset[str]:
        try:
            return frozenset(node["Datacenter"] for node in await self._client.nodes())
        except ApiError:
            return frozenset()


async def unknown_region(client: NomadClient, region: str) -> str | None:
    """A sentence on a region that the server does not know; None where it does. "" is the server's own."""
    if not region:
        return None
    known = await client.regions()
    if region in known:
        return None
    return f'there is no region "{region}"; {client.address} knows {", ".join(known)}'
