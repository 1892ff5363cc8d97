"""Starts the plugin; the Pulumi engine does this through the executable beside this file."""

import asyncio
import contextlib
from typing import ClassVar

from providers.http_api import ApiError, HttpApi
from providers.nomad import config, offline
from providers.nomad.acl_policy import AclPolicyResource
from providers.nomad.acl_role import AclRoleResource
from providers.nomad.acl_token import AclTokenResource
from providers.nomad.client import NomadClient
from providers.nomad.config import NomadConfig
from providers.nomad.demand import Demand
from providers.nomad.events import EventHub
from providers.nomad.expected import Expected
from providers.nomad.job import TOKEN, JobResource
from providers.nomad.job_context import JobContext
from providers.nomad.lookups import TOKENS, functions
from providers.nomad.namespace import NamespaceResource
from providers.nomad.node_pool import NodePoolResource
from providers.nomad.own_consul import consul_of
from providers.nomad.places import unknown_region
from providers.nomad.record import NomadRecord
from providers.nomad.sentences import orphan_text
from providers.nomad.spec import OWNER_KEY
from providers.nomad.variable import VariableResource
from providers.plugin import CheckFailure, Engine, Plugin, ProviderError
from providers.properties import Properties
from providers.server import run
from providers.written import Written

RECORDS: tuple[type[NomadRecord], ...] = (
    AclPolicyResource,
    AclRoleResource,
    AclTokenResource,
    NamespaceResource,
    NodePoolResource,
    VariableResource,
)
"""The served types beside Job."""


ORPHAN_LOOK_S = 1.0
"""How long the look at what a killed command has left may take at a command's end. The next one looks again."""

CAPACITY_LOOK_S = 3.0
"""How long the look at all nodes and allocations may take at the end of a preview."""


class NomadPlugin(Plugin):
    """pulumi-resource-nomad."""

    name = "nomad"
    version = "2.6.1"
    sdk = "pulumi_nomad"
    serves: ClassVar = {
        TOKEN: frozenset(),
        **{record.token: record.secrets for record in RECORDS},
        **dict.fromkeys(TOKENS, frozenset()),
    }
    own_settings = config.OWN_INPUTS

    _client: NomadClient | None = None
    _hub: EventHub | None = None
    _consul: HttpApi | None = None

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._demand = Demand()
        self._written = Written.beside_state(self.name)

    async def check_config(self, settings: Properties) -> list[CheckFailure]:
        return config.check(settings)

    async def configure(self, settings: Properties) -> None:
        loaded = config.load(settings)
        if loaded is None:
            return
        if offline.is_asked():
            await self._serve_offline(loaded)
            return
        self._client = NomadClient(loaded)
        self._hub = EventHub(self._client)
        await self._client.reachable()
        self._consul, not_asked = await consul_of(self._client, loaded)
        for warning in (self._client.api.unverified, self._consul.unverified if self._consul else "", not_asked):
            if warning:
                await self.engine.warning("", warning)
        if (elsewhere := await unknown_region(self._client, loaded.region or "")) is not None:
            raise ProviderError(f"{elsewhere[0].upper()}{elsewhere[1:]}. Correct nomad:region or NOMAD_REGION.")
        if self._consul is not None:
            try:
                await self._consul.reachable("/v1/status/leader")
            except ApiError as error:
                # Consul is there; what it refuses is told where it is needed.
                if error.status >= 500:
                    raise
        expected = Expected()
        context = JobContext(
            self.engine,
            self._client,
            self._hub,
            self._consul,
            self.cancelled,
            expected,
            self._demand,
            may_wait=loaded.may_wait,
            refuses_downtime=loaded.refuses_downtime,
            written=self._written,
            previewed=self.previewed,
        )
        self.resources[TOKEN] = JobResource(context)
        records = [record(self.engine, self._client, expected) for record in RECORDS]
        for made in (*records, VariableResource(self.engine, self._client, expected, context.variables)):
            made.written = self._written
            self.resources[made.token] = made
        self.functions.update(functions(self._client))

    async def _serve_offline(self, loaded: NomadConfig) -> None:
        self.relay.closed_because = offline.NOT_PASSED_ON
        await self.engine.warning("", offline.NOTICE)
        self._client = NomadClient(loaded)
        self.resources[TOKEN] = offline.OfflineJob(self.engine, self._client.namespace)
        for record in RECORDS:
            self.resources[record.token] = offline.OfflineRecord(
                self.engine, record.noun, record.fields, record.computed, record.secrets
            )
        self.functions.update(dict.fromkeys(functions(self._client), offline.refused_lookup))

    def stop_waiting(self) -> None:
        super().stop_waiting()
        if self._client is not None:
            self._client.api.hurry()
        if self._consul is not None:
            self._consul.hurry()

    async def close(self) -> None:
        await super().close()
        if self._client is not None and self._demand:
            await self._warn_of_shortages(self._client)
        if self._client is not None:
            await self._warn_of_orphans(self._client)
        for part in (self._hub, self._client, self._consul):
            if part is not None:
                await part.close()

    async def _warn_of_shortages(self, client: NomadClient) -> None:
        """Only now is it known that no more jobs come: the engine ends its plugins when the preview is through.

        It reads their log until they have ended, and gives them 5 s for that (Pulumi `plugin.Close`).
        """
        with contextlib.suppress(ProviderError, TimeoutError):
            async with asyncio.timeout(CAPACITY_LOOK_S):
                shortages = self._demand.shortages(*await client.capacity())
                for shortage in shortages:
                    await self.engine.warning("", shortage)

    async def _warn_of_orphans(self, client: NomadClient) -> None:
        """Jobs that a killed `up` registered and that the program has lost since: no later command knows of them."""
        with contextlib.suppress(ProviderError, TimeoutError):
            async with asyncio.timeout(ORPHAN_LOOK_S):
                for urn, write in self._written.orphans().items():
                    is_job = urn.split("::")[2].split("$")[-1] == TOKEN
                    job = await client.job(write.namespace, write.id) if is_job else None
                    if job is not None and not job.get("Stop") and (job.get("Meta") or {}).get(OWNER_KEY) == urn:
                        await self.engine.warning("", orphan_text(job))


def main() -> None:
    """Serve until the engine is gone or says stop."""
    run(NomadPlugin)


if __name__ == "__main__":
    main()
