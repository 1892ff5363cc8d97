"""One event stream for all rollouts of an `up`: who waits for a job is woken when Nomad says that it has moved."""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from providers.nomad.client import NomadClient
from providers.plugin import ProviderError

HEARTBEAT_TIMEOUT_S = 45.0
"""Nomad sends an empty object every 10 s; four missed ones mean that the connection is dead."""

RECONNECT_PAUSE_S = 1.0

FALLBACK_WAIT_S = 2.0
"""How often a waiter looks for itself while the stream is away.

It is away while it reconnects, and where the token has no `namespace:read` on all namespaces.
"""

_TOPICS = ("Job", "Evaluation", "Allocation", "Deployment")


class EventHub:
    """Wakes waiters by job.

    The stream only says *that* something happened; the truth is read from the API, so nothing is lost when the stream
    breaks or starts late.
    """

    def __init__(self, client: NomadClient) -> None:
        self._client = client
        self._waiters: dict[tuple[str, str], set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._streaming = asyncio.Event()

    def subscribe(self, namespace: str, job_id: str) -> "Subscription":
        """Begins to listen for a job; the stream starts with the first subscription."""
        if self._task is None:
            self._task = asyncio.create_task(self._follow())
        return Subscription(self, (namespace, job_id))

    @property
    def streaming(self) -> bool:
        return self._streaming.is_set()

    def add(self, key: tuple[str, str], event: asyncio.Event) -> None:
        self._waiters[key].add(event)

    def remove(self, key: tuple[str, str], event: asyncio.Event) -> None:
        self._waiters[key].discard(event)
        if not self._waiters[key]:
            del self._waiters[key]

    async def close(self) -> None:
        """Ends the stream."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _follow(self) -> None:
        query = self._client.query("*")
        topics = "&".join(f"topic={topic}" for topic in _TOPICS)
        while True:
            # Whatever breaks the stream, waiters look for themselves meanwhile and report what they meet.
            with contextlib.suppress(ProviderError, aiohttp.ClientError, OSError, TimeoutError, ValueError):
                path = f"/v1/event/stream?{topics}"
                async with self._client.api.stream(
                    "GET", path, query=query, read_timeout_s=HEARTBEAT_TIMEOUT_S
                ) as response:
                    self._streaming.set()
                    self._wake_all()
                    async for line in _lines(response.content):
                        self._dispatch(json.loads(line))
            self._streaming.clear()
            self._wake_all()
            await asyncio.sleep(RECONNECT_PAUSE_S)

    def _dispatch(self, batch: Any) -> None:
        for event in (batch.get("Events") or []) if isinstance(batch, dict) else []:
            # A job's event has the job's ID as its key, the others have it among their filter keys.
            for job_id in (event.get("Key"), *(event.get("FilterKeys") or ())):
                for waiter in self._waiters.get((event.get("Namespace"), job_id), ()):
                    waiter.set()

    def _wake_all(self) -> None:
        for waiters in self._waiters.values():
            for waiter in waiters:
                waiter.set()


class Subscription:
    """One job's wake-up call; used as an async context manager."""

    def __init__(self, hub: EventHub, key: tuple[str, str]) -> None:
        self._hub = hub
        self._key = key
        self._event = asyncio.Event()

    async def __aenter__(self) -> "Subscription":
        self._hub.add(self._key, self._event)
        return self

    async def __aexit__(self, *error: object) -> None:
        self._hub.remove(self._key, self._event)

    def wake(self) -> None:
        """Wakes the waiter from elsewhere (a change in Consul, a cancel)."""
        self._event.set()

    async def wait(self, at_most_s: float) -> None:
        """Returns when something happened to the job, at the latest after `at_most_s`.

        While the stream is away it returns sooner, so that the waiter looks for itself.
        """
        timeout_s = at_most_s if self._hub.streaming else min(at_most_s, FALLBACK_WAIT_S)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), timeout_s)
        self._event.clear()


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Lines of any length: an event holds a whole job, more than aiohttp's own line limit."""
    buffer = bytearray()
    async for chunk in content.iter_any():
        buffer.extend(chunk)
        while (end := buffer.find(b"\n")) >= 0:
            line = bytes(buffer[:end]).strip()
            del buffer[: end + 1]
            if line:
                yield line
