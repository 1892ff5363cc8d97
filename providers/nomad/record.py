"""What the resources that are one object of Nomad each have in common: all served types but jobs."""

import asyncio

from providers.http_api import ApiError
from providers.nomad.client import NomadClient
from providers.nomad.expected import Expected
from providers.plugin import CheckFailure, Engine
from providers.properties import Properties
from providers.record import Record

MAX_DESCRIPTION_CHARS = 256
"""Source: Nomad's limit for the description of a namespace, node pool, ACL policy and ACL role."""

ENDING_FOR_S = 60.0
"""How long jobs that were stopped a moment ago may take to end before what they use is deleted."""

PAUSE_S = 1.0


class NomadRecord(Record[NomadClient]):
    """An object of Nomad as a Pulumi resource."""

    server = "Nomad"

    def __init__(self, engine: Engine, client: NomadClient, expected: Expected | None = None) -> None:
        super().__init__(engine, client)
        self._expected = expected or Expected()

    async def foresee(self, id: str, inputs: Properties) -> None:
        """Notes the object for the jobs that use it."""
        self._expected.add(self.noun, inputs.get(self.key))

    async def remove_when_free(self, path: str, busy: tuple[str, ...]) -> None:
        """Deletes what is at `path`, and waits for what still uses it while Nomad refuses with one of `busy`."""
        deadline = asyncio.get_running_loop().time() + ENDING_FOR_S
        while True:
            try:
                await self._client.api.change("DELETE", path, query=self._client.query())
            except ApiError as error:
                if "not found" in error.answer:
                    return
                waits = any(text in error.answer for text in busy)
                if not waits or asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(PAUSE_S)
            else:
                return

    async def only_enterprise(self, given: list[str]) -> list[CheckFailure]:
        """Refuses inputs that only Nomad Enterprise takes; its other edition would say so as late as at the update."""
        version = await self._client.edition() if given else ""
        if not version or "ent" in version:
            return []
        return [
            CheckFailure(name, f"{self.noun}: {name} needs Nomad Enterprise; the server is {version}. Take it out.")
            for name in given
        ]
