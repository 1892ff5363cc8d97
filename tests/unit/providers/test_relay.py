"""What a plugin does not serve itself, passed on to a plugin in the official one's place."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]

from providers import relay
from providers.engine import Engine
from providers.official import NO_DOWNLOADS
from providers.properties import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN, Properties, decode
from providers.protocol import provider_pb2
from tests.unit.providers import official_stub
from tests.unit.providers.official_stub import calls, install
from tests.unit.providers.test_plugin import OTHER, TOKEN, URN, Sample, alive, refused, served, struct

LOOK_UP = "sample:index/get:get"
PACKAGE = ("sample", "1.2.3")
INSTALL = "pulumi plugin install resource sample v1.2.3"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Pulumi home of the test's own, without plugins and without the `pulumi` that could download some."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi"))
    for name in (NO_DOWNLOADS, relay.RELAYED):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "pulumi"


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


async def test_each_call_is_passed_on_with_its_arguments_and_its_answer_comes_back(home: Path) -> None:
    folder = install(home, *PACKAGE, "takes secrets")
    given, had = struct(a=1, later=UNKNOWN), struct(a=0, __meta="{}")
    requests = {
        "Check": provider_pb2.CheckRequest(urn=OTHER, name="web", olds=had, news=given, randomSeed=b"x"),
        "Diff": provider_pb2.DiffRequest(
            urn=OTHER, id="id-1", olds=had, news=given, old_inputs=had, ignoreChanges=["c"]
        ),
        "Create": provider_pb2.CreateRequest(urn=OTHER, properties=given, timeout=30, preview=True),
        "Read": provider_pb2.ReadRequest(urn=OTHER, id="id-1", inputs=had, properties=had),
        "Update": provider_pb2.UpdateRequest(
            urn=OTHER, id="id-1", olds=had, news=given, old_inputs=had, timeout=3, ignoreChanges=["c"], preview=True
        ),
        "Delete": provider_pb2.DeleteRequest(urn=OTHER, id="id-1", properties=had, old_inputs=had, timeout=4),
        "Invoke": provider_pb2.InvokeRequest(tok=LOOK_UP, args=struct(say="hello"), preview=True),
    }
    async with relaying() as (stub, _, _):
        answers = {name: await getattr(stub, name)(request) for name, request in requests.items()}
    for name, request in requests.items():
        assert last(folder, name) == request
    assert decode(answers["Check"].inputs).values == {
        **decode(given).values,
        "filledIn": "x",
        "__defaults": ["filledIn"],
    }
    diff = answers["Diff"]
    assert (list(diff.replaces), diff.deleteBeforeReplace, list(diff.detailedDiff)) == (["a"], True, ["a.b[0]"])
    made = Properties({"a": 1, "later": UNKNOWN, "made": "secretly", "__meta": "{}"}, frozenset({"made"}))
    assert (answers["Create"].id, decode(answers["Create"].properties)) == ("", made)
    assert decode(answers["Update"].properties) == made
    assert (answers["Read"].id, answers["Read"].inputs) == ("id-1", had)
    assert decode(answers["Read"].properties).values["made"] == "secretly"
    assert decode(getattr(answers["Invoke"], "return")).values == {"say": "hello"}


async def test_what_is_served_here_never_reaches_it(home: Path) -> None:
    folder = install(home, *PACKAGE)
    async with relaying() as (stub, plugin, _):
        await stub.Create(provider_pb2.CreateRequest(urn=URN, properties=struct(a=1)))
        await stub.Invoke(provider_pb2.InvokeRequest(tok="sample:index/echo:echo"))
        # Its configuration is not known yet: then the type is not served here either, and still not there.
        del plugin.resources[TOKEN]
        plugin.serves = {TOKEN: frozenset()}
        sentence = await refused(stub.Create(provider_pb2.CreateRequest(urn=URN)))
    assert sentence == f"{TOKEN} is not served before the configuration of the provider is known."
    assert names(folder) == []


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


async def test_two_resources_at_once_start_it_once(home: Path) -> None:
    folder = install(home, *PACKAGE)
    async with relaying() as (stub, _, _):
        made = await asyncio.gather(*(stub.Create(creation(a=number)) for number in range(5)))
    assert [answer.id for answer in made] == ["id-1"] * 5
    assert names(folder) == ["start", "CheckConfig", "Configure", *["Create"] * 5, "end"]


async def test_secrets_are_unwrapped_for_one_that_takes_none_and_marked_in_its_answers(home: Path) -> None:
    folder = install(home, *PACKAGE)
    given = struct(
        word=secret("hidden"), block={"word": secret("hidden"), "name": "n"}, items=[{"word": secret("hidden")}], a=1
    )
    plain = {"word": "hidden", "block": {"word": "hidden", "name": "n"}, "items": [{"word": "hidden"}], "a": 1}

    def marked(answer: struct_pb2.Struct) -> bool:
        fields = answer.fields
        inner = fields["block"].struct_value.fields
        return (
            all(
                SIGNATURE_KEY in value.struct_value.fields for value in (fields["word"], inner["word"], fields["items"])
            )
            and inner["name"].string_value == "n"
            and fields["a"].number_value == 1
            and fields["items"]
            .struct_value.fields["value"]
            .list_value.values[0]
            .struct_value.fields["word"]
            .string_value
            == "hidden"
        )

    async with relaying() as (stub, _, _):
        checked = await stub.Check(provider_pb2.CheckRequest(urn=OTHER, olds=given, news=given))
        made = await stub.Create(provider_pb2.CreateRequest(urn=OTHER, properties=given))
        changed = await stub.Update(provider_pb2.UpdateRequest(urn=OTHER, news=given, olds=given))
        read = await stub.Read(provider_pb2.ReadRequest(urn=OTHER, id="1", inputs=given, properties=given))
        await stub.Diff(provider_pb2.DiffRequest(urn=OTHER, olds=given, news=given, old_inputs=given))
        await stub.Delete(provider_pb2.DeleteRequest(urn=OTHER, properties=given, old_inputs=given))
        found = await stub.Invoke(provider_pb2.InvokeRequest(tok=LOOK_UP, args=given))
        open_one = await stub.Invoke(provider_pb2.InvokeRequest(tok=LOOK_UP, args=struct(a=1)))
    for answer in (checked.inputs, made.properties, changed.properties, read.inputs, read.properties):
        assert marked(answer), answer
    assert decode(getattr(found, "return")).secrets == plain.keys()
    assert decode(getattr(open_one, "return")).secrets == frozenset()
    for name, message in calls(folder):
        if name in ("Check", "Create", "Update", "Read", "Diff", "Delete"):
            assert SECRET_SIGNATURE.encode() not in message.SerializeToString(), name
    assert decode(last(folder, "Create").properties) == Properties(plain)


async def test_one_that_shakes_hands_on_secrets_gets_them_as_they_are(home: Path) -> None:
    folder = install(home, *PACKAGE, "handshake")
    async with served(Own) as (stub, _, _):
        await stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="e"))
        await stub.Configure(provider_pb2.ConfigureRequest())
        await stub.Create(creation(word=secret("hidden")))
    assert decode(last(folder, "Create").properties) == Properties({"word": "hidden"}, frozenset({"word"}))


async def test_one_that_cannot_preview_is_not_asked_to(home: Path) -> None:
    folder = install(home, *PACKAGE, "no preview")
    async with relaying() as (stub, _, _):
        request = provider_pb2.CreateRequest(urn=OTHER, properties=struct(a=1), preview=True)
        made = await stub.Create(request)
        changed = await stub.Update(provider_pb2.UpdateRequest(urn=OTHER, news=struct(a=2), preview=True))
    assert (made.id, made.properties, changed.properties) == ("", struct(a=1), struct(a=2))
    assert not {"Create", "Update"} & set(names(folder))


async def test_its_failures_come_as_they_are(home: Path) -> None:
    install(home, *PACKAGE)
    async with relaying() as (stub, _, _):
        checked = await stub.Check(provider_pb2.CheckRequest(urn=OTHER, news=struct(bad=1)))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Create(creation(do="fail"))
    assert [(failure.property, failure.reason) for failure in checked.failures] == [("bad", "bad is wrong.")]
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "It cannot be made: say why."


@pytest.mark.parametrize("mode", ["takes secrets", ""])
async def test_what_is_there_but_failed_keeps_its_id_its_properties_and_its_secrets(home: Path, mode: str) -> None:
    install(home, *PACKAGE, mode)
    async with relaying() as (stub, _, _):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Create(creation(do="fail late", word=secret("hidden")))
    trailing: Any = caught.value.trailing_metadata()
    status = status_pb2.Status.FromString(dict(trailing)["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert (detail.id, list(detail.reasons)) == ("id-1", ["It is there, but does not run.", "Its log: no."])
    assert decode(detail.properties) == Properties(
        {"do": "fail late", "word": "hidden", "made": "secretly", "__meta": "{}"}, frozenset({"word", "made"})
    )
    assert decode(detail.inputs) == Properties({"do": "fail late", "word": "hidden"}, frozenset({"word"}))


async def test_an_output_in_a_string_is_refused_before_it_is_asked(home: Path) -> None:
    folder = install(home, *PACKAGE)
    text = "Calling __str__ on an Output[T] is not supported."
    async with relaying() as (stub, _, _):
        checked = await stub.Check(provider_pb2.CheckRequest(urn=OTHER, news=struct(a=text)))
        sentence = await refused(stub.Invoke(provider_pb2.InvokeRequest(tok=LOOK_UP, args=struct(a=text))))
    assert len(checked.failures) == 1
    assert sentence.startswith(f"{LOOK_UP}: ")
    assert names(folder) == []


async def test_cancel_reaches_it(home: Path) -> None:
    folder = install(home, *PACKAGE)
    async with relaying() as (stub, _, _):
        waiting = asyncio.create_task(refused(stub.Create(creation(do="wait"))))
        await until(lambda: "Create" in names(folder))
        await stub.Cancel(empty_pb2.Empty())
        assert await waiting == "cancelled"
    assert names(folder).count("Cancel") == 1


async def test_cancel_ends_its_start(home: Path) -> None:
    folder = install(home, *PACKAGE, "slow")
    async with relaying() as (stub, _, _):
        waiting = asyncio.create_task(refused(stub.Create(creation())))
        await until(lambda: "Configure" in names(folder))
        await stub.Cancel(empty_pb2.Empty())
        assert (await waiting).endswith("it was not configured yet when the command was cancelled.")
    assert names(folder)[-1] == "end"


@pytest.mark.parametrize(
    ("method", "request_", "outcome"),
    [
        ("Create", creation(do="crash"), "Whether the object was made is not known: look for it"),
        (
            "Create",
            provider_pb2.CreateRequest(urn=OTHER, properties=struct(do="crash"), preview=True),
            "This call changes nothing: run the command again.",
        ),
        (
            "Update",
            provider_pb2.UpdateRequest(urn=OTHER, news=struct(do="crash")),
            "Whether the object was changed is not known: run `pulumi refresh`",
        ),
        ("Invoke", provider_pb2.InvokeRequest(tok=LOOK_UP, args=struct(do="crash")), "This call changes nothing"),
    ],
)
async def test_when_it_ends_in_the_middle_a_sentence_says_so(
    home: Path, method: str, request_: Any, outcome: str
) -> None:
    folder = install(home, *PACKAGE)
    async with relaying() as (stub, _, _):
        sentence = await refused(getattr(stub, method)(request_))
        later = await refused(stub.Delete(provider_pb2.DeleteRequest(urn=OTHER)))
    about = LOOK_UP if method == "Invoke" else OTHER
    assert sentence.startswith(
        f"The official sample plugin ended (killed by SIGKILL) in the middle of {method} for {about}. {outcome}"
    )
    assert "\n  panic: no such thing" in sentence
    assert later == (
        f"{OTHER} was not passed on: {folder / 'pulumi-resource-sample'} has ended before (killed by SIGKILL). Run the "
        "command again."
    )
    assert names(folder).count("start") == 1


async def test_a_configuration_that_it_refuses(home: Path) -> None:
    folder = install(home, *PACKAGE)
    async with relaying(badOne="x", badTwo="y") as (stub, _, _):
        sentence = await refused(stub.Create(creation()))
    assert sentence.endswith(
        f"{folder / 'pulumi-resource-sample'} refuses its configuration:\nbadOne is wrong.\nbadTwo is wrong."
    )
    assert names(folder)[-1] == "end"


MISSING = (
    "is not served by this project's sample plugin, but passed on: the official sample plugin 1.2.3 is needed, and it "
    "is not installed. Looked for in {home}/plugins/resource-sample-v1.2.3 and {user}/.pulumi/plugins/"
    "resource-sample-v1.2.3. {why}\nInstall it with `" + INSTALL + "`. Where its download cannot be reached, take the "
    "archive from https://github.com/pulumi/pulumi-sample/releases/tag/v1.2.3 on another machine and add "
    "`--file ARCHIVE`."
)


def missing(home: Path, why: str) -> str:
    return MISSING.format(home=home, user=home.parent / "user", why=why)


async def test_where_it_cannot_be_had_a_sentence_says_what_was_looked_for_and_what_to_do(home: Path) -> None:
    why = "It cannot be downloaded: there is no `pulumi` on PATH."
    requests = {
        "Check": provider_pb2.CheckRequest(urn=OTHER),
        "Create": provider_pb2.CreateRequest(urn=OTHER),
        "Read": provider_pb2.ReadRequest(urn=OTHER),
        "Delete": provider_pb2.DeleteRequest(urn=OTHER),
    }
    async with relaying() as (stub, _, _):
        for name, request in requests.items():
            assert await refused(getattr(stub, name)(request)) == f"sample:index/other:Other {missing(home, why)}"
        looked_up = await refused(stub.Invoke(provider_pb2.InvokeRequest(tok=LOOK_UP)))
    assert looked_up == f"{LOOK_UP} {missing(home, why)}\nWithout it: use getOther."
    assert "plugins.providers" not in looked_up


async def test_nothing_is_downloaded_where_pulumi_is_told_not_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NO_DOWNLOADS, "true")
    pulumi(home, "touch $PULUMI_HOME/asked")
    async with relaying() as (stub, _, _):
        sentence = await refused(stub.Create(creation()))
    assert sentence.endswith(missing(home, f"It is not downloaded, because {NO_DOWNLOADS} is set."))
    assert not (home / "asked").exists()


def pulumi(home: Path, script: str) -> None:
    """A `pulumi` on PATH that does as it is told when something is to be installed."""
    command = home.parent / "bin" / "pulumi"
    command.write_text(
        f'#!/bin/sh\nPATH=/usr/bin:/bin\nmkdir -p $PULUMI_HOME\necho "$@" >> $PULUMI_HOME/ran\n{script}\n'
    )
    command.chmod(0o755)


async def test_it_is_downloaded_when_it_is_first_needed_and_the_progress_is_shown(home: Path) -> None:
    apart = install(home.parent / "server", *PACKAGE)
    pulumi(home, f"echo; printf 'Downloading 10%%\\rDownloading 100%%\\r'; cp -r {apart.parent} $PULUMI_HOME/plugins")
    async with relaying() as (stub, _, log):
        assert not (home / "ran").exists()
        made = await asyncio.gather(stub.Create(creation()), stub.Create(creation()))
    assert [answer.id for answer in made] == ["id-1"] * 2
    assert (home / "ran").read_text() == "plugin install resource sample v1.2.3\n"
    assert [(line.urn, line.message, line.ephemeral) for line in log.lines] == [
        (OTHER, f"Downloading the official sample plugin 1.2.3: `{INSTALL}`.", False),
        (OTHER, "Downloading 10%", True),
        (OTHER, "Downloading 100%", True),
    ]


async def test_a_download_that_fails_is_told_once_it_was_tried_once(home: Path) -> None:
    pulumi(home, "echo 'error: 404 HTTP error fetching plugin' >&2; exit 255")
    async with relaying() as (stub, _, _):
        sentence, again = await refused(stub.Create(creation())), await refused(stub.Create(creation()))
    why = f"`{INSTALL}` ended with exit code 255 and said:\n  error: 404 HTTP error fetching plugin"
    assert sentence.endswith(missing(home, why))
    assert again == sentence
    assert (home / "ran").read_text().count("install") == 1


async def test_a_download_ends_with_the_command(home: Path) -> None:
    pulumi(home, "sleep 60 &\necho $! > $PULUMI_HOME/pid\nwait")
    async with relaying() as (stub, _, _):
        waiting = asyncio.create_task(refused(stub.Create(creation())))
        pid = home / "pid"
        await until(lambda: pid.exists() and pid.read_text().strip())
        await stub.Cancel(empty_pb2.Empty())
        assert "Its download was cancelled." in await waiting
    await until(lambda: not alive(int(pid.read_text())))


async def test_one_that_is_still_being_installed_is_not_there(home: Path) -> None:
    folder = install(home, *PACKAGE)
    folder.with_name(f"{folder.name}.partial").touch()
    async with relaying() as (stub, _, _):
        assert "it is not installed" in await refused(stub.Create(creation()))


async def test_it_is_also_found_in_the_users_own_pulumi_home(home: Path) -> None:
    install(home.parent / "user" / ".pulumi", *PACKAGE)
    async with relaying() as (stub, _, _):
        assert (await stub.Create(creation())).id == "id-1"


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


async def test_this_projects_own_plugin_in_its_place_does_not_start_itself_for_ever(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(home, *PACKAGE)
    monkeypatch.setenv(relay.RELAYED, "sample")
    async with relaying() as (stub, _, _):
        told = await refused(stub.Create(creation()))
    assert "is this project's own once more" in told
    assert f"`{INSTALL} --reinstall`" in told


async def test_where_no_server_may_be_spoken_to_it_is_not_started(home: Path) -> None:
    folder = install(home, *PACKAGE)
    async with relaying() as (stub, plugin, _):
        plugin.relay.closed_because = "It is not: OFFLINE is set."
        told = await refused(stub.Create(creation()))
    assert (
        told == "sample:index/other:Other would be passed on to the official sample plugin. It is not: OFFLINE is set."
    )
    assert names(folder) == []


async def test_its_schema_is_asked_for_without_a_configuration(home: Path) -> None:
    folder = install(home, *PACKAGE)
    (folder / "schema.json").write_text(json.dumps({"name": "sample"}))
    async with served(Own) as (_, plugin, _):
        assert await plugin.relay.schema(provider_pb2.GetSchemaRequest()) == '{"name": "sample"}'
    assert names(folder) == ["start", "GetSchema", "end"]


async def test_no_schema_of_one_that_is_not_installed(home: Path) -> None:
    pulumi(home, "exit 1")
    async with served(Own) as (_, plugin, _):
        assert await plugin.relay.schema(provider_pb2.GetSchemaRequest()) is None
    assert not (home / "ran").exists()


async def test_an_engine_that_hands_over_no_arguments_but_its_address() -> None:
    assert Engine("127.0.0.1:1").arguments == ("127.0.0.1:1",)
    assert Engine("127.0.0.1:1", ["-v=1", "127.0.0.1:1"]).arguments == ("-v=1", "127.0.0.1:1")
