"""What the tests of the relay to an official plugin share."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from providers.properties import SECRET_SIGNATURE, SIGNATURE_KEY
from providers.protocol import provider_pb2
from tests.unit.providers.official_stub import calls
from tests.unit.providers.test_plugin import OTHER, Sample, served, struct

LOOK_UP = "sample:index/get:get"
PACKAGE = ("sample", "1.2.3")
INSTALL = "pulumi plugin install resource sample v1.2.3"


class Own(Sample):
    """The sample plugin, which has an input of its own and knows what to do without the official plugin."""

    instead = {LOOK_UP: "use getOther."}  # noqa: RUF012 - as the plugins have it
    own_settings = frozenset({"ours"})


@asynccontextmanager
async def relaying(**settings: Any) -> AsyncIterator[tuple[Any, Any, Any]]:
    """A stub of the configured plugin, the plugin, and the engine's log."""
    async with served(Own) as (stub, plugin, log):
        await stub.Configure(provider_pb2.ConfigureRequest(args=struct(**settings), acceptSecrets=True))
        yield stub, plugin, log


async def until(is_so: Callable[[], Any]) -> None:
    """Waits for a condition; the test's own deadline ends it."""
    while not is_so():  # noqa: ASYNC110 - it is in files
        await asyncio.sleep(0.02)


def secret(value: str) -> dict[str, str]:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, "value": value}


def creation(**inputs: Any) -> Any:
    return provider_pb2.CreateRequest(urn=OTHER, name="web", properties=struct(**inputs), timeout=30)


def last(folder: Path, name: str) -> Any:
    return [message for called, message in calls(folder) if called == name][-1]


def names(folder: Path) -> list[str]:
    return [name for name, _ in calls(folder)]
