"""The plugins of this checkout, each command's own, spoken to over their gRPC protocol as the Pulumi engine does."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Self, TypeVar

import grpc
from google.protobuf import empty_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]

from providers.consul.__main__ import ConsulPlugin
from providers.engine import MAX_MESSAGE_BYTES
from providers.nomad.__main__ import NomadPlugin
from providers.plugin import Engine, Plugin
from providers.protocol import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

PLUGINS: dict[str, type[Plugin]] = {"nomad": NomadPlugin, "consul": ConsulPlugin}
LIMITS = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES), ("grpc.max_send_message_length", MAX_MESSAGE_BYTES)]
ANSWER_S = 300.0
"""The longest that a call may take: a rollout, on a busy machine."""

T = TypeVar("T")


class Messages(engine_pb2_grpc.EngineServicer):
    """What the plugins log, without their progress. `lines` are pairs of a URN ("" for none) and a text."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.progress: list[tuple[str, str]] = []
        self.errors = 0

    async def Log(self, request: Any, context: Any) -> Any:  # noqa: N802
        if request.ephemeral:
            self.progress.append((request.urn, request.message))
        else:
            self.lines.append((request.urn, request.message))
            self.errors += request.severity == engine_pb2.ERROR
        return empty_pb2.Empty()


class Failed(Exception):
    """A call failed. `reasons` are its sentences; `left` is what the resource is then, where it exists all the same."""

    def __init__(self, reasons: list[str], left: Any = None) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons
        self.left = left


class Plugins:
    """A command's plugins. They end with the block, which is when some of them have their last word."""

    def __init__(self) -> None:
        self.messages = Messages()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._started: list[tuple[Plugin, Any, Any]] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._thread.start()
        self._engine_server, port = self._await(_served(self.messages, engine_pb2_grpc.add_EngineServicer_to_server))
        self._engine = f"127.0.0.1:{port}"
        return self

    def __exit__(self, *error: object) -> None:
        try:
            for plugin, server, channel in self._started:
                self._await(_ended(plugin, server, channel))
            self._await(self._engine_server.stop(None))
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=60)
            self._loop.close()

    def start(self, package: str, config: Any) -> "Provider":
        """Starts and configures a plugin. Raises Failed."""
        with self._lock:
            plugin, server, channel = self._await(self._start(package))
            self._started.append((plugin, server, channel))
        provider = Provider(self, plugin, channel)
        checked = provider.call("CheckConfig", provider_pb2.CheckRequest(news=config))
        if checked.failures:
            raise Failed([failure.reason for failure in checked.failures])
        provider.call("Configure", provider_pb2.ConfigureRequest(args=config, acceptSecrets=True))
        return provider

    async def _start(self, package: str) -> tuple[Plugin, Any, Any]:
        plugin = PLUGINS[package](Engine(self._engine))
        server, port = await _served(plugin, provider_pb2_grpc.add_ResourceProviderServicer_to_server)
        return plugin, server, grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=LIMITS)

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        done: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(ANSWER_S)


class Provider:
    """A configured plugin."""

    def __init__(self, plugins: Plugins, plugin: Plugin, channel: Any) -> None:
        self._plugins = plugins
        self.plugin = plugin
        self._stub = provider_pb2_grpc.ResourceProviderStub(channel)

    def call(self, method: str, request: Any) -> Any:
        """The answer. Raises Failed."""
        return self._plugins._await(self._call(method, request))

    async def _call(self, method: str, request: Any) -> Any:
        try:
            return await getattr(self._stub, method)(request)
        except grpc.aio.AioRpcError as error:
            left = _left(error)
            raise Failed(list(left.reasons) if left else [str(error.details())], left) from None


async def _served(servicer: Any, add: Any) -> tuple[Any, int]:
    server = grpc.aio.server(options=LIMITS)
    add(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


async def _ended(plugin: Plugin, server: Any, channel: Any) -> None:
    plugin.stop_waiting()
    await channel.close(None)
    await server.stop(None)
    await plugin.close()
    await plugin.engine._channel.close(None)


def _left(error: grpc.aio.AioRpcError) -> Any:
    """Pulumi's ErrorResourceInitFailed, where a failure is one."""
    metadata: Any = error.trailing_metadata() or ()
    packed = dict(metadata).get("grpc-status-details-bin")
    left = provider_pb2.ErrorResourceInitFailed()
    if packed is not None:
        for detail in status_pb2.Status.FromString(packed).details:
            if detail.Unpack(left):
                return left
    return None
