"""What all resource provider plugins here share: the gRPC servicer, the engine's log, errors, the process's end."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn, Protocol, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]

from providers.claims import Claiming, Claims
from providers.late_refusals import LateRefusals
from providers.placeholders import placeholders
from providers.previewed import Previewed
from providers.properties import Properties, decode, encode
from providers.protocol import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit for one gRPC message (Pulumi `rpcutil.GrpcChannelOptions`)."""

STOP_GRACE_S = 5.0
"""How long calls in flight may go on after the engine is gone or has said stop."""


class ProviderError(Exception):
    """A failure that the user reads as it is: full sentences that say what was found and what to do."""

    ends_command: ClassVar[bool] = False
    """Whether no other resource would fare better, so that a preview need not look at any."""


@dataclass
class InitFailed(Exception):
    """The resource exists but did not come up. The engine keeps it in state and tries again at the next `up`.

    Source: Pulumi `ErrorResourceInitFailed`, as pulumi-kubernetes uses it for objects that do not become ready.
    """

    id: str
    outputs: Properties
    inputs: Properties
    reasons: list[str]


@dataclass
class CheckFailure:
    """One thing wrong with the inputs: the property's name and a sentence."""

    property: str
    reason: str


@dataclass
class Diff:
    """What changed between the recorded inputs and the wanted ones.

    `changed`: property names; `replaces`: which of them need a new resource.
    """

    changed: list[str]
    replaces: list[str]


class Engine:
    """The engine's log, where what a user should read is shown under the resource that it is about."""

    def __init__(self, address: str) -> None:
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


class ResourceType(Protocol):
    """One resource type of a plugin. `preview` calls must not change anything.

    With a true `reports_progress` its line is the progress of its change while an update runs, nothing before it.
    """

    async def check(self, urn: str, old: Properties, new: Properties) -> list[CheckFailure]:
        """What it writes into `new.values` becomes an input."""
        ...

    async def diff(self, urn: str, id: str, old_inputs: Properties, outputs: Properties, new: Properties) -> Diff: ...

    async def create(self, urn: str, new: Properties, timeout_s: float, preview: bool) -> tuple[str, Properties]: ...

    async def update(
        self,
        urn: str,
        id: str,
        old_inputs: Properties,
        outputs: Properties,
        new: Properties,
        timeout_s: float,
        preview: bool,
    ) -> Properties: ...

    async def read(
        self, urn: str, id: str, inputs: Properties, outputs: Properties
    ) -> tuple[str, Properties, Properties]: ...

    async def delete(self, urn: str, id: str, inputs: Properties, outputs: Properties, timeout_s: float) -> None: ...


Function = Callable[[Properties], Awaitable[Properties]]
"""A look-up (Pulumi `Invoke`): arguments to result."""

REFUSALS = "index/refusals:refusals"
"""The function of each plugin by which a program asks what its preview has refused."""

T = TypeVar("T")


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one package's types. Subclasses set `name`, `version`, `sdk` and `serves` and implement `configure`.

    A type or look-up that is not served is refused with a sentence; nothing is ignored.
    """

    name: str
    version: str
    sdk: ClassVar[str]
    """The Python package that programs use the types by: "pulumi_nomad"."""
    serves: ClassVar[Mapping[str, frozenset[str]]]
    """The names of the secret properties by the token of each resource and look-up that `configure` sets up."""
    instead: Mapping[str, str] = {}
    """What to do instead of using a type that is not served, by token."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.resources: dict[str, ResourceType] = {}
        self.functions: dict[str, Function] = {}
        self.cancelled = asyncio.Event()
        self.previewed = Previewed.of_command()
        self._claims = Claims()
        self._refusals = LateRefusals(engine.error, self.cancelled)
        self._read: set[str] = set()

    async def configure(self, config: Properties) -> None:
        """Connects to the server and fills `resources` and `functions`. Raises ProviderError."""
        raise NotImplementedError

    async def check_config(self, config: Properties) -> list[CheckFailure]:
        """What is wrong with the provider's own configuration. Default: nothing."""
        return []

    def stop_waiting(self) -> None:
        """The user wants the command to end: what waits stops soon and says where it stands."""
        self.cancelled.set()

    async def close(self) -> None:
        """Frees what `configure` opened."""

    def _resource(self, urn: str) -> ResourceType:
        token = urn.split("::")[2].split("$")[-1]
        try:
            return self.resources[token]
        except KeyError:
            if token in self.instead:
                raise ProviderError(f"{token} is not served here: {self.instead[token]}") from None
            served = ", ".join(sorted(self.resources)) or "no resources"
            raise ProviderError(
                f"The {self.name} plugin of this project does not serve the resource type {token}; it serves {served}. "
                f"To use the official plugin instead, take `{self.name}` out of `plugins.providers` in Pulumi.yaml."
            ) from None

    # What follows are the engine's calls, in the order in which the engine makes them.

    async def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=False)

    async def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self.version)

    async def GetSchema(self, request: Any, context: Any) -> Any:
        # Imported here: the SDK takes longer to load than the whole plugin, and most commands ask for no schema.
        from providers.schema import schema

        return provider_pb2.GetSchemaResponse(schema=schema(self.name, self.version, self.sdk, self.serves))

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        async with _reported(context):
            config = decode(request.news)
            failures = _misused_outputs(config) or await self.check_config(config)
            return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(failures))

    async def DiffConfig(self, request: Any, context: Any) -> Any:
        # A changed address or token is used from now on; it never replaces the resources.
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_UNKNOWN)

    async def Configure(self, request: Any, context: Any) -> Any:
        async with _reported(context):
            await self.configure(decode(request.args))
            return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Invoke(self, request: Any, context: Any) -> Any:
        async with _reported(context):
            arguments = decode(request.args)
            if misused := _misused_outputs(arguments):
                raise ProviderError("\n".join(f"{request.tok}: {failure.reason}" for failure in misused))
            result = await self._function(request.tok)(arguments)
            return provider_pb2.InvokeResponse(**{"return": encode(result)})  # type: ignore[arg-type]

    def _function(self, token: str) -> Function:
        if token == f"{self.name}:{REFUSALS}":
            return self._asked_for_refusals
        if token in self.functions:
            return self.functions[token]
        served = ", ".join(sorted(self.functions)) or "no look-ups"
        raise ProviderError(
            f"The {self.name} plugin of this project does not serve the look-up {token}; it serves {served}."
        )

    async def _asked_for_refusals(self, arguments: Properties) -> Properties:
        """With `atEnd` false the program promises to ask again when it has declared everything."""
        if not arguments.get("atEnd"):
            self._refusals.expect()
        return Properties({"refused": self._refusals.refused()})

    async def Check(self, request: Any, context: Any) -> Any:
        async with self._about_resource(context):
            news = decode(request.news)
            olds, given = decode(request.olds), dict(news.values)
            resource = self._resource(request.urn)
            try:
                failures = _misused_outputs(news) or await resource.check(request.urn, olds, news)
            except ProviderError as error:
                if error.ends_command or request.urn in self._read:
                    raise
                failures = [CheckFailure("", str(error))]
            if not failures and isinstance(resource, Claiming):
                twice = self._claims.add(request.urn, resource.claims(request.urn, olds, news))
                failures = [CheckFailure("", reason) for reason in twice]
            inputs = request.news
            if not failures:
                # Beside failures nothing is noted: the engine would judge that first, and not show what is wrong.
                noted = {name: value for name, value in news.values.items() if given.get(name) is not value}
                inputs.MergeFrom(encode(Properties(noted)))
            elif request.urn not in self._read:
                self._refusals.keep(request.urn, "\n".join(failure.reason for failure in failures))
                failures = []
            return provider_pb2.CheckResponse(inputs=inputs, failures=_failures(failures))

    async def Diff(self, request: Any, context: Any) -> Any:
        async with self._about_resource(context):
            if self._refusals.kept(request.urn):
                return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_SOME)
            resource = self._resource(request.urn)
            try:
                diff = await resource.diff(
                    request.urn, request.id, decode(request.old_inputs), decode(request.olds), decode(request.news)
                )
            except ProviderError as error:
                if error.ends_command or request.urn in self._read:
                    raise
                self._refusals.keep(request.urn, str(error))
                return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_SOME)
            if refusal := self.previewed.widens(request.urn, diff.changed):
                raise ProviderError(refusal)
            progress = getattr(resource, "reports_progress", False)
            shown = [] if progress and self.previewed.only_progress_is_shown(request.urn) else diff.changed
            kinds = provider_pb2.PropertyDiff.Kind
            return provider_pb2.DiffResponse(
                changes=provider_pb2.DiffResponse.DIFF_SOME if diff.changed else provider_pb2.DiffResponse.DIFF_NONE,
                diffs=diff.changed,
                replaces=diff.replaces,
                hasDetailedDiff=True,
                detailedDiff={
                    name: provider_pb2.PropertyDiff(
                        kind=kinds.UPDATE_REPLACE if name in diff.replaces else kinds.UPDATE, inputDiff=True
                    )
                    for name in shown
                },
            )

    async def Create(self, request: Any, context: Any) -> Any:
        async with self._about_resource(context):
            try:
                self._raise_kept(request.urn)
                id_, outputs = await self._resource(request.urn).create(
                    request.urn, decode(request.properties), request.timeout, request.preview
                )
            except ProviderError as error:
                await self._raise_last(request, error)
                return provider_pb2.CreateResponse(properties=request.properties)
            return provider_pb2.CreateResponse(id=id_, properties=encode(outputs))

    async def Update(self, request: Any, context: Any) -> Any:
        async with self._about_resource(context):
            try:
                self._raise_kept(request.urn)
                outputs = await self._resource(request.urn).update(
                    request.urn,
                    request.id,
                    decode(request.old_inputs),
                    decode(request.olds),
                    decode(request.news),
                    request.timeout,
                    request.preview,
                )
            except ProviderError as error:
                await self._raise_last(request, error)
                return provider_pb2.UpdateResponse(properties=request.news)
            return provider_pb2.UpdateResponse(properties=encode(outputs))

    def _raise_kept(self, urn: str) -> None:
        if sentence := self._refusals.kept(urn):
            raise ProviderError(sentence)

    async def _raise_last(self, request: Any, error: ProviderError) -> None:
        """Raises the refusal of a resource; in a preview, where others follow, it is shown instead."""
        if not request.preview or error.ends_command or await self._refusals.fails(request.urn, str(error)):
            raise error

    async def Read(self, request: Any, context: Any) -> Any:
        async with self._about_resource(context):
            self._raise_kept(request.urn)
            self._read.add(request.urn)
            id_, inputs, outputs = await self._resource(request.urn).read(
                request.urn, request.id, decode(request.inputs), decode(request.properties)
            )
            if not id_:
                # Not even empty properties: an import would take these for an object that is there.
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(id=id_, inputs=encode(inputs), properties=encode(outputs))

    async def Delete(self, request: Any, context: Any) -> Any:
        async with self._about_resource(context):
            await self._resource(request.urn).delete(
                request.urn,
                request.id,
                decode(request.old_inputs),
                decode(request.properties),
                request.timeout,
            )
            return empty_pb2.Empty()

    @asynccontextmanager
    async def _about_resource(self, context: Any) -> AsyncIterator[None]:
        async with _reported(context), self._refusals.call():
            yield

    async def Cancel(self, request: Any, context: Any) -> Any:
        self.stop_waiting()
        return empty_pb2.Empty()


@asynccontextmanager
async def _reported(context: Any) -> AsyncIterator[None]:
    """Turns exceptions into gRPC statuses that the CLI prints as plain sentences."""
    try:
        yield
    except InitFailed as error:
        await _abort_init_failed(context, error)
    except ProviderError as error:
        await context.abort(grpc.StatusCode.UNKNOWN, str(error))


async def _abort_init_failed(context: Any, error: InitFailed) -> NoReturn:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.id, properties=encode(error.outputs), inputs=encode(error.inputs), reasons=error.reasons
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    message = "; ".join(error.reasons)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message, details=[packed])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    await context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort always raises")


def _misused_outputs(inputs: Properties) -> list[CheckFailure]:
    return [CheckFailure(name, reason) for name, reason in placeholders(inputs.values)]


def _failures(failures: list[CheckFailure]) -> list[Any]:
    # Without the property's name: with it the engine prints the whole value, a jobspec of pages, before the reason.
    return [provider_pb2.CheckFailure(reason=failure.reason) for failure in failures]


def run(make: Callable[[Engine], Plugin]) -> None:
    """Serves the plugin until the engine is gone or says stop (SIGINT, SIGTERM).

    The engine's address is the first argument; prints the port.
    """
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    if not addresses:
        sys.exit("This program is a Pulumi resource plugin; the Pulumi engine starts it, with the address of its log.")
    asyncio.run(_serve(make, addresses[0]))


async def _serve(make: Callable[[Engine], Plugin], engine_address: str) -> None:
    plugin = make(Engine(engine_address))
    limits = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ]
    server = grpc.aio.server(options=limits)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    # Watched before the port is told: an engine that is gone by then makes the print fail, one that goes later is seen.
    engine_gone = _watch_parent()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, engine_gone.set)
    print(port, flush=True)
    await engine_gone.wait()
    plugin.stop_waiting()
    await server.stop(STOP_GRACE_S)
    await plugin.close()


def _watch_parent() -> asyncio.Event:
    """Is set when the process that started this one has ended, so that a killed engine leaves no orphan."""
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()
    started_by = os.getppid()
    try:
        loop.add_reader(os.pidfd_open(started_by), gone.set)
    except (AttributeError, OSError):
        # No pidfd (not Linux): an orphan is handed to another parent, which is seen within a second.
        def look() -> None:
            if os.getppid() != started_by:
                gone.set()
            else:
                loop.call_later(1.0, look)

        look()
    return gone
