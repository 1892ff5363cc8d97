"""One event stream for all rollouts of an `up`: who waits for a job is woken when Nomad says that it has moved."""

import asyncio
import contextlib
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from providers.http_answers import chunks
from providers.nomad.client import Json, NomadClient
from providers.nomad.job_watch import JobWatch
from providers.plugin import ProviderError

SILENCE_S = 10.0
"""For how long the stream may say nothing before it is taken up anew.

Nomad sends an empty object every 30 s, but leaves a stream open and silent that it has ended, because its reader was
too slow or its token has changed (Nomad 1.11 `HTTPServer.EventStream`). Nothing tells that from one with no news.
"""

NEWEST = 2**62
"""Index from which to stream what comes. From 0 on it would be all that Nomad has kept, and where the oldest of it is
forgotten before it could be sent, Nomad ends the stream (Nomad `eventBuffer.StartAtClosest`)."""

RECONNECT_PAUSE_S = 1.0
LONGEST_RECONNECT_PAUSE_S = 30.0
"""Pauses between tries double from the first to the longest while the stream gives nothing."""

MAX_WATCHES = 12
"""How many jobs are watched by blocking queries at a time, each by three: the connections have to do for the looks."""

FALLBACK_WAIT_S = 2.0
"""How often a waiter looks for itself while there is no stream and all blocking queries are taken."""

MAX_EVENTS = 200
"""How many events are kept for a waiter that is busy, the newest; with more it reads what Nomad has."""

_TOPICS = ("Job", "Evaluation", "Allocation", "Deployment")


class EventHub:
    """Wakes waiters by job.

    Waiters are given the events of their job as long as none can have been missed: while the stream speaks, after it
    has begun to. When it begins or breaks, they are woken to read for themselves what Nomad has. Where there is none
    (the token has no `read-job`, a proxy cuts or holds it), each is woken by blocking queries on its job.
    """

    def __init__(self, client: NomadClient) -> None:
        self._client = client
        self._waiters: dict[tuple[str, str], set[Subscription]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._streaming = False
        self._index: int | None = None
        self._watches = 0

    def subscribe(self, namespace: str, job_id: str) -> "Subscription":
        """Begins to listen for a job; the stream starts with the first subscription."""
        if self._task is None:
            self._task = asyncio.create_task(self._follow())
        return Subscription(self, (namespace, job_id))

    @property
    def streaming(self) -> bool:
        """Whether the stream speaks: it does from its first line on, an event or a heartbeat, until it breaks."""
        return self._streaming

    def watch(self, key: tuple[str, str], changed: Callable[[], None]) -> JobWatch | None:
        """Blocking queries on a job, to be given back with `unwatch`; None while too many jobs are watched so."""
        if self._watches >= MAX_WATCHES:
            return None
        self._watches += 1
        return JobWatch(self._client, *key, changed)

    async def unwatch(self, watch: JobWatch) -> None:
        """Ends the queries."""
        self._watches -= 1
        await watch.stop()

    def add(self, key: tuple[str, str], waiter: "Subscription") -> None:
        self._waiters[key].add(waiter)

    def remove(self, key: tuple[str, str], waiter: "Subscription") -> None:
        self._waiters[key].discard(waiter)
        if not self._waiters[key]:
            del self._waiters[key]

    async def close(self) -> None:
        """Ends the stream."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _follow(self) -> None:
        pause_s = RECONNECT_PAUSE_S
        try:
            while True:
                goes_on = False
                # Whatever breaks the stream, waiters look for themselves meanwhile and report what they meet.
                with contextlib.suppress(ProviderError, aiohttp.ClientError, OSError, TimeoutError, ValueError):
                    goes_on = await self._listen()
                if goes_on:
                    continue
                if self._streaming:
                    pause_s = RECONNECT_PAUSE_S
                self._speaks(False)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_RECONNECT_PAUSE_S)
        finally:
            # A fault of ours that ends this must not leave the waiters to a stream that nobody reads.
            self._speaks(False)

    async def _listen(self) -> bool:
        """Reads a stream to its end. Whether the next one may begin with the last event of this, which fell silent.

        It then has to: another one at its beginning means that events were missed.
        """
        resumes = self._streaming
        query = self._client.query("*") | {"index": str(self._index if resumes else NEWEST)}
        path = "/v1/event/stream?" + "&".join(f"topic={topic}" for topic in _TOPICS)
        try:
            async with self._client.api.stream("GET", path, query=query, read_timeout_s=SILENCE_S) as response:
                async for line in _lines(response.content):
                    batch = json.loads(line)
                    index = batch.get("Index") if isinstance(batch, dict) else None
                    if resumes:
                        if index is None:
                            continue
                        if index != self._index:
                            return False
                        resumes = False
                    if not self._streaming:
                        self._index = None
                        self._speaks(True)
                    self._index = index or self._index
                    self._dispatch(batch)
        except TimeoutError:
            return self._streaming and not resumes and self._index is not None
        return False

    def _dispatch(self, batch: Any) -> None:
        for event in (batch.get("Events") or []) if isinstance(batch, dict) else []:
            # A job's event has the job's ID as its key, the others have it among their filter keys.
            for job_id in {event.get("Key"), *(event.get("FilterKeys") or ())}:
                for waiter in self._waiters.get((event.get("Namespace"), job_id), ()):
                    waiter.hear(event)

    def _speaks(self, streaming: bool) -> None:
        self._streaming = streaming
        for waiters in self._waiters.values():
            for waiter in waiters:
                waiter.lose_track()


class Subscription:
    """One job's wake-up call; used as an async context manager."""

    def __init__(self, hub: EventHub, key: tuple[str, str]) -> None:
        self._hub = hub
        self._key = key
        self._event = asyncio.Event()
        self._watch: JobWatch | None = None
        self._heard: deque[Json] = deque(maxlen=MAX_EVENTS)
        self._missed = True

    async def __aenter__(self) -> "Subscription":
        self._hub.add(self._key, self)
        return self

    async def __aexit__(self, *error: object) -> None:
        self._hub.remove(self._key, self)
        await self._unwatch()

    def wake(self) -> None:
        """Wakes the waiter from elsewhere (a change in Consul, a cancel)."""
        self._event.set()

    def hear(self, event: Json) -> None:
        """Keeps an event for `take`, and wakes the waiter."""
        self._missed = self._missed or len(self._heard) == MAX_EVENTS
        self._heard.append(event)
        self._event.set()

    def lose_track(self) -> None:
        """Wakes the waiter, who has to read what Nomad has."""
        self._missed = True
        self._event.set()

    def take(self) -> tuple[list[Json], bool]:
        """The job's events since the last call, in Nomad's order, and whether they are all that there were."""
        complete = not self._missed and self._hub.streaming
        heard = list(self._heard)
        self._heard.clear()
        self._missed = False
        return heard, complete

    async def wait(self, at_most_s: float) -> None:
        """Returns when something happened to the job, at the latest after `at_most_s`.

        Without the stream it is blocking queries that say so; where none can be had either, it returns sooner, so that
        the waiter looks for itself.
        """
        if self._hub.streaming:
            await self._unwatch()
        elif self._watch is None:
            self._watch = self._hub.watch(self._key, self.wake)
            at_most_s = at_most_s if self._watch else min(at_most_s, FALLBACK_WAIT_S)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), at_most_s)
        self._event.clear()

    async def _unwatch(self) -> None:
        if self._watch is not None:
            await self._hub.unwatch(self._watch)
            self._watch = None


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Lines of any length: an event holds a whole job, more than aiohttp's own line limit."""
    buffer = bytearray()
    async for chunk in chunks(content):
        buffer.extend(chunk)
        while (end := buffer.find(b"\n")) >= 0:
            line = bytes(buffer[:end]).strip()
            del buffer[: end + 1]
            if line:
                yield line
