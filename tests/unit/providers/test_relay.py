"""What a plugin does not serve itself, passed on to a plugin in the official one's place."""

import asyncio
import json
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]

from providers.properties import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN, Properties, decode
from providers.protocol import provider_pb2
from tests.unit.providers.official_stub import calls, install
from tests.unit.providers.relaying import LOOK_UP, PACKAGE, Own, creation, last, names, relaying, secret, until
from tests.unit.providers.test_plugin import OTHER, TOKEN, URN, refused, served, struct


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
