"""Blocking queries on one job: what wakes its waiter where Nomad's event stream cannot be had."""

import asyncio
from collections.abc import Callable

from providers.http_api import join
from providers.nomad.client import NomadClient
from providers.plugin import ProviderError

WAIT_S = 60
"""How long Nomad holds a query in which nothing happens, seconds."""

PAUSE_S = 2.0
"""Between two queries that cannot block: Nomad does not answer, or something in between drops the index."""

_WATCHED = ("allocations", "deployments", "evaluations")


class JobWatch:
    """Calls `changed` whenever something about the job has changed; starts at once, and ends with `stop`."""

    def __init__(self, client: NomadClient, namespace: str, job_id: str, changed: Callable[[], None]) -> None:
        self._client = client
        self._changed = changed
        self._tasks = [
            asyncio.create_task(self._follow(join("v1", "job", job_id, what), namespace)) for what in _WATCHED
        ]

    async def stop(self) -> None:
        """Ends the queries."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, path: str, namespace: str) -> None:
        index = 0
        while True:
            query = self._client.query(namespace, all="true")
            if index:
                query |= {"index": str(index), "wait": f"{WAIT_S}s"}
            try:
                answer = await self._client.api.get(path, query=query, read_timeout_s=WAIT_S * 2)
                new_index = int(answer.headers.get("X-Nomad-Index") or 0)
            except ProviderError:
                # The waiter meets the same when it looks, and says so.
                new_index = 0
            if new_index != index or not new_index:
                self._changed()
            # An index that goes back means that Nomad was restored: start again (Nomad, "Blocking Queries").
            index = new_index if new_index >= index else 0
            if not new_index:
                await asyncio.sleep(PAUSE_S)
