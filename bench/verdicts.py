"""When Nomad says that a deployment has succeeded, as its own event stream tells it, and when `pulumi up` prints it."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Iterable
from types import TracebackType

import aiohttp

_CREATED = re.compile(r"nomad:index:Job (?P<name>\S+) created \(")


class Listener:
    """Notes when Nomad's event of each job's successful deployment arrives, while it is open."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._listening = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.succeeded: dict[str, float] = {}
        """Seconds of `time.perf_counter` by job."""

    def __enter__(self) -> "Listener":
        self._thread.start()
        if not self._listening.wait(30):
            raise TimeoutError(f"Nomad at {self._address} does not answer with its event stream")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._follow())

    async def _follow(self) -> None:
        self._task = asyncio.ensure_future(self._read())
        await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        timeout = aiohttp.ClientTimeout(total=None)
        stream = f"{self._address}/v1/event/stream?topic=Deployment&namespace=*"
        async with aiohttp.ClientSession(timeout=timeout, read_bufsize=2**24) as session, session.get(stream) as answer:
            self._listening.set()
            async for line in answer.content:
                self.note(json.loads(line), time.perf_counter())

    def note(self, batch: dict[str, object], now_s: float) -> None:
        """Takes the first success of each job from a batch of events."""
        events = batch.get("Events")
        for event in events if isinstance(events, list) else []:
            deployment = event["Payload"]["Deployment"]
            if deployment["Status"] == "successful":
                self.succeeded.setdefault(deployment["JobID"], now_s)


def printed(lines: Iterable[tuple[float, str]]) -> dict[str, float]:
    """When the CLI said of each job that it is created; the resource has the job's name."""
    found = ((_CREATED.search(text), at_s) for at_s, text in lines)
    return {match["name"]: at_s for match, at_s in found if match}


def latencies(said: dict[str, float], shown: dict[str, float]) -> list[float]:
    """Seconds from Nomad's word to ours, for the jobs of which both spoke."""
    return [shown[name] - at_s for name, at_s in said.items() if name in shown]
