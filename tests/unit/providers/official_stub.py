"""A plugin in the place of an official one: it does what its `do` input says, and writes down what it is asked.

`install` puts it where Pulumi puts plugins. Like the bridged plugins it takes no secrets, marks its own, and knows no
Handshake, unless its file `mode` says otherwise.
"""

import asyncio
import base64
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2, struct_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]

from providers.properties import Properties, encode
from providers.protocol import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

ROOT = Path(__file__).parents[3]
PRINTED = "printed after the port"
COMPLAINED = "a word on stderr"
LOGGED = "logged by the official plugin"


def install(home: Path, package: str, version: str, *mode: str) -> Path:
    """Installs it into a Pulumi home; its folder.

    `mode`: "handshake", "takes secrets", "no preview", "no check", "slow" (its Configure does not end).
    """
    folder = home / "plugins" / f"resource-{package}-v{version}"
    folder.mkdir(parents=True)
    program = folder / f"pulumi-resource-{package}"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from tests.unit.providers.official_stub import main\nmain(__file__)\n"
    )
    program.chmod(0o755)
    (folder / "mode").write_text("\n".join(mode))
    return folder


def calls(folder: Path) -> Iterator[tuple[str, Any]]:
    """What it was asked: the calls' names and requests. "start" has its arguments, "end" nothing."""
    with contextlib.suppress(FileNotFoundError):
        for line in (folder / "calls").read_text().splitlines():
            name, packed = line.split(" ")
            message = base64.b64decode(packed)
            if name in ("start", "end"):
                yield name, message.decode()
            else:
                yield name, _REQUESTS.get(name, empty_pb2.Empty).FromString(message)


_REQUESTS: dict[str, Any] = {
    "Handshake": provider_pb2.ProviderHandshakeRequest,
    "GetSchema": provider_pb2.GetSchemaRequest,
    "CheckConfig": provider_pb2.CheckRequest,
    "Configure": provider_pb2.ConfigureRequest,
    "Check": provider_pb2.CheckRequest,
    "Diff": provider_pb2.DiffRequest,
    "Create": provider_pb2.CreateRequest,
    "Read": provider_pb2.ReadRequest,
    "Update": provider_pb2.UpdateRequest,
    "Delete": provider_pb2.DeleteRequest,
    "Invoke": provider_pb2.InvokeRequest,
}


class Official(provider_pb2_grpc.ResourceProviderServicer):
    """The servicer."""

    def __init__(self, folder: Path, engine: str) -> None:
        self._folder = folder
        self._mode = (folder / "mode").read_text().splitlines()
        self._engine = engine_pb2_grpc.EngineStub(grpc.aio.insecure_channel(engine))
        self._cancelled = asyncio.Event()

    def note(self, name: str, message: bytes) -> None:
        """Writes a call down."""
        with (self._folder / "calls").open("a") as file:
            file.write(f"{name} {base64.b64encode(message).decode()}\n")

    async def Handshake(self, request: Any, context: Any) -> Any:
        self.note("Handshake", request.SerializeToString())
        if "handshake" not in self._mode:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Handshake is not yet implemented")
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    async def GetSchema(self, request: Any, context: Any) -> Any:
        self.note("GetSchema", request.SerializeToString())
        return provider_pb2.GetSchemaResponse(schema=(self._folder / "schema.json").read_text())

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        self.note("CheckConfig", request.SerializeToString())
        if "no check" in self._mode:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "CheckConfig is not yet implemented")
        names = sorted(name for name in request.news.fields if "bad" in name)
        wrong = [provider_pb2.CheckFailure(reason=f"{name} is wrong.") for name in names]
        request.news["checked"] = "yes"
        return provider_pb2.CheckResponse(inputs=request.news, failures=wrong)

    async def Configure(self, request: Any, context: Any) -> Any:
        self.note("Configure", request.SerializeToString())
        if "slow" in self._mode:
            await asyncio.Event().wait()
        return provider_pb2.ConfigureResponse(
            acceptSecrets="takes secrets" in self._mode, supportsPreview="no preview" not in self._mode
        )

    async def Check(self, request: Any, context: Any) -> Any:
        self.note("Check", request.SerializeToString())
        wrong = [provider_pb2.CheckFailure(property="bad", reason="bad is wrong.")] if "bad" in request.news else []
        request.news.update({"filledIn": "x", "__defaults": ["filledIn"]})
        return provider_pb2.CheckResponse(inputs=request.news, failures=wrong)

    async def Diff(self, request: Any, context: Any) -> Any:
        self.note("Diff", request.SerializeToString())
        kind = provider_pb2.PropertyDiff.UPDATE_REPLACE
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME,
            replaces=["a"],
            deleteBeforeReplace=True,
            detailedDiff={"a.b[0]": provider_pb2.PropertyDiff(kind=kind)},
            hasDetailedDiff=True,
        )

    async def Create(self, request: Any, context: Any) -> Any:
        self.note("Create", request.SerializeToString())
        await self._do(request, request.properties, context)
        return provider_pb2.CreateResponse(id="" if request.preview else "id-1", properties=_made(request.properties))

    async def Read(self, request: Any, context: Any) -> Any:
        self.note("Read", request.SerializeToString())
        return provider_pb2.ReadResponse(id=request.id, inputs=request.inputs, properties=_made(request.properties))

    async def Update(self, request: Any, context: Any) -> Any:
        self.note("Update", request.SerializeToString())
        await self._do(request, request.news, context)
        return provider_pb2.UpdateResponse(properties=_made(request.news))

    async def Delete(self, request: Any, context: Any) -> Any:
        self.note("Delete", request.SerializeToString())
        return empty_pb2.Empty()

    async def Invoke(self, request: Any, context: Any) -> Any:
        self.note("Invoke", request.SerializeToString())
        await self._do(request, request.args, context)
        return provider_pb2.InvokeResponse(**{"return": request.args})

    async def Cancel(self, request: Any, context: Any) -> Any:
        self.note("Cancel", b"")
        self._cancelled.set()
        return empty_pb2.Empty()

    async def _do(self, request: Any, inputs: struct_pb2.Struct, context: Any) -> None:
        wanted = inputs.fields["do"].string_value if "do" in inputs.fields else ""
        if wanted == "log":
            log = engine_pb2.LogRequest(severity=engine_pb2.WARNING, urn=request.urn, message=LOGGED)
            await self._engine.Log(log)  # type: ignore[misc]
        elif wanted == "fail":
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "It cannot be made: say why.")
        elif wanted == "fail late":
            await _fail_late(context, inputs)
        elif wanted == "wait":
            await self._cancelled.wait()
            await context.abort(grpc.StatusCode.ABORTED, "cancelled")
        elif wanted == "crash":
            print("panic: no such thing", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)


def _made(inputs: struct_pb2.Struct) -> struct_pb2.Struct:
    """The outputs: the inputs, a secret of its own, and what a bridged plugin keeps there."""
    outputs = encode(Properties({"made": "secretly", "__meta": "{}"}, frozenset({"made"})))
    outputs.MergeFrom(inputs)
    return outputs


async def _fail_late(context: Any, inputs: struct_pb2.Struct) -> None:
    detail = provider_pb2.ErrorResourceInitFailed(
        id="id-1", properties=_made(inputs), inputs=inputs, reasons=["It is there, but does not run.", "Its log: no."]
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message="partial", details=[packed])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    await context.abort(grpc.StatusCode.UNKNOWN, "partial")


async def _serve(folder: Path) -> None:
    official = Official(folder, sys.argv[-1])
    official.note("start", " ".join(sys.argv[1:]).encode())
    server = grpc.aio.server()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(official, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    print(port, flush=True)
    print(PRINTED, flush=True)
    print(COMPLAINED, file=sys.stderr, flush=True)
    await stop.wait()
    await server.stop(None)
    official.note("end", b"")


def main(program: str) -> None:
    """Serves until it is interrupted."""
    asyncio.run(_serve(Path(program).parent))
