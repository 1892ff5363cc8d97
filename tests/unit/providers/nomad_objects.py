"""A Nomad on loopback that keeps objects by path, and a record-like resource that speaks to it."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar, cast

from aiohttp import web

from providers.http_api import Tls
from providers.nomad.client import Json, NomadClient
from providers.nomad.config import NomadConfig
from providers.nomad.record import NomadRecord
from providers.plugin import Engine
from providers.properties import Properties
from tests.unit.providers.loopback import Loopback, serving

R = TypeVar("R", bound=NomadRecord)


class Log:
    """The engine's log, kept."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    async def info(self, urn: str, message: str) -> None:
        self.lines.append(("info", message))

    async def warning(self, urn: str, message: str) -> None:
        self.lines.append(("warning", message))

    def text(self) -> str:
        return "\n".join(message for _, message in self.lines)


class Objects:
    """What the server has: objects by path. `refuse` gives an answer instead, where it gives one."""

    def __init__(self) -> None:
        self.objects: dict[str, Json] = {}
        self.refuse: Callable[[web.Request, Json], web.Response | None] = lambda request, body: None
        self.index = 10

    async def handle(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read() or b"{}")
        refused = self.refuse(request, body)
        if refused is not None:
            return refused
        path = request.path
        if request.method == "DELETE":
            self.objects.pop(path, None)
            return web.Response()
        if request.method == "GET":
            found = self.objects.get(path)
            return web.Response(status=404, text="not found") if found is None else web.json_response(found)
        return web.json_response(self.put(path, body))

    def put(self, path: str, body: Json) -> Json:
        """Writes an object as somebody else would."""
        self.index += 1
        self.objects[path] = {**body, "ModifyIndex": self.index}
        return self.objects[path]


class Case(Generic[R]):
    """A resource, its Nomad, what that was asked, and the log."""

    def __init__(self, make: type[R], nomad: Objects, asked: Loopback) -> None:
        self.log = Log()
        self.nomad = nomad
        self.asked = asked
        self.client = NomadClient(NomadConfig(asked.url, None, None, Tls(), {}, None))
        self.resource = make(cast(Engine, self.log), self.client)
        self.urn = f"urn:pulumi:dev::caravan::{make.token}::mine"

    def changes(self) -> list[str]:
        """The requests that change something."""
        return [target for target in self.asked.targets() if not target.startswith("GET")]

    async def reasons(self, values: dict[str, Any], secrets: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
        failures = await self.resource.check(self.urn, Properties(), Properties(values, secrets))
        return [(failure.property, failure.reason) for failure in failures]

    async def create(self, values: dict[str, Any], *, preview: bool = False) -> tuple[str, Properties]:
        return await self.resource.create(self.urn, Properties(values), 0, preview)

    async def diff(self, id: str, old: dict[str, Any], new: dict[str, Any]) -> tuple[list[str], list[str]]:
        diff = await self.resource.diff(self.urn, id, Properties(old), Properties(old), Properties(new))
        return diff.changed, diff.replaces

    async def update(
        self,
        id: str,
        old: dict[str, Any],
        new: dict[str, Any],
        *,
        outputs: Properties | None = None,
        preview: bool = False,
    ) -> Properties:
        """`outputs`: those in the state. Default: they are like the old inputs."""
        recorded = Properties(old)
        return await self.resource.update(self.urn, id, recorded, outputs or recorded, Properties(new), 0, preview)

    async def read(self, id: str, inputs: dict[str, Any]) -> tuple[str, Properties, Properties]:
        return await self.resource.read(self.urn, id, Properties(inputs), Properties(inputs))

    async def delete(self, id: str, inputs: dict[str, Any]) -> None:
        await self.resource.delete(self.urn, id, Properties(inputs), Properties(inputs), 0)


@asynccontextmanager
async def case(make: type[R]) -> AsyncIterator[Case[R]]:
    """A new case with an empty Nomad."""
    nomad = Objects()
    async with serving(nomad.handle) as asked:
        made = Case(make, nomad, asked)
        try:
            yield made
        finally:
            await made.client.close()
