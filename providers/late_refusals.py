"""Refusals of a preview, kept back until every resource has been looked at, so that one preview reports them all.

Pulumi's engine ends a preview at the first call that fails. So a refused resource passes its check and its diff, and
the preview of its creation or update returns as soon as another refused one has come, with its error in the log. The
last one fails the preview, when no further call has come for a while; what depends on that one is not asked about.
A program that promises to ask at its end what was refused (`expect`) has all of them reported.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

QUIET_S = 1.0
"""How long no call comes once the program has declared all that does not depend on what was refused."""

LONGEST_S = 60.0
"""How long a refusal is kept back at most."""


class LateRefusals:
    """What of a command's resources is refused, and which of them fails its preview.

    `report` shows the sentence of one that does not.
    """

    def __init__(self, report: Callable[[str, str], Awaitable[None]], cancelled: asyncio.Event) -> None:
        self._report = report
        self._cancelled = cancelled
        self._at_checks: dict[str, str] = {}
        self._released: list[str] = []
        self._relieved = asyncio.Event()
        """Is set when the refusal that is kept back need not be the one to fail the preview any more."""
        self._promised = False
        self._running = 0
        self._calls = 0

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """Around every call of the engine's about a resource."""
        self._running += 1
        self._calls += 1
        try:
            yield
        finally:
            self._running -= 1
            self._calls += 1

    def keep(self, urn: str, sentence: str) -> None:
        """A check or diff refuses a resource: that is said when it is to be created or updated."""
        self._at_checks[urn] = sentence

    def kept(self, urn: str) -> str:
        """Why a check or diff has refused the resource; "" where none has."""
        return self._at_checks.get(urn, "")

    def expect(self) -> None:
        """The program asks at its end what was refused, and fails then."""
        self._promised = True
        self._relieved.set()

    def refused(self) -> list[str]:
        """The resources whose preview has not failed although they are refused, by URN."""
        return list(self._released)

    async def fails(self, urn: str, sentence: str) -> bool:
        """Whether a refusal is the one to fail the preview with; otherwise it has been shown.

        Called within `call`, and returns when that is known.
        """
        self._relieved.set()
        relieved = self._relieved = asyncio.Event()
        self._running -= 1
        try:
            last = not self._promised and await self._quiet(relieved)
        finally:
            self._running += 1
        if not last:
            self._released.append(urn)
            await self._report(urn, sentence)
        return last

    async def _quiet(self, relieved: asyncio.Event) -> bool:
        """Waits until nothing is asked any more (True), or until another refusal has come (False)."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_S
        while loop.time() < until and not self._cancelled.is_set():
            before = self._calls
            try:
                async with asyncio.timeout(QUIET_S):
                    await relieved.wait()
                return False
            except TimeoutError:
                if self._calls == before and not self._running:
                    return True
        return True
