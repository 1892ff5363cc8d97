"""Waiters and the one stream that wakes them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from providers.nomad import events
from providers.nomad.client import NomadClient
from providers.nomad.config import load
from providers.nomad.events import EventHub, Subscription
from providers.properties import Properties
from tests.unit.providers.loopback import Handler, Loopback, serving

NEVER_S = 5.0
STREAM = "/v1/event/stream"
Write = Callable[[bytes], Awaitable[None]]


async def nothing_changes(request: web.Request) -> web.StreamResponse:
    """A query on a job that answers at once, and never again where it is to wait for a change."""
    if "index" in request.query:
        await asyncio.sleep(60)
    return web.json_response([], headers={"X-Nomad-Index": "7"})


class Stream:
    """Nomad's event stream: one connection after the other, each fed by the test."""

    def __init__(self) -> None:
        self.opened: asyncio.Queue[Write] = asyncio.Queue()
        self.closing: asyncio.Queue[bool] = asyncio.Queue()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path != STREAM:
            return await nothing_changes(request)
        response = web.StreamResponse()
        await response.prepare(request)
        await self.opened.put(response.write)
        cleanly = await self.closing.get()
        if not cleanly and request.transport is not None:
            request.transport.abort()
        return response


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "RECONNECT_PAUSE_S", 0.05)


@asynccontextmanager
async def hub_at(handler: Handler) -> AsyncIterator[tuple[EventHub, Loopback]]:
    async with serving(handler) as server:
        config = load(Properties({"address": server.url, "region": "eu"}), {})
        assert config is not None
        client = NomadClient(config)
        hub = EventHub(client)
        try:
            yield hub, server
        finally:
            await hub.close()
            await client.close()


def line(*happened: dict[str, Any], index: int = 7) -> bytes:
    return json.dumps({"Index": index, "Events": list(happened)}).encode() + b"\n"


async def woken(subscription: Subscription) -> bool:
    """Whether the waiter returned because something happened, not because it waited long enough."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    await subscription.wait(NEVER_S)
    return loop.time() - started < NEVER_S / 2


async def quiet(subscription: Subscription) -> bool:
    try:
        await asyncio.wait_for(subscription.wait(NEVER_S), 0.1)
    except TimeoutError:
        return True
    return False


async def speaks(hub: EventHub) -> None:
    """Waits until the hub hears the stream."""
    while not hub.streaming:  # noqa: ASYNC110 (the hub tells nobody else)
        await asyncio.sleep(0.01)


async def settled(hub: EventHub, subscription: Subscription, stream: Stream) -> Write:
    """The open stream, its heartbeat heard and its first wake-up consumed."""
    write = await stream.opened.get()
    await write(b"{}\n")
    await speaks(hub)
    assert await woken(subscription)
    return write


@pytest.mark.parametrize(
    "event",
    [
        {"Topic": "Job", "Key": "web", "Namespace": "default"},
        {"Topic": "Allocation", "Key": "an-allocation", "FilterKeys": ["web", "a-deployment"], "Namespace": "default"},
        {
            "Topic": "Deployment",
            "Key": "x",
            "FilterKeys": ["web"],
            "Namespace": "default",
            "Payload": {"Deleted": True},
        },
    ],
)
async def test_a_waiter_is_woken_by_what_happens_to_its_job(event: dict[str, Any]) -> None:
    stream = Stream()
    async with hub_at(stream) as (hub, server), hub.subscribe("default", "web") as waiter:
        write = await settled(hub, waiter, stream)
        await write(line(event))
        assert await woken(waiter)
        stream.closing.put_nowait(True)
    (target,) = server.targets()
    assert target == (
        "GET /v1/event/stream?topic=Job&topic=Evaluation&topic=Allocation&topic=Deployment&namespace=*&region=eu"
        f"&index={events.NEWEST}"
    )


@pytest.mark.parametrize(
    "event",
    [
        {"Topic": "Job", "Key": "other", "Namespace": "default"},
        {"Topic": "Job", "Key": "web", "Namespace": "elsewhere"},
        {"Topic": "Evaluation", "Key": "x", "FilterKeys": None, "Namespace": "default"},
    ],
)
async def test_what_happens_to_others_wakes_nobody(event: dict[str, Any]) -> None:
    stream = Stream()
    async with hub_at(stream) as (hub, _), hub.subscribe("default", "web") as waiter:
        write = await settled(hub, waiter, stream)
        await write(line(event))
        assert await quiet(waiter)
        stream.closing.put_nowait(True)


@pytest.mark.parametrize("odd", [b'{"Deleted": true}\n', b"{}\n", b"\n", b"[]\n", b"null\n", b'{"Events": null}\n'])
async def test_an_odd_payload_is_passed_over(odd: bytes) -> None:
    stream = Stream()
    async with hub_at(stream) as (hub, server), hub.subscribe("default", "web") as waiter:
        write = await settled(hub, waiter, stream)
        await write(odd)
        await write(line({"Key": "web", "Namespace": "default"}))
        assert await woken(waiter)
        stream.closing.put_nowait(True)
    assert len(server.asked) == 1


async def test_an_event_in_pieces_and_longer_than_any_line_limit() -> None:
    stream = Stream()
    whole = line({"Key": "web", "Namespace": "default", "Payload": "x" * 300_000})
    async with hub_at(stream) as (hub, _), hub.subscribe("default", "web") as waiter:
        write = await settled(hub, waiter, stream)
        await write(whole[:1000])
        assert await quiet(waiter)
        await write(whole[1000:])
        assert await woken(waiter)
        stream.closing.put_nowait(True)


@pytest.mark.parametrize("cleanly", [True, False])
async def test_a_stream_that_ends_is_taken_up_again(cleanly: bool) -> None:
    stream = Stream()
    async with hub_at(stream) as (hub, _), hub.subscribe("default", "web") as waiter:
        await settled(hub, waiter, stream)
        stream.closing.put_nowait(cleanly)
        assert await woken(waiter)
        write = await settled(hub, waiter, stream)
        await write(line({"Key": "web", "Namespace": "default"}))
        assert await woken(waiter)
        stream.closing.put_nowait(True)


def from_index(server: Loopback) -> list[str]:
    """From which index each stream was asked for."""
    return [target.rsplit("index=", 1)[1] for target in server.targets() if STREAM in target]


async def test_a_stream_that_falls_silent_is_taken_up_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SILENCE_S", 1.0)
    stream = Stream()
    first, second = ({"Key": "web", "Namespace": "default", "Index": index} for index in (7, 8))
    async with hub_at(stream) as (hub, server), hub.subscribe("default", "web") as waiter:
        write = await settled(hub, waiter, stream)
        assert waiter.take() == ([], False)
        await write(line(first))
        assert await woken(waiter)
        assert waiter.take() == ([first], True)
        write = await stream.opened.get()
        await write(b"{}\n" + line(first) + line(second, index=8))
        assert await woken(waiter)
        assert hub.streaming
        assert waiter.take() == ([first, second], True)
        assert from_index(server) == [str(events.NEWEST), "7"]
        for _ in range(2):
            stream.closing.put_nowait(True)


@pytest.mark.parametrize("begins_with", [line(index=9), b""])
async def test_where_events_may_be_missing_waiters_read_for_themselves(
    monkeypatch: pytest.MonkeyPatch, begins_with: bytes
) -> None:
    monkeypatch.setattr(events, "SILENCE_S", 1.0)
    stream = Stream()
    async with hub_at(stream) as (hub, server), hub.subscribe("default", "web") as waiter:
        write = await settled(hub, waiter, stream)
        await write(line({"Key": "web", "Namespace": "default"}))
        assert await woken(waiter)
        waiter.take()
        write = await stream.opened.get()
        await write(b"{}\n" + begins_with)
        assert await woken(waiter)
        assert waiter.take() == ([], False)
        await settled(hub, waiter, stream)
        assert from_index(server) == [str(events.NEWEST), "7", str(events.NEWEST)]
        for _ in range(3):
            stream.closing.put_nowait(True)


async def test_a_line_that_is_not_json_breaks_the_connection_only() -> None:
    stream = Stream()
    async with hub_at(stream) as (hub, _), hub.subscribe("default", "web") as waiter:
        write = await settled(hub, waiter, stream)
        await write(b"<html>\n")
        stream.closing.put_nowait(True)
        assert await woken(waiter)
        await settled(hub, waiter, stream)
        stream.closing.put_nowait(True)


class Changes:
    """A Nomad without a stream: a token that may not read it, or a proxy that holds it. Queries wait for a change."""

    def __init__(self, held: bool) -> None:
        self._held = held
        self.index = 7
        self.changed = asyncio.Event()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path == STREAM:
            if self._held:
                await asyncio.sleep(60)
            return web.Response(status=403, text="Permission denied")
        while request.query.get("index") == str(self.index):
            await self.changed.wait()
        return web.json_response([], headers={"X-Nomad-Index": str(self.index)})

    def change(self) -> None:
        self.index += 1
        self.changed.set()
        self.changed = asyncio.Event()


@pytest.mark.parametrize("held", [True, False])
async def test_without_a_stream_waiters_are_woken_by_blocking_queries(held: bool) -> None:
    nomad = Changes(held)
    async with hub_at(nomad) as (hub, server), hub.subscribe("default", "web") as waiter:
        # Its first answers wake it, so that nothing is lost between its last look and the queries.
        while await woken_soon(waiter):
            pass
        queries = {
            f"GET /v1/job/web/{what}?all=true&namespace=default&region=eu&index=7&wait=60s"
            for what in ("allocations", "deployments", "evaluations")
        }
        assert queries <= set(server.targets())
        nomad.change()
        assert await woken(waiter)
        assert not hub.streaming


async def woken_soon(subscription: Subscription) -> bool:
    return not await quiet(subscription)


async def test_the_queries_end_when_the_stream_speaks() -> None:
    stream = Stream()
    async with hub_at(stream) as (hub, server), hub.subscribe("default", "web") as waiter:
        assert await woken(waiter)
        write = await settled(hub, waiter, stream)
        while await woken_soon(waiter):
            pass
        asked = len(server.asked)
        await write(line({"Key": "web", "Namespace": "default"}))
        assert await woken(waiter)
        assert await quiet(waiter)
        assert len(server.asked) == asked
        stream.closing.put_nowait(True)


async def test_where_all_queries_are_taken_waiters_look_for_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_WATCHES", 0)
    monkeypatch.setattr(events, "FALLBACK_WAIT_S", 0.05)
    async with hub_at(Changes(held=False)) as (hub, server), hub.subscribe("default", "web") as waiter:
        for _ in range(3):
            assert await woken(waiter)
    assert {target.split("?")[0] for target in server.targets()} == {f"GET {STREAM}"}


async def test_a_query_that_does_not_block_is_not_asked_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_index(request: web.Request) -> web.StreamResponse:
        return web.json_response([]) if request.path != STREAM else web.Response(status=403)

    async with hub_at(no_index) as (hub, server), hub.subscribe("default", "web") as waiter:
        while await woken_soon(waiter):
            pass
    assert len([target for target in server.targets() if STREAM not in target]) == 3


async def test_one_stream_for_all_jobs() -> None:
    stream = Stream()
    async with (
        hub_at(stream) as (hub, server),
        hub.subscribe("default", "web") as web_waiter,
        hub.subscribe("default", "web") as same,
        hub.subscribe("default", "worker") as worker,
    ):
        write = await settled(hub, web_waiter, stream)
        assert await woken(same)
        assert await woken(worker)
        await write(line({"Key": "web", "Namespace": "default"}))
        assert await woken(web_waiter)
        assert await woken(same)
        assert await quiet(worker)
        stream.closing.put_nowait(True)
    assert len(server.asked) == 1


async def test_a_wake_up_before_the_wait_is_not_lost() -> None:
    stream = Stream()
    async with hub_at(stream) as (hub, _), hub.subscribe("default", "web") as waiter:
        await settled(hub, waiter, stream)
        waiter.wake()
        assert await woken(waiter)
        assert await quiet(waiter)
        stream.closing.put_nowait(True)


async def test_events_are_handed_on_once_none_can_have_been_missed() -> None:
    stream = Stream()
    happened = [{"Key": "web", "Namespace": "default", "Index": index} for index in (1, 2)]
    async with hub_at(stream) as (hub, _), hub.subscribe("default", "web") as waiter:
        assert waiter.take() == ([], False)
        write = await settled(hub, waiter, stream)
        assert waiter.take() == ([], False)
        assert waiter.take() == ([], True)
        await write(line(*happened))
        assert await woken(waiter)
        assert waiter.take() == (happened, True)
        assert waiter.take() == ([], True)
        stream.closing.put_nowait(False)
        assert await woken(waiter)
        assert waiter.take() == ([], False)


async def test_a_waiter_with_too_many_events_is_to_read_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_EVENTS", 2)
    stream = Stream()
    async with hub_at(stream) as (hub, _), hub.subscribe("default", "web") as waiter:
        write = await settled(hub, waiter, stream)
        assert waiter.take() == ([], False)
        happened = [{"Key": "web", "Namespace": "default", "Index": index} for index in (1, 2, 3)]
        await write(line(*happened))
        assert await woken(waiter)
        assert waiter.take() == (happened[1:], False)
        assert waiter.take() == ([], True)
        stream.closing.put_nowait(True)


@pytest.mark.parametrize("ends", ["cleanly", "unexpectedly"])
async def test_no_end_of_the_stream_leaves_a_waiter_to_it(ends: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream()
    async with hub_at(stream) as (hub, _), hub.subscribe("default", "web") as waiter:
        write = await settled(hub, waiter, stream)

        def fails(_: object) -> None:
            raise KeyError("a fault of ours")

        if ends == "unexpectedly":
            monkeypatch.setattr(hub, "_dispatch", fails)
            await write(line({"Key": "web", "Namespace": "default"}))
        else:
            await hub.close()
        assert await woken(waiter)
        assert not hub.streaming
        assert waiter.take()[1] is False
        stream.closing.put_nowait(True)
