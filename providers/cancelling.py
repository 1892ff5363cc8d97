"""Waiting that ends with the command."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class CommandCancelled(Exception):
    """The user wants the command to end."""


async def unless_cancelled(work: Awaitable[T], cancelled: asyncio.Event, within_s: float | None = None) -> T:
    """What `work` comes to; it is cancelled where that is not known in time.

    `within_s`: how long that may take (seconds); default: any time. Raises CommandCancelled, TimeoutError.
    """
    task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(cancelled.wait())
    try:
        await asyncio.wait({task, stopped}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        if cancelled.is_set():
            raise CommandCancelled
        raise TimeoutError
    finally:
        task.cancel()
        stopped.cancel()
