"""Serves any type of any package and does nothing: no decoding, no request, inputs come back as outputs.

Kept apart from providers/plugin.py, for it measures that too.
"""

import asyncio
import os
import sys
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2

from providers.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc

MAX_MESSAGE_BYTES = 400 * 1024 * 1024


class Floor(provider_pb2_grpc.ResourceProviderServicer):
    """Answers at once."""

    async def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    async def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="2.6.1")

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_UNKNOWN)

    async def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Invoke(self, request: Any, context: Any) -> Any:
        result = struct_pb2.Struct()
        result["results"] = []
        return provider_pb2.InvokeResponse(**{"return": result})  # type: ignore[arg-type]

    async def Check(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    async def Diff(self, request: Any, context: Any) -> Any:
        kinds = provider_pb2.DiffResponse
        same = request.old_inputs == request.news
        return provider_pb2.DiffResponse(changes=kinds.DIFF_NONE if same else kinds.DIFF_SOME)

    async def Create(self, request: Any, context: Any) -> Any:
        return provider_pb2.CreateResponse(id="" if request.preview else "floor", properties=request.properties)

    async def Update(self, request: Any, context: Any) -> Any:
        return provider_pb2.UpdateResponse(properties=request.news)

    async def Delete(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    async def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


async def _serve() -> None:
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Floor(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    gone = asyncio.Event()
    asyncio.get_running_loop().add_reader(os.pidfd_open(os.getppid()), gone.set)
    print(port, flush=True)
    await gone.wait()
    await server.stop(None)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("This program is a Pulumi resource plugin; the Pulumi engine starts it.")
    asyncio.run(_serve())
