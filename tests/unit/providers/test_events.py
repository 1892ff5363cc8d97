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
Write = Callable[[bytes], Awaitable[None]]


class Stream:
    """Nomad's event stream: one connection after the other, each fed by the test."""

    def __init__(self) -> None:
        self.opened: asyncio.Queue[Write] = asyncio.Queue()
        self.closing: asyncio.Queue[bool] = asyncio.Queue()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
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


def line(*happened: dict[str, Any]) -> bytes:
    return json.dumps({"Index": 7, "Events": list(happened)}).encode() + b"\n"


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


async def settled(subscription: Subscription, stream: Stream) -> Write:
    """The open stream, its first wake-up consumed."""
    write = await stream.opened.get()
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
        write = await settled(waiter, stream)
        await write(line(event))
        assert await woken(waiter)
        stream.closing.put_nowait(True)
    assert server.targets()[0] == (
        "GET /v1/event/stream?topic=Job&topic=Evaluation&topic=Allocation&topic=Deployment&namespace=*&region=eu"
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
        write = await settled(waiter, stream)
        await write(line(event))
        assert await quiet(waiter)
        stream.closing.put_nowait(True)


@pytest.mark.parametrize("odd", [b'{"Deleted": true}\n', b"{}\n", b"\n", b"[]\n", b"null\n", b'{"Events": null}\n'])
async def test_an_odd_payload_is_passed_over(odd: bytes) -> None:
    stream = Stream()
    async with hub_at(stream) as (hub, server), hub.subscribe("default", "web") as waiter:
        write = await settled(waiter, stream)
        await write(odd)
        await write(line({"Key": "web", "Namespace": "default"}))
        assert await woken(waiter)
        stream.closing.put_nowait(True)
    assert len(server.asked) == 1


async def test_an_event_in_pieces_and_longer_than_any_line_limit() -> None:
    stream = Stream()
    whole = line({"Key": "web", "Namespace": "default", "Payload": "x" * 300_000})
    async with hub_at(stream) as (hub, _), hub.subscribe("default", "web") as waiter:
        write = await settled(waiter, stream)
        await write(whole[:1000])
        assert await quiet(waiter)
        await write(whole[1000:])
        assert await woken(waiter)
        stream.closing.put_nowait(True)


@pytest.mark.parametrize("cleanly", [True, False])
async def test_a_stream_that_ends_is_taken_up_again(cleanly: bool) -> None:
    stream = Stream()
    async with hub_at(stream) as (hub, _), hub.subscribe("default", "web") as waiter:
        await settled(waiter, stream)
        stream.closing.put_nowait(cleanly)
        assert await woken(waiter)
        write = await settled(waiter, stream)
        assert hub.streaming
        await write(line({"Key": "web", "Namespace": "default"}))
        assert await woken(waiter)
        stream.closing.put_nowait(True)


async def test_a_line_that_is_not_json_breaks_the_connection_only() -> None:
    stream = Stream()
    async with hub_at(stream) as (hub, _), hub.subscribe("default", "web") as waiter:
        write = await settled(waiter, stream)
        await write(b"<html>\n")
        stream.closing.put_nowait(True)
        assert await woken(waiter)
        await stream.opened.get()
        stream.closing.put_nowait(True)


async def test_without_a_stream_waiters_look_for_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.Response(status=403, text="Permission denied")

    monkeypatch.setattr(events, "FALLBACK_WAIT_S", 0.05)
    monkeypatch.setattr(events, "RECONNECT_PAUSE_S", NEVER_S)
    async with hub_at(refuse) as (hub, _), hub.subscribe("default", "web") as waiter:
        for _ in range(3):
            assert await woken(waiter)
        assert not hub.streaming


async def test_one_stream_for_all_jobs() -> None:
    stream = Stream()
    async with (
        hub_at(stream) as (hub, server),
        hub.subscribe("default", "web") as web_waiter,
        hub.subscribe("default", "web") as same,
        hub.subscribe("default", "worker") as worker,
    ):
        write = await settled(web_waiter, stream)
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
        await settled(waiter, stream)
        waiter.wake()
        assert await woken(waiter)
        assert await quiet(waiter)
        stream.closing.put_nowait(True)
