"""A TCP proxy that counts what goes through it: requests by method and path, and connections."""

import asyncio
import contextlib
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlsplit

CHUNK_BYTES = 65536

# A client begins each request with a write of its own, so the line stands whole in one chunk.
_REQUEST_LINE = re.compile(rb"(?:^|\n)(GET|POST|PUT|DELETE) (/[^ ?]*)[^ ]* HTTP/1\.1\r\n")


@dataclass
class Counted:
    """`requests`: how often by "METHOD PATH", without the query; `connections`: how many were opened."""

    requests: Counter[str] = field(default_factory=Counter)
    connections: int = 0

    def add(self, chunk: bytes) -> None:
        """Counts the requests that begin in a chunk of what a client sends."""
        for method, path in _REQUEST_LINE.findall(chunk):
            self.requests[f"{method.decode()} {path.decode()}"] += 1


class CountingProxy:
    """Stands before an HTTP server while it is open; `address` is its URL."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.counted = Counted()
        self.address = ""

    def __enter__(self) -> "CountingProxy":
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        ).result()
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def begin(self) -> None:
        """Forgets what has been counted."""
        self.counted = Counted()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counted.connections += 1
        to_server, from_server = None, None
        with contextlib.suppress(ConnectionError):
            from_server, to_server = await asyncio.open_connection(*self._target)
            await asyncio.gather(
                self._pass(reader, to_server, count=True), self._pass(from_server, writer, count=False)
            )

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, count: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await source.read(CHUNK_BYTES):
                if count:
                    self.counted.add(chunk)
                sink.write(chunk)
                await sink.drain()
        sink.close()
