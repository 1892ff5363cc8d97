"""Starts the plugin; the Pulumi engine does this through the executable beside this file."""

from providers.consul import config
from providers.consul.health import TOKEN, ServiceHealth
from providers.http_api import HttpApi
from providers.plugin import CheckFailure, Plugin, run
from providers.properties import Properties


class ConsulPlugin(Plugin):
    """pulumi-resource-consul."""

    name = "consul"
    version = "3.15.2"

    _api: HttpApi | None = None

    async def check_config(self, settings: Properties) -> list[CheckFailure]:
        return config.check(settings)

    async def configure(self, settings: Properties) -> None:
        loaded = config.load(settings)
        if loaded is None:
            return
        self._api = loaded.api()
        await self._api.reachable("/v1/status/leader")
        self.functions[TOKEN] = ServiceHealth(self._api, loaded)

    async def close(self) -> None:
        if self._api is not None:
            await self._api.close()


if __name__ == "__main__":
    run(ConsulPlugin)
