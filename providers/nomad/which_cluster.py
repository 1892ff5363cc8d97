"""Which cluster a job was registered on: Nomad has no name of a cluster that can be asked for.

Its servers and its signing keys stand in for one. Servers are replaced and keys rotate (`root_key_rotation_threshold`,
30 days by default), seldom all of both at once.
"""

import asyncio
from collections.abc import Awaitable, Iterable

from providers.nomad.client import NomadClient
from providers.plugin import ProviderError
from providers.properties import Properties

CLUSTER = "__cluster"
"""Output: the marks of the cluster that a job was registered on. Pulumi shows no name that begins with "__"."""

SERVER, KEY = "server:", "key:"
"""What the two kinds of marks begin with."""

ANSWER_S = 5.0
"""How long Nomad may take to tell each kind. Without it a job is judged by its index alone."""


def same(recorded: Iterable[str], there: Iterable[str]) -> bool | None:
    """Whether two sets of marks are of one cluster; None where that cannot be told.

    One mark in common is enough. That there is none says something only where the servers of both are known: the keys
    may have rotated.
    """
    one, other = frozenset(recorded), frozenset(there)
    if one & other:
        return True
    return False if _names_servers(one) and _names_servers(other) else None


def _names_servers(marks: frozenset[str]) -> bool:
    return any(mark.startswith(SERVER) for mark in marks)


class WhichCluster:
    """The cluster behind a client, asked once for all jobs of a command, and only if one asks."""

    def __init__(self, client: NomadClient) -> None:
        self._client = client
        self._asking = asyncio.Lock()
        self._marks: frozenset[str] | None = None

    async def marks(self) -> frozenset[str]:
        """The marks of the cluster; none where it does not tell them, to this token or at all."""
        async with self._asking:
            if self._marks is None:
                servers, keys = await asyncio.gather(
                    _told(SERVER, self._client.server_ids()), _told(KEY, self._client.key_ids())
                )
                self._marks = servers | keys
            return self._marks

    async def is_recorded(self, outputs: Properties) -> bool | None:
        """Whether it is the cluster that a state records; None where that cannot be told."""
        recorded = outputs.get(CLUSTER)
        return same(recorded, await self.marks()) if recorded else None

    async def output(self, recorded: Properties | None) -> dict[str, list[str]]:
        """The output for a job that is registered there; none where nothing is known.

        What a state has `recorded` stays unless it is of another cluster: a key that rotates is no change of the job.
        """
        before = recorded.get(CLUSTER) if recorded else None
        there = await self.marks()
        marks = before if before and same(before, there) is not False else there
        return {CLUSTER: sorted(marks)} if marks else {}


async def _told(kind: str, asked: Awaitable[list[str]]) -> frozenset[str]:
    """The marks of one kind; none where they cannot be had: a job that is registered must not fail over this."""
    try:
        async with asyncio.timeout(ANSWER_S):
            return frozenset(f"{kind}{name}" for name in await asked)
    except (ProviderError, TimeoutError, LookupError, TypeError, AttributeError):
        return frozenset()
