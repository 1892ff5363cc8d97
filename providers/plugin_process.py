"""Another plugin as a process of this one's: started, spoken to and ended as the Pulumi engine does."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2

from providers.cancelling import CommandCancelled, unless_cancelled
from providers.engine import MAX_MESSAGE_BYTES
from providers.protocol import provider_pb2_grpc
from providers.resource import ProviderError

START_S = 60.0
"""How long a plugin may take to print its port."""

END_S = 2.0
"""How long a plugin that is told to end may take. The engine gives this process 5 s in all (Pulumi `plugin.Close`)."""

CANCEL_S = 2.0
"""How long a plugin may take to answer that it has been cancelled."""

DYING_S = 2.0
"""How long after a lost connection a process is given to be gone."""

LOOK_S = 0.02
"""How often is looked whether a process has ended."""

DRAIN_S = 0.5
"""How long the last output of a process that has ended is waited for."""

LAST_LINES = 10
"""How many lines that a plugin printed before its end are shown."""

_OPTIONS = [
    ("grpc.enable_http_proxy", 0),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
]


class PluginProcess:
    """A plugin that runs. `stub` makes its calls."""

    def __init__(self, program: Path, process: asyncio.subprocess.Process, port: int, said: "_Said") -> None:
        self.program = program
        self._process = process
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=_OPTIONS)
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self._said = said
        self._shown = asyncio.ensure_future(_show(process.stdout, 1, deque(maxlen=0)))

    @staticmethod
    async def start(
        program: Path, arguments: Sequence[str], environment: Mapping[str, str], cancelled: asyncio.Event
    ) -> "PluginProcess":
        """Starts it; its first line is its port. What it prints then is printed here. Raises ProviderError.

        Source: Pulumi `plugin.newPlugin`.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                program,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
            )
        except OSError as error:
            raise ProviderError(f"{program} cannot be started: {error.strerror or error}.") from error
        said = _Said(process)
        port = None
        try:
            port = await _port(program, process, cancelled, said)
            return PluginProcess(program, process, port, said)
        finally:
            if port is None:
                await _kill(process)
                await _closed(process, said.reading)

    async def death(self, *, within_s: float = 0.0) -> str:
        """How it has ended ("exit code 1", "killed by SIGKILL"); "" where it runs, and goes on doing so."""
        if within_s:
            await _ended(self._process, within_s)
        if self._process.returncode is not None:
            await self._said.whole()
        return _death(self._process.returncode)

    def last_words(self) -> str:
        """The last lines of its stderr, for the end of a message; "" where it said nothing there."""
        return str(self._said)

    async def cancel(self) -> None:
        """Tells it that the user wants the command to end. One that does not know that call goes on."""
        with contextlib.suppress(grpc.aio.AioRpcError):
            await self.stub.Cancel(empty_pb2.Empty(), timeout=CANCEL_S)

    async def end(self) -> None:
        """Ends it: in an orderly way, or by force."""
        await self._channel.close(None)
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)
            await _ended(self._process, END_S)
        await _kill(self._process)
        await _closed(self._process, self._said.reading, self._shown)


class _Said:
    """What a process says on its stderr: handed on to this process's, the last lines kept."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._lines: deque[str] = deque(maxlen=LAST_LINES)
        self.reading = asyncio.ensure_future(_show(process.stderr, 2, self._lines))

    async def whole(self) -> None:
        """Waits until all is read of a process that has ended. What it has started may hold its stderr open."""
        await asyncio.wait({self.reading}, timeout=DRAIN_S)

    def __str__(self) -> str:
        return "".join(("\nIts last lines:", *(f"\n  {line}" for line in self._lines))) if self._lines else ""


async def _first_line(process: asyncio.subprocess.Process) -> bytes:
    """Its first line; empty where it ends without one. What it has started may hold its output open even then."""
    assert process.stdout is not None
    line, ended = asyncio.ensure_future(process.stdout.readline()), asyncio.ensure_future(_ended(process, START_S))
    try:
        await asyncio.wait({line, ended}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({line}, timeout=DRAIN_S)
        return line.result() if line.done() else b""
    finally:
        line.cancel()
        ended.cancel()


async def _port(program: Path, process: asyncio.subprocess.Process, cancelled: asyncio.Event, said: _Said) -> int:
    try:
        line = await unless_cancelled(_first_line(process), cancelled, START_S)
    except CommandCancelled:
        raise ProviderError(f"{program} has not printed its port: the command was cancelled.") from None
    except TimeoutError:
        raise ProviderError(f"{program} has not printed its port: it was given {START_S:.0f} s.") from None
    except ValueError:
        line = b"(a line without an end)"
    first = line.decode(errors="replace").strip()
    if first.isascii() and first.isdigit() and 0 < int(first) < 65536:
        return int(first)
    if not line:
        await _ended(process, DYING_S)
        if death := _death(process.returncode):
            await said.whole()
            raise ProviderError(f"{program} has ended without a port ({death}).{said}")
    shown = repr(first[:200]) if first else "nothing"
    raise ProviderError(f"{program} does not start as a plugin: its first line must be its port, and is {shown}.")


def _death(code: int | None) -> str:
    if code is None:
        return ""
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"


async def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await _ended(process, DYING_S)


async def _ended(process: asyncio.subprocess.Process, within_s: float) -> None:
    # Not by its `wait`: that also waits for its streams, which what it has started may hold open.
    until = asyncio.get_running_loop().time() + within_s
    while process.returncode is None and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110
        await asyncio.sleep(LOOK_S)


async def _closed(process: asyncio.subprocess.Process, *reading: asyncio.Future[None]) -> None:
    """Frees what belongs to a process that has ended, when all that it has printed is read."""
    await asyncio.wait(reading, timeout=DRAIN_S)
    for task in reading:
        task.cancel()
    # Nothing public closes streams that what it has started holds open.
    process._transport.close()  # type: ignore[attr-defined]


async def _show(stream: asyncio.StreamReader | None, to: int, last: deque[str]) -> None:
    """Hands on what a process prints to a file descriptor: the engine reads it there. `last` gets its lines."""
    assert stream is not None
    rest = ""
    while chunk := await stream.read(65536):
        with contextlib.suppress(OSError):
            os.write(to, chunk)
        *lines, rest = (rest + chunk.decode(errors="replace")).split("\n")
        last.extend(lines)
    if rest:
        last.append(rest)
