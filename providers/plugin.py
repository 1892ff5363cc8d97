"""The gRPC servicer that all resource provider plugins here share."""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from google.protobuf import empty_pb2

from providers.bridged import as_given, unmarked
from providers.claims import Claiming, Claims
from providers.engine import Engine
from providers.late_refusals import LateRefusals
from providers.official import Official, version_of_sdk
from providers.previewed import Previewed
from providers.properties import Properties, decode, encode
from providers.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from providers.relay import Relay
from providers.requests import arguments_of, diff_response, failures, misused_outputs, token_of, type_of
from providers.resource import CheckFailure, Diff, Function, InitFailed, ProviderError, ResourceType
from providers.statuses import reported

__all__ = ["CheckFailure", "Diff", "Engine", "Function", "InitFailed", "Plugin", "ProviderError", "ResourceType"]

REFUSALS = "index/refusals:refusals"
"""The function of each plugin by which a program asks what its preview has refused."""

Call = Callable[[Any, Any, Any], Awaitable[Any]]
"""A call of the engine's: the plugin, the request, gRPC's context."""


def _or_passed_on(serve: Call) -> Call:
    """Passes a call on where it is about a type or look-up that the plugin does not serve itself."""

    @functools.wraps(serve)
    async def call(plugin: Any, request: Any, context: Any) -> Any:
        if plugin.is_served(token_of(request)):
            return await serve(plugin, request, context)
        async with plugin._about_resource(context):
            return await plugin.pass_on(serve.__name__, request)

    return call


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one package's types. Subclasses set `name`, `version`, `sdk` and `serves` and implement `configure`.

    Every other type and look-up of the package is passed on to its official plugin; nothing is ignored.
    """

    name: str
    version: str
    sdk: ClassVar[str] = ""
    """The Python package that programs use the types by: "pulumi_nomad"."""
    serves: ClassVar[Mapping[str, frozenset[str]]] = {}
    """The names of the secret properties by the token of each resource and look-up that `configure` sets up."""
    instead: Mapping[str, str] = {}
    """What can be done without the official plugin, where that cannot be had, by token."""
    own_settings: ClassVar[frozenset[str]] = frozenset()
    """Inputs of the provider that the official plugin does not have."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.resources: dict[str, ResourceType] = {}
        self.functions: dict[str, Function] = {}
        self.cancelled = asyncio.Event()
        self.previewed = Previewed.of_command()
        official = Official(self.name, version_of_sdk(self.sdk) or self.version)
        self.relay = Relay(official, engine, self.cancelled, self.own_settings)
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
        self.relay.cancel()

    async def close(self) -> None:
        """Ends the official plugin, where it runs. Subclasses also free what `configure` opened."""
        await self.relay.close()

    def is_served(self, token: str) -> bool:
        """Whether a type or look-up is served here; also before `configure` has set it up."""
        known = (self.serves, self.resources, self.functions, (f"{self.name}:{REFUSALS}",))
        return any(token in tokens for tokens in known)

    async def pass_on(self, method: str, request: Any) -> Any:
        """A call about a type or look-up that is not served here. Raises ProviderError, Relayed."""
        if method == "Check" and (misused := misused_outputs(decode(request.news))):
            return provider_pb2.CheckResponse(inputs=request.news, failures=failures(misused))
        if method == "Invoke":
            arguments_of(request)
        try:
            return await self.relay.call(method, request)
        except ProviderError as error:
            without = self.instead.get(token_of(request))
            raise ProviderError(f"{error}\nWithout it: {without}" if without else str(error)) from None

    def _resource(self, urn: str) -> ResourceType:
        token = type_of(urn)
        if token not in self.resources:
            raise ProviderError(f"{token} is not served before the configuration of the provider is known.")
        return self.resources[token]

    # What follows are the engine's calls, in the order in which the engine makes them.

    async def Handshake(self, request: Any, context: Any) -> Any:
        self.relay.shake_hands(request)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=False)

    async def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self.version)

    async def GetSchema(self, request: Any, context: Any) -> Any:
        # Imported here: the SDK takes longer to load than the whole plugin, and most commands ask for no schema.
        from providers.schema import completed, schema, tokens

        async with reported(context):
            known = {**dict.fromkeys(tokens(self.sdk), frozenset[str]()), **self.serves}
            own = schema(self.name, self.version, self.sdk, known)
            official = await self.relay.schema(request)
            whole = own if official is None else completed(own, official, self.serves.keys())
            return provider_pb2.GetSchemaResponse(schema=whole)

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        async with reported(context):
            config = decode(request.news)
            found = misused_outputs(config) or await self.check_config(config)
            return provider_pb2.CheckResponse(inputs=request.news, failures=failures(found))

    async def DiffConfig(self, request: Any, context: Any) -> Any:
        # A changed address or token is used from now on; it never replaces the resources.
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_UNKNOWN)

    async def Configure(self, request: Any, context: Any) -> Any:
        async with reported(context):
            self.relay.configure(request)
            await self.configure(decode(request.args))
            return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_or_passed_on
    async def Invoke(self, request: Any, context: Any) -> Any:
        async with reported(context):
            result = await self._function(request.tok)(arguments_of(request))
            return provider_pb2.InvokeResponse(**{"return": encode(result)})  # type: ignore[arg-type]

    def _function(self, token: str) -> Function:
        if token == f"{self.name}:{REFUSALS}":
            return self._asked_for_refusals
        if token in self.functions:
            return self.functions[token]
        raise ProviderError(f"{token} is not served before the configuration of the provider is known.")

    async def _asked_for_refusals(self, arguments: Properties) -> Properties:
        """With `atEnd` false the program promises to ask again when it has declared everything."""
        if not arguments.get("atEnd"):
            self._refusals.expect()
        return Properties({"refused": self._refusals.refused()})

    @_or_passed_on
    async def Check(self, request: Any, context: Any) -> Any:
        async with self._about_resource(context):
            news = decode(request.news)
            olds, given = unmarked(decode(request.olds)), dict(news.values)
            resource = self._resource(request.urn)
            try:
                found = misused_outputs(news) or await resource.check(request.urn, olds, news)
            except ProviderError as error:
                if error.ends_command or request.urn in self._read:
                    raise
                found = [CheckFailure("", str(error))]
            if not found and isinstance(resource, Claiming):
                twice = self._claims.add(request.urn, resource.claims(request.urn, olds, news))
                found = [CheckFailure("", reason) for reason in twice]
            inputs = request.news
            if not found:
                # Beside failures nothing is noted: the engine would judge that first, and not show what is wrong.
                noted = {name: value for name, value in news.values.items() if given.get(name) is not value}
                inputs.MergeFrom(encode(Properties(noted)))
            elif request.urn not in self._read:
                self._refusals.keep(request.urn, "\n".join(failure.reason for failure in found))
                found = []
            return provider_pb2.CheckResponse(inputs=inputs, failures=failures(found))

    @_or_passed_on
    async def Diff(self, request: Any, context: Any) -> Any:
        async with self._about_resource(context):
            if self._refusals.kept(request.urn):
                return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_SOME)
            resource = self._resource(request.urn)
            try:
                diff = await resource.diff(
                    request.urn,
                    request.id,
                    as_given(decode(request.old_inputs)),
                    unmarked(decode(request.olds)),
                    decode(request.news),
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
            return diff_response(diff, shown)

    @_or_passed_on
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

    @_or_passed_on
    async def Update(self, request: Any, context: Any) -> Any:
        async with self._about_resource(context):
            try:
                self._raise_kept(request.urn)
                outputs = await self._resource(request.urn).update(
                    request.urn,
                    request.id,
                    as_given(decode(request.old_inputs)),
                    unmarked(decode(request.olds)),
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

    @_or_passed_on
    async def Read(self, request: Any, context: Any) -> Any:
        async with self._about_resource(context):
            self._raise_kept(request.urn)
            self._read.add(request.urn)
            id_, inputs, outputs = await self._resource(request.urn).read(
                request.urn, request.id, as_given(decode(request.inputs)), unmarked(decode(request.properties))
            )
            if not id_:
                # Not even empty properties: an import would take these for an object that is there.
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(id=id_, inputs=encode(inputs), properties=encode(outputs))

    @_or_passed_on
    async def Delete(self, request: Any, context: Any) -> Any:
        async with self._about_resource(context):
            await self._resource(request.urn).delete(
                request.urn,
                request.id,
                as_given(decode(request.old_inputs)),
                unmarked(decode(request.properties)),
                request.timeout,
            )
            return empty_pb2.Empty()

    @asynccontextmanager
    async def _about_resource(self, context: Any) -> AsyncIterator[None]:
        async with reported(context), self._refusals.call():
            yield

    async def Cancel(self, request: Any, context: Any) -> Any:
        self.stop_waiting()
        return empty_pb2.Empty()
