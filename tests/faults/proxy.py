"""A proxy before an HTTP API that does to it what networks and servers do: delay, drop, cut, answer errors, go away."""

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

CHUNK_BYTES = 65536
CALL_TIMEOUT_S = 30.0


@dataclass(eq=False)
class Fault:
    """What happens to requests whose first line matches `on` (`GET /v1/jobs HTTP/1.1`), `times` of them at the most.

    Each subclass is one kind of trouble; `met` counts how often it has struck, so that a test can see that it did.
    """

    on: str = ""
    times: int = 1_000_000
    met: int = 0

    def strikes(self, request_line: str) -> bool:
        """Whether this request is one of those; counts it."""
        if self.met >= self.times or not re.search(self.on, request_line):
            return False
        self.met += 1
        return True


@dataclass(eq=False)
class Delay(Fault):
    """The request is held back for `seconds`."""

    seconds: float = 1.0


@dataclass(eq=False)
class Silence(Fault):
    """The request is swallowed: no answer ever comes, the connection stays open."""


@dataclass(eq=False)
class Hold(Fault):
    """The request is held back until `released` is set."""

    released: threading.Event = field(default_factory=threading.Event)


@dataclass(eq=False)
class CutBefore(Fault):
    """The connection ends before the server has seen the request."""


@dataclass(eq=False)
class CutAnswer(Fault):
    """The server does what was asked; the connection ends before the answer is through."""


@dataclass(eq=False)
class Answer(Fault):
    """The request is answered with an error without asking the server."""

    status: int = 500
    body: str = "rpc error: No cluster leader"


@dataclass(eq=False)
class _Connection:
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    cut_answer: bool = False
    task: asyncio.Task[None] | None = None


@dataclass(eq=False)
class Proxy:
    """Stands on a free loopback port before `upstream` (a URL). Use as a context manager.

    `requests` are the first lines of all requests that came, in order.
    """

    upstream: str
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The URL to use instead of the server's own."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Proxy":
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_TIMEOUT_S)
        self._loop.close()

    @contextmanager
    def fault(self, fault: Fault) -> Iterator[Fault]:
        """The fault, as long as the block lasts."""
        self.faults.append(fault)
        try:
            yield fault
        finally:
            self.faults.remove(fault)

    def down(self) -> None:
        """Nobody listens any more: open connections end, new ones are refused."""
        self._call(self._down)

    def up(self) -> None:
        """Listens again, on the same port."""
        self._call(self._up)

    def cut_all(self) -> None:
        """Ends all open connections, event streams among them; new ones are taken."""
        self._call(self._cut_all)

    def _call(self, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asyncio.run_coroutine_threadsafe(act(), self._loop).result(CALL_TIMEOUT_S)

    async def _up(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _down(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut_all()

    async def _cut_all(self) -> None:
        tasks = [connection.task for connection in self._connections if connection.task]
        for connection in list(self._connections):
            _end(connection)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = urlsplit(self.upstream)
        try:
            from_server, to_server = await asyncio.open_connection(upstream.hostname, upstream.port)
        except OSError:
            writer.close()
            return
        connection = _Connection(writer, to_server, task=asyncio.current_task())
        self._connections.add(connection)
        answers = asyncio.create_task(_pump(from_server, connection))
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._request(reader, connection):
                    pass
        finally:
            self._connections.discard(connection)
            _end(connection)
            answers.cancel()

    async def _request(self, reader: asyncio.StreamReader, connection: _Connection) -> bool:
        """Passes one request on, or does to it what a fault says; False when the connection is at its end."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        sent = await reader.readexactly(int(length[1])) if length else b""
        line = head.split(b"\r\n", 1)[0].decode()
        self.requests.append(line)
        fault = next((fault for fault in list(self.faults) if fault.strikes(line)), None)
        if isinstance(fault, CutBefore):
            return False
        if isinstance(fault, Silence):
            return True
        if isinstance(fault, Answer):
            body = fault.body.encode()
            answer = f"HTTP/1.1 {fault.status} Trouble\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            connection.client.write(answer + body)
            await connection.client.drain()
            return True
        if isinstance(fault, Delay):
            await asyncio.sleep(fault.seconds)
        if isinstance(fault, Hold):
            await asyncio.to_thread(fault.released.wait, CALL_TIMEOUT_S)
        connection.cut_answer = isinstance(fault, CutAnswer)
        connection.server.write(head + sent)
        await connection.server.drain()
        return True


async def _pump(reader: asyncio.StreamReader, connection: _Connection) -> None:
    """Passes the server's answers on, until it ends or an answer is to be cut."""
    with suppress(ConnectionError):
        while data := await reader.read(CHUNK_BYTES):
            if connection.cut_answer:
                break
            connection.client.write(data)
            await connection.client.drain()
    _end(connection)


def _end(connection: _Connection) -> None:
    for writer in (connection.client, connection.server):
        if writer.transport is not None:
            writer.transport.abort()
