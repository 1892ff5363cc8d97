"""A plugin in the official one's place as a process: started, not startable, ended."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2

from providers import relay
from providers.consul.__main__ import ConsulPlugin
from providers.engine import Engine
from providers.properties import Properties, decode
from providers.protocol import provider_pb2, provider_pb2_grpc
from tests.unit.providers import official_stub
from tests.unit.providers.loopback import answers, serving
from tests.unit.providers.official_stub import ROOT, install
from tests.unit.providers.relaying import INSTALL, PACKAGE, Own, creation, last, names, relaying, secret, until
from tests.unit.providers.test_http_api import ok
from tests.unit.providers.test_plugin import OTHER, refused, served, struct


async def test_it_is_started_as_the_engine_starts_it_and_ends_with_this_one(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = install(home, *PACKAGE)
    async with served(Own) as (stub, plugin, log):
        plugin.engine.arguments = ("--logtostderr", "-v=3", *plugin.engine.arguments)
        await stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="e", configure_with_urn=True))
        await stub.Configure(
            provider_pb2.ConfigureRequest(
                urn="urn:pulumi:dev::caravan::pulumi:providers:sample::mine",
                variables={"sample:config:address": "x", "sample:config:ours": "y"},
                args=struct(address="x", ours="y", token=secret("hidden")),
                acceptSecrets=True,
                acceptResources=True,
                sends_old_inputs=True,
            )
        )
        assert names(folder) == []
        await stub.Create(creation(do="log"))
    assert [line.message for line in log.lines] == [official_stub.LOGGED]
    assert log.lines[0].urn == OTHER
    assert names(folder) == ["start", "Handshake", "CheckConfig", "Configure", "Create", "end"]
    arguments = last(folder, "start").split()
    assert (arguments[:2], arguments[2].partition(":")[0]) == (["--logtostderr", "-v=3"], "127.0.0.1")
    assert last(folder, "Handshake").root_directory == str(folder)
    assert last(folder, "Handshake").configure_with_urn
    checked = last(folder, "CheckConfig")
    assert (checked.urn, checked.name) == ("urn:pulumi:dev::caravan::pulumi:providers:sample::mine", "mine")
    assert decode(checked.news) == Properties({"address": "x", "token": "hidden"})
    configured = last(folder, "Configure")
    assert decode(configured.args) == Properties(
        {"address": "x", "token": "hidden", "checked": "yes"}, frozenset({"token"})
    )
    assert dict(configured.variables) == {"sample:config:address": "x"}
    assert (configured.acceptSecrets, configured.acceptResources, configured.sends_old_inputs) == (True, True, True)
    printed = capfd.readouterr()
    assert official_stub.PRINTED in printed.out
    assert official_stub.COMPLAINED in printed.err


async def test_one_that_checks_no_configuration_gets_it_as_it_is(home: Path) -> None:
    folder = install(home, *PACKAGE, "no check")
    async with relaying(address="x", ours="y") as (stub, _, _):
        assert (await stub.Create(creation())).id == "id-1"
    assert decode(last(folder, "Configure").args) == Properties({"address": "x"})


async def test_two_resources_at_once_start_it_once(home: Path) -> None:
    folder = install(home, *PACKAGE)
    async with relaying() as (stub, _, _):
        made = await asyncio.gather(*(stub.Create(creation(a=number)) for number in range(5)))
    assert [answer.id for answer in made] == ["id-1"] * 5
    assert names(folder) == ["start", "CheckConfig", "Configure", *["Create"] * 5, "end"]


async def test_cancel_ends_its_start(home: Path) -> None:
    folder = install(home, *PACKAGE, "slow")
    async with relaying() as (stub, _, _):
        waiting = asyncio.create_task(refused(stub.Create(creation())))
        await until(lambda: "Configure" in names(folder))
        await stub.Cancel(empty_pb2.Empty())
        assert (await waiting).endswith("it was not configured yet when the command was cancelled.")
    assert names(folder)[-1] == "end"


BROKEN = {
    "not executable": ("", "cannot be started: Permission denied."),
    "no program": ("\x7fnonsense", "cannot be started: Exec format error."),
    "another first line": (
        "#!/bin/sh\necho hello",
        "does not start as a plugin: its first line must be its port, and is 'hello'.",
    ),
    "a port that is none": (
        "#!/bin/sh\necho 70000",
        "does not start as a plugin: its first line must be its port, and is '70000'.",
    ),
    "an empty first line": (
        "#!/bin/sh\necho; exec /bin/sleep 60",
        "does not start as a plugin: its first line must be its port, and is nothing.",
    ),
    "an end without a port": (
        "#!/bin/sh\necho 'panic: no' >&2; exit 3",
        "has ended without a port (exit code 3).\nIts last lines:\n  panic: no",
    ),
    "nothing there": ("#!/bin/sh\necho 1", "fails in its check of its configuration: "),
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_one_that_does_not_start_is_told_with_the_way_to_install_it_anew(home: Path, broken: str) -> None:
    program = install(home, *PACKAGE) / "pulumi-resource-sample"
    text, sentence = BROKEN[broken]
    program.write_text(text)
    program.chmod(0o644 if broken == "not executable" else 0o755)
    async with relaying() as (stub, _, _):
        told = await refused(stub.Create(creation()))
    assert f"but passed on: {program} {sentence}" in told
    if broken != "nothing there":
        assert told.endswith(f"\nTo install it anew: `{INSTALL} --reinstall`.")


async def test_one_that_never_prints_its_port_holds_nothing_up_for_ever(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.plugin_process.START_S", 0.2)
    program = install(home, *PACKAGE) / "pulumi-resource-sample"
    program.write_text(f"#!/bin/sh\necho $$ > {program.parent}/pid\nexec /bin/sleep 60\n")
    async with relaying() as (stub, _, _):
        assert "has not printed its port" in await refused(stub.Create(creation()))
    pid = int((program.parent / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_one_that_does_not_end_is_ended(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.plugin_process.END_S", 0.2)
    folder = install(home, *PACKAGE)
    async with relaying() as (stub, plugin, _):
        await stub.Create(creation())
        pid = plugin.relay._process._process.pid
        os.kill(pid, signal.SIGSTOP)
        since = time.monotonic()
    assert time.monotonic() - since < 10
    assert "end" not in names(folder)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_what_it_has_started_and_left_holds_nothing_up(home: Path) -> None:
    program = install(home, *PACKAGE) / "pulumi-resource-sample"
    program.write_text(f"#!/bin/sh\n/bin/sleep 30 &\necho $! > {program.parent}/pid\necho 'panic: no' >&2\nexit 3\n")
    async with relaying() as (stub, _, _):
        since = time.monotonic()
        told = await refused(stub.Create(creation()))
        os.kill(int((program.parent / "pid").read_text()), signal.SIGKILL)
    assert "has not printed its port" not in told
    assert "panic: no" in told
    assert time.monotonic() - since < 10


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_it_ends_with_the_process_of_the_plugin(home: Path, stop: signal.Signals) -> None:
    folder = install(home, "consul", ConsulPlugin.version)
    arguments = [sys.executable, "-m", "providers.consul", "-v=1", "127.0.0.1:1"]
    pipe = asyncio.subprocess.PIPE
    async with serving(answers(ok(["leader"]))) as server:
        plugin = await asyncio.create_subprocess_exec(*arguments, cwd=ROOT, stdout=pipe, stderr=pipe)
        assert plugin.stdout is not None
        port = int(await plugin.stdout.readline())
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)
            await stub.Configure(provider_pb2.ConfigureRequest(args=struct(address=server.url)))
            await stub.Invoke(provider_pb2.InvokeRequest(tok="consul:index/getPeerings:getPeerings"))
        plugin.send_signal(stop)
        printed, complained = await plugin.communicate()
    assert (plugin.returncode, names(folder)[0], names(folder)[-1]) == (0, "start", "end")
    assert last(folder, "start") == "-v=1 127.0.0.1:1"
    assert official_stub.PRINTED in printed.decode()
    assert official_stub.COMPLAINED in complained.decode()


async def test_this_projects_own_plugin_in_its_place_does_not_start_itself_for_ever(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(home, *PACKAGE)
    monkeypatch.setenv(relay.RELAYED, "sample")
    async with relaying() as (stub, _, _):
        told = await refused(stub.Create(creation()))
    assert "is this project's own once more" in told
    assert f"`{INSTALL} --reinstall`" in told


async def test_an_engine_that_hands_over_no_arguments_but_its_address() -> None:
    assert Engine("127.0.0.1:1").arguments == ("127.0.0.1:1",)
    assert Engine("127.0.0.1:1", ["-v=1", "127.0.0.1:1"]).arguments == ("-v=1", "127.0.0.1:1")
