"""A web server on loopback that answers as a test says and remembers what it was asked."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Asked:
    """A request as it arrived: `target` is the path and query exactly as they stood in the request line."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Loopback:
    """The server: where it listens, and every request so far."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    @property
    def host(self) -> str:
        """host:port"""
        return self.url.removeprefix("http://")

    def targets(self) -> list[str]:
        """`METHOD path?query` of every request."""
        return [f"{asked.method} {asked.target}" for asked in self.asked]


@asynccontextmanager
async def serving(handler: Handler, *, port: int = 0, unix_socket: str | None = None) -> AsyncIterator[Loopback]:
    """Serves `handler` for every path, over TCP or over a unix socket."""
    server = Loopback()

    async def remember(request: web.Request) -> web.StreamResponse:
        server.asked.append(Asked(request.method, request.raw_path, dict(request.headers), await request.read()))
        return await handler(request)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", remember)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site: Any
    if unix_socket:
        site = web.UnixSite(runner, unix_socket)
        await site.start()
    else:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        server.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


def answers(*responses: web.Response | Callable[[], web.Response]) -> Handler:
    """A handler that gives one response after the other, and the last one ever after."""
    left = list(responses)

    async def handler(request: web.Request) -> web.StreamResponse:
        response = left.pop(0) if len(left) > 1 else left[0]
        if callable(response):
            return response()
        return web.Response(
            status=response.status,
            headers={k: v for k, v in response.headers.items() if k.lower() != "content-length"},
            body=response.body,
        )

    return handler
