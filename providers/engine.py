"""The Pulumi engine as its plugins see it: the log, where what a user should read is shown."""

from collections.abc import Sequence
from typing import Any

import grpc

from providers.protocol import engine_pb2, engine_pb2_grpc

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit for one gRPC message (Pulumi `rpcutil.GrpcChannelOptions`)."""


class Engine:
    """The engine's log, where what a user should read is shown under the resource that it is about."""

    def __init__(self, address: str, arguments: Sequence[str] = ()) -> None:
        self.arguments = tuple(arguments) or (address,)
        """What the engine has started this plugin with, its address among it."""
        self._channel = grpc.aio.insecure_channel(
            address, options=[("grpc.max_send_message_length", MAX_MESSAGE_BYTES)]
        )
        self._stub = engine_pb2_grpc.EngineStub(self._channel)

    async def info(self, urn: str, message: str) -> None:
        """Shows `message` under the resource, and keeps it in the summary."""
        await self._log(engine_pb2.INFO, urn, message)

    async def warning(self, urn: str, message: str) -> None:
        """Shows `message` as a warning under the resource."""
        await self._log(engine_pb2.WARNING, urn, message)

    async def error(self, urn: str, message: str) -> None:
        """Shows `message` as an error under the resource. That alone does not fail the command."""
        await self._log(engine_pb2.ERROR, urn, message)

    async def status(self, urn: str, message: str) -> None:
        """Shows `message` in the resource's line until the next one replaces it."""
        await self._log(engine_pb2.INFO, urn, message, ephemeral=True)

    async def _log(self, severity: Any, urn: str, message: str, ephemeral: bool = False) -> None:
        request = engine_pb2.LogRequest(severity=severity, urn=urn, message=message, ephemeral=ephemeral)
        try:
            await self._stub.Log(request)  # type: ignore[misc]
        except grpc.aio.AioRpcError:
            # The engine is gone: nobody is left to read it, and the work must still end in an orderly way.
            return
