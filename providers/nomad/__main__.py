"""Starts the plugin; the Pulumi engine does this through the executable beside this file."""

from providers.http_api import ApiError, HttpApi
from providers.nomad import config
from providers.nomad.acl_policy import AclPolicyResource
from providers.nomad.acl_role import AclRoleResource
from providers.nomad.acl_token import AclTokenResource
from providers.nomad.client import NomadClient
from providers.nomad.events import EventHub
from providers.nomad.expected import Expected
from providers.nomad.job import TOKEN, JobResource
from providers.nomad.lookups import functions
from providers.nomad.namespace import NamespaceResource
from providers.nomad.node_pool import NodePoolResource
from providers.nomad.record import Record
from providers.nomad.variable import VariableResource
from providers.plugin import CheckFailure, Plugin, run
from providers.properties import Properties

RECORDS: tuple[type[Record], ...] = (
    AclPolicyResource,
    AclRoleResource,
    AclTokenResource,
    NamespaceResource,
    NodePoolResource,
    VariableResource,
)
"""The served types beside Job."""


class NomadPlugin(Plugin):
    """pulumi-resource-nomad."""

    name = "nomad"
    version = "2.6.1"

    _client: NomadClient | None = None
    _hub: EventHub | None = None
    _consul: HttpApi | None = None

    async def check_config(self, settings: Properties) -> list[CheckFailure]:
        return config.check(settings)

    async def configure(self, settings: Properties) -> None:
        loaded = config.load(settings)
        if loaded is None:
            return
        self._client = NomadClient(loaded)
        self._hub = EventHub(self._client)
        if loaded.consul:
            self._consul = loaded.consul.api()
        await self._client.reachable()
        if self._consul is not None:
            try:
                await self._consul.reachable("/v1/status/leader")
            except ApiError as error:
                # Consul is there; what it refuses is told where it is needed.
                if error.status >= 500:
                    raise
        expected = Expected()
        self.resources[TOKEN] = JobResource(
            self.engine, self._client, self._hub, self._consul, self.cancelled, expected
        )
        for record in RECORDS:
            self.resources[record.token] = record(self.engine, self._client, expected)
        self.functions.update(functions(self._client))

    async def close(self) -> None:
        for part in (self._hub, self._client, self._consul):
            if part is not None:
                await part.close()


if __name__ == "__main__":
    run(NomadPlugin)
