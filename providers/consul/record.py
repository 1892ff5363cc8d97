"""What the resources that are one object of Consul each have in common."""

from abc import abstractmethod
from collections.abc import Sequence

from providers.consul.client import ConsulClient
from providers.consul.rights import Right
from providers.properties import Properties
from providers.record import Record


class ConsulRecord(Record[ConsulClient]):
    """An object of Consul as a Pulumi resource."""

    server = "Consul"

    @abstractmethod
    def rights(self, inputs: Properties) -> Sequence[Right]:
        """What writing the object needs, as far as the inputs are known."""

    async def lacking(self, inputs: Properties) -> str:
        return await self._client.lacking(self.rights(inputs))
