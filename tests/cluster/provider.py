"""The Job resource itself against the cluster's Nomad, without the engine: for more examples than the CLI could run."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any, Self, cast

from providers.http_api import Tls
from providers.nomad.client import NomadClient
from providers.nomad.config import NomadConfig
from providers.nomad.events import EventHub
from providers.nomad.job import TOKEN, JobResource
from providers.nomad.job_context import JobContext
from providers.plugin import Diff, Engine
from providers.properties import Properties
from tests.cluster.api import Api

_LINE = re.compile(r'  ~ (?:(?P<where>group [^:]+): )?(?P<field>.+?) (?P<values>(?:["+-]|\d|line |\[secret\]).*)')


@dataclass(frozen=True)
class Shown:
    """A line of a preview: where, which field (its last name), from what to what; and the field with all its names."""

    where: str
    field: str
    values: str
    whole: str


class Log:
    """Stands in for the engine's log."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def info(self, urn: str, message: str) -> None:
        self.lines.append(message)

    async def warning(self, urn: str, message: str) -> None:
        self.lines.append(message)

    async def status(self, urn: str, message: str) -> None:
        """Progress is not kept."""


class Provider:
    """One job of one stack. `inputs` and `outputs` are what the state would hold."""

    def __init__(self, address: str, name: str) -> None:
        self.urn = f"urn:pulumi:dev::caravan::{TOKEN}::{name}"
        self.log = Log()
        self.client = NomadClient(NomadConfig(address, None, None, Tls(), {}, None))
        log = cast(Engine, self.log)
        hub = EventHub(self.client)
        context = JobContext(log, self.client, hub, None, asyncio.Event(), may_wait=lambda _: True)
        self.resource = JobResource(context)
        self.id = ""
        self.inputs = self.outputs = Properties()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        if self.id:
            await asyncio.to_thread(Api(self.client.address).purge, self.id)
        await self.client.close()

    @staticmethod
    def given(jobspec: str, **inputs: Any) -> Properties:
        return Properties({"jobspec": jobspec, "detach": True, **inputs})

    async def create(self, new: Properties) -> None:
        await self._check(new)
        self.id, self.outputs = await self.resource.create(self.urn, new, 0, False)
        self.inputs = new

    async def diff(self, new: Properties) -> Diff:
        await self._check(new)
        return await self.resource.diff(self.urn, self.id, self.inputs, self.outputs, new)

    async def update(self, new: Properties) -> None:
        self.outputs = await self.resource.update(self.urn, self.id, self.inputs, self.outputs, new, 0, False)
        self.inputs = new

    async def preview(self, new: Properties) -> list[Shown]:
        """The fields that a preview of an update shows."""
        before = len(self.log.lines)
        await self.resource.update(self.urn, self.id, self.inputs, self.outputs, new, 0, True)
        told = "\n".join(self.log.lines[before:]).splitlines()
        found = [_LINE.fullmatch(line) for line in told if line.startswith("  ~ ")]
        assert all(found), told
        return [
            Shown(line["where"] or "", line["field"].rsplit(".", 1)[-1], line["values"], line["field"])
            for line in found
            if line
        ]

    async def _check(self, new: Properties) -> None:
        failures = await self.resource.check(self.urn, Properties(), new)
        assert not failures, (failures, new.values["jobspec"])
