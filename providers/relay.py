"""Passes on what a plugin here does not serve itself to the official plugin of its package.

The official plugin is found or downloaded, started and configured when the first call needs it, once for the whole
command, and ends with this process. It gets the calls that the engine would make and its answers go back as they are,
failures too; it logs to the engine itself.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Collection
from functools import partial
from pathlib import Path
from typing import Any, Final

import grpc

from providers.cancelling import CommandCancelled, unless_cancelled
from providers.engine import Engine
from providers.official import Official
from providers.plugin_process import DYING_S, PluginProcess
from providers.properties import Properties, encode
from providers.protocol import provider_pb2
from providers.relay_secrets import MARKED, has_secret, mark, mark_all, unwrapped
from providers.requests import type_of
from providers.resource import ProviderError
from providers.statuses import Relayed, init_failure, with_init_failure

RELAYED: Final = "CARAVAN_RELAYED"
"""Set for a plugin that a relay has started: should it be this project's own, it must not go on starting itself."""

_UNKNOWN_OUTCOME = {
    "Create": (
        "Whether the object was made is not known: look for it, and delete or import it before the next `pulumi up`."
    ),
    "Update": "Whether the object was changed is not known: run `pulumi refresh` before the next `pulumi up`.",
    "Delete": "Whether the object was deleted is not known: run `pulumi refresh` before the next `pulumi up`.",
}


class Relay:
    """The way to the official plugin of one package.

    `own_settings`: inputs of the provider that only the plugin here has. Without a call nothing is started.
    """

    def __init__(
        self, official: Official, engine: Engine, cancelled: asyncio.Event, own_settings: Collection[str] = ()
    ) -> None:
        self.official = official
        self.closed_because = ""
        """A sentence, where nothing may be passed on."""
        self._engine = engine
        self._cancelled = cancelled
        self._own_settings = own_settings
        self._handshake: Any = None
        self._configuration: Any = provider_pb2.ConfigureRequest()
        self._starting: asyncio.Future[PluginProcess] | None = None
        self._process: PluginProcess | None = None
        self._cancelling: asyncio.Future[None] | None = None
        self._takes_secrets = False
        self._previews = False

    def shake_hands(self, request: Any) -> None:
        """Keeps the engine's Handshake for the official plugin."""
        self._handshake = request

    def configure(self, request: Any) -> None:
        """Keeps the engine's Configure for the official plugin, without what only the plugin here knows."""
        kept = provider_pb2.ConfigureRequest()
        kept.CopyFrom(request)
        for name in self._own_settings:
            kept.args.fields.pop(name, None)
            kept.variables.pop(f"{self.official.package}:config:{name}", None)
        self._configuration = kept

    async def call(self, method: str, request: Any) -> Any:
        """Makes a call of the engine's and gives the answer. Raises Relayed for its failure, and ProviderError."""
        about = request.tok if method == "Invoke" else request.urn
        process = await self._started(about)
        if death := await process.death():
            raise ProviderError(
                f"{about} was not passed on: {process.program} has ended before ({death}). Run the command again."
            )
        if getattr(request, "preview", False) and not self._previews and method in ("Create", "Update"):
            return _foretold(method, request)
        sent = request if self._takes_secrets else unwrapped(request)
        try:
            answer = await getattr(process.stub, method)(sent)
        except grpc.aio.AioRpcError as error:
            raise await self._failure(process, method, about, request, error) from None
        if not self._takes_secrets:
            _mark_answer(method, answer, request)
        return answer

    async def schema(self, request: Any) -> str | None:
        """The official plugin's own schema; None where it is not installed, for which nothing is downloaded."""
        program = self.official.found()
        if program is None or self.closed_because or os.environ.get(RELAYED):
            return None
        process = self._process or await self._launched(program)
        try:
            return str((await process.stub.GetSchema(request)).schema)
        except grpc.aio.AioRpcError as error:
            raise ProviderError(f"{program} has not told its schema: {error.details()}") from None
        finally:
            if process is not self._process:
                await process.end()

    def cancel(self) -> None:
        """Tells the official plugin, where it runs, that the user wants the command to end."""
        if self._process is not None and self._cancelling is None:
            self._cancelling = asyncio.ensure_future(self._process.cancel())

    async def close(self) -> None:
        """Ends the official plugin."""
        for task in (self._starting, self._cancelling):
            if task is not None and not task.done():
                task.cancel()
            if task is not None:
                with contextlib.suppress(ProviderError, asyncio.CancelledError):
                    await task
        if self._process is not None:
            await self._process.end()

    async def _started(self, about: str) -> PluginProcess:
        token = type_of(about) if about.startswith("urn:") else about
        if self.closed_because:
            raise ProviderError(
                f"{token} would be passed on to the official {self.official.package} plugin. {self.closed_because}"
            )
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._start(about))
        try:
            # Shielded: another call may wait for the same start.
            return await asyncio.shield(self._starting)
        except ProviderError as error:
            raise ProviderError(
                f"{token} is not served by this project's {self.official.package} plugin, but passed on: {error}"
            ) from None

    async def _start(self, about: str) -> PluginProcess:
        if os.environ.get(RELAYED):
            places = " or ".join(map(str, self.official.places()))
            raise ProviderError(
                f"what is installed as the official plugin (in {places}) is this project's own once more. Install the "
                f"official one with `{self.official.install_command} --reinstall`."
            )
        urn = about if about.startswith("urn:") else ""

        announce, progress = partial(self._engine.info, urn), partial(self._engine.status, urn)
        process = await self._launched(await self.official.obtain(announce, progress, self._cancelled))
        try:
            await unless_cancelled(self._configure(process), self._cancelled)
        except CommandCancelled:
            await process.end()
            raise ProviderError("it was not configured yet when the command was cancelled.") from None
        except BaseException:
            await process.end()
            raise
        self._process = process
        return process

    async def _launched(self, program: Path) -> PluginProcess:
        environment = {**os.environ, RELAYED: self.official.package}
        try:
            return await PluginProcess.start(program, self._engine.arguments, environment, self._cancelled)
        except ProviderError as error:
            again = f"`{self.official.install_command} --reinstall`"
            raise ProviderError(f"{error}\nTo install it anew: {again}.") from None

    async def _configure(self, process: PluginProcess) -> None:
        """What the engine does before its first call about a resource."""
        step = "handshake"
        try:
            shaken = await self._shaken(process)
            step = "check of its configuration"
            request = await self._checked(process)
            step = "configuration"
            configured = await process.stub.Configure(request)
        except grpc.aio.AioRpcError as error:
            death = await process.death(within_s=DYING_S) if error.code() == grpc.StatusCode.UNAVAILABLE else ""
            why = f"it has ended ({death}).{process.last_words()}" if death else error.details()
            raise ProviderError(f"{process.program} fails in its {step}: {why}") from None
        self._takes_secrets = shaken.accept_secrets if shaken else configured.acceptSecrets
        self._previews = bool(shaken) or configured.supportsPreview

    async def _shaken(self, process: PluginProcess) -> Any:
        """Its answer to the engine's Handshake; None where it does not know that call."""
        if self._handshake is None:
            return None
        request = provider_pb2.ProviderHandshakeRequest()
        request.CopyFrom(self._handshake)
        request.root_directory = request.program_directory = str(process.program.parent)
        # What the plugin here does not take itself must not come back to the engine from there.
        request.accepts_byte_string = False
        return await _unless_unknown(process.stub.Handshake(request))

    async def _checked(self, process: PluginProcess) -> Any:
        """The configuration as its CheckConfig returns it. Raises ProviderError for what that finds wrong."""
        configuration = self._configuration
        kind = f"pulumi:providers:{self.official.package}"
        urn = configuration.urn or f"urn:pulumi:stack::project::{kind}::default"
        news = unwrapped(configuration).args
        request = provider_pb2.CheckRequest(
            urn=urn, name=urn.rsplit("::", 1)[-1], type=kind, olds=encode(Properties()), news=news
        )
        answer = await _unless_unknown(process.stub.CheckConfig(request))
        if answer is None:
            return configuration
        if answer.failures:
            reasons = "\n".join(failure.reason for failure in answer.failures)
            raise ProviderError(f"{process.program} refuses its configuration:\n{reasons}")
        checked = provider_pb2.ConfigureRequest()
        checked.CopyFrom(configuration)
        checked.args.CopyFrom(answer.inputs)
        mark(checked.args, configuration.args)
        return checked

    async def _failure(self, process: PluginProcess, method: str, about: str, request: Any, error: Any) -> Exception:
        """What the engine is to get for a failed call."""
        if error.code() == grpc.StatusCode.UNAVAILABLE and (death := await process.death(within_s=DYING_S)):
            changed = "" if getattr(request, "preview", False) else _UNKNOWN_OUTCOME.get(method, "")
            return ProviderError(
                f"The official {self.official.package} plugin ended ({death}) in the middle of {method} for {about}. "
                f"{changed or 'This call changes nothing: run the command again.'} Its program is {process.program}."
                f"{process.last_words()}"
            )
        relayed = Relayed.of(error)
        detail = init_failure(relayed.details)
        if detail is not None and not self._takes_secrets and method in MARKED:
            asked = getattr(request, MARKED[method][-1][1])
            mark(detail.properties, asked)
            mark(detail.inputs, asked)
            relayed.details = with_init_failure(relayed.details, detail)
        return relayed


def _mark_answer(method: str, answer: Any, request: Any) -> None:
    for given, asked in MARKED.get(method, ()):
        if answer.HasField(given):
            mark(getattr(answer, given), getattr(request, asked))
    if method == "Invoke" and any(map(has_secret, request.args.fields.values())):
        mark_all(getattr(answer, "return"))


def _foretold(method: str, request: Any) -> Any:
    """For a plugin that cannot preview: the inputs are the outputs, as the engine has it (Pulumi `provider.Create`)."""
    if method == "Create":
        return provider_pb2.CreateResponse(properties=request.properties)
    return provider_pb2.UpdateResponse(properties=request.news)


async def _unless_unknown(call: Awaitable[Any]) -> Any:
    """The answer of a call that older plugins do not know; None from these."""
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        if error.code() != grpc.StatusCode.UNIMPLEMENTED:
            raise
        return None
