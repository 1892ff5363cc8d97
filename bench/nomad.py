"""Nomad's HTTP API at its best: as many requests at once as asked for, on connections that stay open.

Independent of the provider's client, which it is compared with.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import aiohttp

from bench.jobs import Job

AT_ONCE = 16


class Nomad:
    """Nomad by its URL."""

    def __init__(self, address: str) -> None:
        self.address = address

    def each(self, calls: Iterable[tuple[str, str, Any]], at_once: int = AT_ONCE) -> list[Any]:
        """Answers of (method, path, body), `at_once` requests under way. Raises aiohttp.ClientError."""
        return asyncio.run(self._each(list(calls), at_once))

    def get(self, path: str) -> Any:
        return self.each([("GET", path, None)])[0]

    def register(self, jobs: Iterable[Job], at_once: int = AT_ONCE) -> None:
        self.each((("POST", "/v1/jobs", {"Job": job}) for job in jobs), at_once)

    def plan(self, jobs: Iterable[Job], at_once: int = AT_ONCE) -> None:
        """The scheduler's dry run of each job, with its diff."""
        self.each((("POST", f"/v1/job/{job['ID']}/plan", {"Job": job, "Diff": True}) for job in jobs), at_once)

    def purge(self, prefix: str) -> None:
        """Stops and forgets the jobs whose names begin so."""
        found = self.get(f"/v1/jobs?prefix={prefix}") or []
        self.each((("DELETE", f"/v1/job/{job['ID']}?purge=true", None) for job in found), 8)

    async def _each(self, calls: list[tuple[str, str, Any]], at_once: int) -> list[Any]:
        answers: list[Any] = [None] * len(calls)
        waiting = iter(enumerate(calls))
        connector = aiohttp.TCPConnector(limit=at_once)
        plain = {"Accept-Encoding": "identity"}
        async with aiohttp.ClientSession(connector=connector, headers=plain, raise_for_status=True) as session:

            async def work() -> None:
                for number, (method, path, body) in waiting:
                    async with session.request(method, self.address + path, json=body) as response:
                        answers[number] = await response.json()

            await asyncio.gather(*(work() for _ in range(at_once)))
        return answers
