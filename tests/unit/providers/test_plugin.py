"""The servicer as the engine meets it: over a gRPC channel, and as a process that must not outlive its parent."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from providers.consul.__main__ import ConsulPlugin
from providers.nomad.__main__ import NomadPlugin
from providers.plugin import CheckFailure, Diff, Engine, InitFailed, Plugin, ProviderError
from providers.properties import UNKNOWN, UNKNOWN_WIRE, Properties, decode, encode
from providers.schema import tokens
from tests.unit.providers.loopback import answers, serving
from tests.unit.providers.test_http_api import free_port, ok

ROOT = Path(__file__).parents[3]
TOKEN = "sample:index/thing:Thing"
URN = f"urn:pulumi:dev::caravan::caravan:index:Parent${TOKEN}::web"
OTHER = "urn:pulumi:dev::caravan::sample:index/other:Other::web"


class Thing:
    """A resource type that does what its `do` input says."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.deleted: list[str] = []
        self.gone = False

    async def check(self, urn: str, old: Properties, new: Properties) -> list[CheckFailure]:
        failures = [CheckFailure(name, f"{name} is wrong.") for name in new.values if name.startswith("bad")]
        if new.get("note"):
            new.values["__noted"] = UNKNOWN
        return failures

    async def diff(self, urn: str, id: str, old_inputs: Properties, outputs: Properties, new: Properties) -> Diff:
        changed = sorted(name for name in new.values if new.values[name] != old_inputs.values.get(name))
        return Diff(changed, ["id"] if "id" in changed else [])

    async def create(self, urn: str, new: Properties, timeout_s: float, preview: bool) -> tuple[str, Properties]:
        if new.get("do") == "fail":
            raise ProviderError("It cannot be made: say why.")
        if new.get("do") == "fail late":
            outputs = Properties({"status": "failed", "token": "x"}, frozenset({"token"}))
            raise InitFailed("thing-1", outputs, new, ["It is there, but does not run.", "Its log says: no."])
        await self.engine.warning(urn, "made")
        return "" if preview else "thing-1", Properties({**new.values, "timeout": timeout_s}, new.secrets)

    async def update(
        self,
        urn: str,
        id: str,
        old_inputs: Properties,
        outputs: Properties,
        new: Properties,
        timeout_s: float,
        preview: bool,
    ) -> Properties:
        return Properties({"was": old_inputs.get("a"), "had": outputs.get("a"), "is": new.get("a")})

    async def read(
        self, urn: str, id: str, inputs: Properties, outputs: Properties
    ) -> tuple[str, Properties, Properties]:
        return ("", Properties(), Properties()) if self.gone else (id, inputs, Properties({"read": True}))

    async def delete(self, urn: str, id: str, inputs: Properties, outputs: Properties, timeout_s: float) -> None:
        self.deleted.append(id)


class Sample(Plugin):
    """A plugin with one type and one look-up."""

    name = "sample"
    version = "1.2.3"

    async def check_config(self, settings: Properties) -> list[CheckFailure]:
        return [CheckFailure("nonsense", "sample:nonsense is no input.")] if "nonsense" in settings.values else []

    async def configure(self, settings: Properties) -> None:
        self.thing = Thing(self.engine)
        self.resources[TOKEN] = self.thing

        async def echo(arguments: Properties) -> Properties:
            return Properties({"said": arguments.get("say")})

        self.functions["sample:index/echo:echo"] = echo


class EngineLog(engine_pb2_grpc.EngineServicer):
    """The engine's end of the log."""

    def __init__(self) -> None:
        self.messages: list[tuple[int, str, bool]] = []
        self.lines: list[Any] = []

    async def Log(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.messages.append((request.severity, request.message, request.ephemeral))
        self.lines.append(request)
        return empty_pb2.Empty()


@asynccontextmanager
async def served(make: type[Plugin] = Sample) -> AsyncIterator[tuple[Any, Any, EngineLog]]:
    """A stub of the plugin, the plugin, and the engine's log, all over loopback."""
    log = EngineLog()
    engine_server, server = grpc.aio.server(), grpc.aio.server()
    engine_pb2_grpc.add_EngineServicer_to_server(log, engine_server)
    engine_port = engine_server.add_insecure_port("127.0.0.1:0")
    await engine_server.start()
    plugin = make(Engine(f"127.0.0.1:{engine_port}"))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel), plugin, log
    finally:
        await plugin.close()
        await server.stop(None)
        await engine_server.stop(None)


@asynccontextmanager
async def configured() -> AsyncIterator[tuple[Any, Any, EngineLog]]:
    """The same, configured."""
    async with served() as (stub, plugin, log):
        await stub.Configure(provider_pb2.ConfigureRequest())
        yield stub, plugin, log


def struct(**values: Any) -> struct_pb2.Struct:
    return encode(Properties(values))


async def refused(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return str(caught.value.details())


async def test_who_it_is() -> None:
    async with served() as (stub, _, _):
        assert (await stub.GetPluginInfo(empty_pb2.Empty())).version == "1.2.3"
        assert (await stub.Handshake(provider_pb2.ProviderHandshakeRequest())).accept_secrets
        configured = await stub.Configure(provider_pb2.ConfigureRequest())
        assert (configured.acceptSecrets, configured.supportsPreview) == (True, True)


async def test_a_look_up() -> None:
    async with configured() as (stub, _, _):
        request = provider_pb2.InvokeRequest(tok="sample:index/echo:echo", args=struct(say="hello"))
        answer = await stub.Invoke(request)
        assert json_format.MessageToDict(getattr(answer, "return")) == {"said": "hello"}


async def test_wrong_settings_of_the_provider() -> None:
    async with served() as (stub, _, _):
        answer = await stub.CheckConfig(provider_pb2.CheckRequest(news=struct(nonsense="x")))
        assert [(f.property, f.reason) for f in answer.failures] == [("", "sample:nonsense is no input.")]


async def test_checked_inputs_come_back_as_they_were_sent() -> None:
    news = encode(Properties({"a": "x", "bad": 1, "worse": None}, frozenset({"a"})))
    async with configured() as (stub, _, _):
        answer = await stub.Check(provider_pb2.CheckRequest(urn=URN, news=news))
        assert answer.inputs == news


@pytest.mark.parametrize("preview", [False, True])
async def test_wrong_inputs_are_refused_when_the_resource_is_made(preview: bool) -> None:
    news = struct(bad=1)
    async with configured() as (stub, _, _):
        checked = await stub.Check(provider_pb2.CheckRequest(urn=URN, news=news))
        assert not checked.failures
        differs = await stub.Diff(provider_pb2.DiffRequest(urn=URN, id="1", old_inputs=news, news=news))
        assert differs.changes == provider_pb2.DiffResponse.DIFF_SOME
        make = provider_pb2.CreateRequest(urn=URN, properties=news, preview=preview)
        assert await refused(stub.Create(make)) == "bad is wrong."
        change = provider_pb2.UpdateRequest(urn=URN, id="1", news=news, preview=preview)
        assert await refused(stub.Update(change)) == "bad is wrong."
        # An import: the engine reads after the check.
        assert await refused(stub.Read(provider_pb2.ReadRequest(urn=URN, id="1"))) == "bad is wrong."


async def test_what_was_read_before_is_refused_by_its_check() -> None:
    async with configured() as (stub, _, _):
        await stub.Read(provider_pb2.ReadRequest(urn=URN, id="1"))
        answer = await stub.Check(provider_pb2.CheckRequest(urn=URN, news=struct(bad=1)))
        assert [(f.property, f.reason) for f in answer.failures] == [("", "bad is wrong.")]


async def test_what_is_wrong_comes_without_notes() -> None:
    """X1: the engine would refuse an unknown among them, and not show what is wrong; it is refused a call later."""
    async with configured() as (stub, _, _):
        wrong = await stub.Check(provider_pb2.CheckRequest(urn=URN, news=struct(note="a", bad=1)))
        right = await stub.Check(provider_pb2.CheckRequest(urn=URN, news=struct(note="a")))
    assert (list(wrong.failures), wrong.inputs) == ([], struct(note="a", bad=1))
    assert right.inputs == struct(note="a", __noted=UNKNOWN)


async def test_what_is_not_there_is_read_as_nothing() -> None:
    """RW-38: an import would take empty properties for an object that is there."""
    async with configured() as (stub, plugin, _):
        plugin.thing.gone = True
        answer = await stub.Read(provider_pb2.ReadRequest(urn=URN, id="1", properties=struct(a="x")))
    assert (answer.id, answer.HasField("properties"), answer.HasField("inputs")) == ("", False, False)


def preview_of(stub: Any, name: str) -> Any:
    """The calls by which the engine previews the creation of a resource with wrong inputs."""

    async def calls() -> Any:
        await stub.Check(provider_pb2.CheckRequest(urn=f"{URN}-{name}", news=struct(bad=1)))
        return await stub.Create(
            provider_pb2.CreateRequest(urn=f"{URN}-{name}", properties=struct(bad=1), preview=True)
        )

    return calls()


async def test_one_preview_reports_every_refusal_and_fails_once() -> None:
    async with configured() as (stub, _, log):
        ends = await asyncio.gather(*(preview_of(stub, name) for name in "abc"), return_exceptions=True)
        failed = [end for end in ends if isinstance(end, BaseException)]
        shown = [line for line in log.lines if line.severity == engine_pb2.ERROR]
    assert [str(error.details()) for error in failed if isinstance(error, grpc.aio.AioRpcError)] == ["bad is wrong."]
    assert [line.message for line in shown] == ["bad is wrong."] * 2
    assert len({line.urn for line in shown}) == 2


async def test_where_the_program_promises_to_ask_at_its_end_no_preview_fails() -> None:
    async with configured() as (stub, _, log):

        async def asked(at_end: bool) -> Any:
            request = provider_pb2.InvokeRequest(tok="sample:index/refusals:refusals", args=struct(atEnd=at_end))
            return json_format.MessageToDict(getattr(await stub.Invoke(request), "return"))["refused"]

        first = asyncio.create_task(preview_of(stub, "a"))
        assert await asked(False) == []
        made = await first
        assert json_format.MessageToDict(made.properties) == {"bad": 1.0}
        await preview_of(stub, "b")
        assert await asked(True) == [f"{URN}-a", f"{URN}-b"]
        assert [line.urn for line in log.lines] == [f"{URN}-a", f"{URN}-b"]


async def test_differences() -> None:
    async with configured() as (stub, _, _):

        async def diff(**news: Any) -> Any:
            request = provider_pb2.DiffRequest(urn=URN, id="1", old_inputs=struct(a="x", id="1"), news=struct(**news))
            return await stub.Diff(request)

        same, changed, replaced = await diff(a="x"), await diff(a="y"), await diff(a="x", id="2")
    kinds = provider_pb2.PropertyDiff.Kind
    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert changed.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert (list(changed.diffs), list(changed.replaces)) == (["a"], [])
    assert changed.detailedDiff["a"].kind == kinds.UPDATE
    assert list(replaced.replaces) == ["id"]
    assert replaced.detailedDiff["id"].kind == kinds.UPDATE_REPLACE


async def test_create_update_read_delete() -> None:
    async with configured() as (stub, plugin, log):
        news = encode(Properties({"a": "x"}, frozenset({"a"})))
        created = await stub.Create(provider_pb2.CreateRequest(urn=URN, properties=news, timeout=30))
        assert created.id == "thing-1"
        assert decode(created.properties) == Properties({"a": "x", "timeout": 30}, frozenset({"a"}))
        assert log.messages == [(engine_pb2.WARNING, "made", False)]
        updated = await stub.Update(
            provider_pb2.UpdateRequest(urn=URN, id="1", old_inputs=struct(a=1), olds=struct(a=2), news=struct(a=3))
        )
        assert decode(updated.properties).values == {"was": 1, "had": 2, "is": 3}
        read = await stub.Read(provider_pb2.ReadRequest(urn=URN, id="1", inputs=struct(a=1)))
        assert (read.id, decode(read.inputs).values, decode(read.properties).values) == ("1", {"a": 1}, {"read": True})
        await stub.Delete(provider_pb2.DeleteRequest(urn=URN, id="1"))
        assert plugin.thing.deleted == ["1"]


async def test_a_failure_is_the_plain_sentence() -> None:
    async with configured() as (stub, _, _):
        request = provider_pb2.CreateRequest(urn=URN, properties=struct(do="fail"))
        assert await refused(stub.Create(request)) == "It cannot be made: say why."


async def test_a_resource_that_is_there_but_failed_is_kept_by_the_engine() -> None:
    async with configured() as (stub, _, _):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Create(provider_pb2.CreateRequest(urn=URN, properties=struct(do="fail late")))
    trailing: Any = caught.value.trailing_metadata()
    status = status_pb2.Status.FromString(dict(trailing)["grpc-status-details-bin"])
    assert status.message == "It is there, but does not run.; Its log says: no."
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert detail.id == "thing-1"
    assert list(detail.reasons) == ["It is there, but does not run.", "Its log says: no."]
    assert decode(detail.properties) == Properties({"status": "failed", "token": "x"}, frozenset({"token"}))
    assert decode(detail.inputs).values == {"do": "fail late"}


async def test_cancel_reaches_those_who_wait() -> None:
    async with configured() as (stub, plugin, _):
        assert not plugin.cancelled.is_set()
        await stub.Cancel(empty_pb2.Empty())
        assert plugin.cancelled.is_set()


async def test_an_engine_that_is_gone_stops_no_work() -> None:
    async with configured() as (stub, plugin, _):
        plugin.thing.engine = Engine(f"127.0.0.1:{free_port()}")
        created = await stub.Create(provider_pb2.CreateRequest(urn=URN, properties=struct(a="x")))
        assert created.id == "thing-1"


async def test_a_server_that_is_not_there_is_told_when_the_nomad_plugin_starts() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    async with served(NomadPlugin) as (stub, _, _):
        sentence = await refused(stub.Configure(provider_pb2.ConfigureRequest(args=struct(address=address))))
    assert sentence.startswith(f"Nomad cannot be reached at {address}: connection refused. Start it (`make cluster`")


@pytest.mark.parametrize("make", [NomadPlugin, ConsulPlugin])
async def test_the_schema_has_what_the_configured_plugin_serves_and_the_rest_of_the_sdk(
    make: type[Plugin], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for home in ("HOME", "PULUMI_HOME"):
        monkeypatch.setenv(home, str(tmp_path))
    async with serving(answers(ok(["leader"]))) as server, served(make) as (stub, plugin, _):
        schema = json.loads((await stub.GetSchema(provider_pb2.GetSchemaRequest())).schema)
        await stub.Configure(provider_pb2.ConfigureRequest(args=struct(address=server.url)))
        assert {*plugin.resources, *plugin.functions} == make.serves.keys()
        assert {*schema["resources"], *schema["functions"]} == set(tokens(make.sdk))
        assert make.serves.keys() < {*schema["resources"], *schema["functions"]}


async def test_an_address_known_only_later_serves_nothing_yet() -> None:
    args = json_format.ParseDict({"address": UNKNOWN_WIRE}, struct_pb2.Struct())
    for make in (NomadPlugin, ConsulPlugin):
        async with served(make) as (stub, plugin, _):
            await stub.Configure(provider_pb2.ConfigureRequest(args=args))
            assert (plugin.resources, plugin.functions) == ({}, {})


async def test_the_consul_plugin_looks_services_up() -> None:
    entry = {
        "Node": {"ID": "n", "Node": "node-1", "Address": "10.0.0.1", "Datacenter": "dc1"},
        "Service": {"ID": "s", "Service": "web", "Address": "", "Port": 8080, "Tags": ["a"]},
        "Checks": [{"CheckID": "c", "Name": "up", "Node": "node-1", "Status": "passing"}],
    }
    async with serving(answers(ok(["leader"]), ok([entry]))) as server, served(ConsulPlugin) as (stub, _, _):
        await stub.Configure(provider_pb2.ConfigureRequest(args=struct(address=server.url, datacenter="dc1")))
        token = "consul:index/getServiceHealth:getServiceHealth"
        answer = await stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=struct(name="we/b", passing=True)))
        refusals = [
            await refused(stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=args)))
            for args in (struct(name="web", waitFor="1s"), struct(), struct(name=3))
        ]
    assert server.targets()[1] == "GET /v1/health/service/we%2Fb?dc=dc1&passing=true"
    (result,) = json_format.MessageToDict(getattr(answer, "return"))["results"]
    assert result["nodes"][0]["address"] == "10.0.0.1"
    assert (result["services"][0]["port"], result["services"][0]["tags"]) == (8080, ["a"])
    assert result["checks"][0]["status"] == "passing"
    assert refusals == [
        (
            "getServiceHealth does not support waitFor here; it takes "
            "datacenter, filter, name, near, nodeMeta, passing, tag."
        ),
        "getServiceHealth needs the name of a service; it got None.",
        "getServiceHealth needs the name of a service; it got 3.",
    ]


# Starts the plugin as the engine does, tells its process id and port, and waits to be killed.
PARENT = """
import subprocess, sys, time
plugin = subprocess.Popen([sys.executable, "-m", "providers.consul", "127.0.0.1:1"], stdout=subprocess.PIPE, text=True)
print(plugin.pid, plugin.stdout.readline().strip(), flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet reaped by its new parent does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_the_process_ends_when_its_engine_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent:
        pid, port = (int(word) for word in parent.stdout.readline().split())
        assert port > 0
        assert alive(pid)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 15
    while alive(pid):
        assert time.monotonic() < deadline, f"the plugin (pid {pid}) outlives its engine"
        time.sleep(0.05)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_the_process_ends_quietly_when_it_is_told_to(stop: signal.Signals) -> None:
    arguments = [sys.executable, "-m", "providers.consul", "127.0.0.1:1"]
    pipe = subprocess.PIPE
    plugin = await asyncio.create_subprocess_exec(*arguments, cwd=ROOT, stdout=pipe, stderr=pipe)
    assert plugin.stdout is not None
    assert int(await plugin.stdout.readline()) > 0
    plugin.send_signal(stop)
    assert await plugin.communicate() == (b"", b"")
    assert plugin.returncode == 0


async def test_a_plugin_whose_parent_ended_before_it_served_does_not_serve() -> None:
    """Its standard output has no reader any more, so that telling the port fails."""
    reader, writer = os.pipe()
    os.close(reader)
    plugin = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "providers.consul", "127.0.0.1:1", cwd=ROOT, stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    _, said = await plugin.communicate()
    assert plugin.returncode != 0
    assert b"BrokenPipeError" in said


def test_started_by_hand_it_says_what_it_is() -> None:
    command = [sys.executable, "-m", "providers.nomad"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=15)
    assert result.returncode == 1
    assert result.stderr.startswith("This program is a Pulumi resource plugin")
