"""Every resource and look-up of the SDKs, as they are installed: served here, or passed on to the official plugin."""

import importlib
import importlib.resources
import json
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from providers import official
from providers.consul.__main__ import ConsulPlugin
from providers.nomad import offline
from providers.nomad.__main__ import NomadPlugin
from providers.plugin import Plugin
from providers.protocol import provider_pb2
from providers.schema import completed, schema, tokens
from tests.unit.providers.loopback import serving
from tests.unit.providers.official_stub import calls, install
from tests.unit.providers.test_http_api import ok
from tests.unit.providers.test_plugin import refused, served, struct

PLUGINS: tuple[type[Plugin], ...] = (NomadPlugin, ConsulPlugin)
LEAST = {"pulumi_nomad": (18, 27), "pulumi_consul": (33, 24)}
"""How many resources and look-ups the SDKs have at least, so that a look at nothing is seen."""


def of_sources(sdk: str) -> tuple[set[str], set[str]]:
    """The tokens of resources and look-ups, as they stand in the SDK's modules."""
    resources, look_ups = set(), set()
    for path in importlib.resources.files(sdk).iterdir():
        if path.name.endswith(".py"):
            text = path.read_text(encoding="utf-8")
            resources |= set(re.findall(r'(?m)^@pulumi\.type_token\("(.*)"\)$', text))
            look_ups |= set(re.findall(r"pulumi\.runtime\.invoke(?:_output)?\('([^']*)'", text))
    package = sdk.removeprefix("pulumi_")
    return {token for token in resources if token.startswith(f"{package}:")}, look_ups


async def a_leader(request: web.Request) -> web.StreamResponse:
    return ok("leader" if request.path.endswith("leader") else {})


@pytest.mark.parametrize("make", PLUGINS)
async def test_each_is_served_here_or_reaches_the_official_plugin(make: type[Plugin], home: Path) -> None:
    resources, look_ups = of_sources(make.sdk)
    assert len(resources) >= LEAST[make.sdk][0]
    assert len(look_ups) >= LEAST[make.sdk][1]
    pinned = json.loads(importlib.resources.files(make.sdk).joinpath("pulumi-plugin.json").read_text())
    folder = install(home, pinned["name"], pinned["version"])
    async with serving(a_leader) as server, served(make) as (stub, plugin, _):
        await stub.Configure(provider_pb2.ConfigureRequest(args=struct(address=server.url)))
        here = {*plugin.resources, *plugin.functions}
        for token in sorted(resources - here):
            urn = f"urn:pulumi:dev::caravan::{token}::mine"
            await stub.Check(provider_pb2.CheckRequest(urn=urn, news=struct(a=1)))
        for token in sorted(look_ups - here):
            await stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=struct(a=1)))
    asked = [message for name, message in calls(folder) if name in ("Check", "Invoke")]
    passed_on = {message.urn.split("::")[2] if hasattr(message, "urn") else message.tok for message in asked}
    assert here == make.serves.keys()
    assert here | passed_on == resources | look_ups
    assert not here & passed_on


@pytest.mark.parametrize("make", PLUGINS)
def test_the_schema_is_of_the_whole_sdk(make: type[Plugin]) -> None:
    resources, look_ups = of_sources(make.sdk)
    assert set(tokens(make.sdk)) == resources | look_ups
    whole = json.loads(schema(make.name, make.version, make.sdk, dict.fromkeys(tokens(make.sdk), frozenset())))
    assert (set(whole["resources"]), set(whole["functions"])) == (resources, look_ups)


@pytest.mark.parametrize("make", PLUGINS)
def test_what_can_be_done_without_the_official_plugin_is_about_types_that_it_serves(make: type[Plugin]) -> None:
    resources, look_ups = of_sources(make.sdk)
    assert make.instead.keys() <= (resources | look_ups) - make.serves.keys()


@pytest.mark.parametrize("make", PLUGINS)
def test_the_settings_of_these_plugins_alone_are_not_the_sdks(make: type[Plugin]) -> None:
    provider: Any = importlib.import_module(f"{make.sdk}.provider").ProviderArgs
    theirs = {getattr(one.fget, "_pulumi_name", "") for one in vars(provider).values() if isinstance(one, property)}
    assert not make.own_settings & theirs
    assert theirs


def test_the_official_schema_is_taken_for_what_is_not_served_here() -> None:
    own = {
        "name": "nomad",
        "resources": {"a": {"of": "own"}, "b": {"of": "own"}},
        "functions": {"f": {"of": "own"}},
        "types": {"t": {"of": "own"}},
    }
    theirs = {"resources": {"a": {"of": "theirs"}, "b": {"of": "theirs"}}, "types": {"t": {}, "u": {"of": "theirs"}}}
    whole = json.loads(completed(json.dumps(own), json.dumps(theirs), {"a"}))
    assert whole == {
        "name": "nomad",
        "resources": {"a": {"of": "own"}, "b": {"of": "theirs"}},
        "functions": {"f": {"of": "own"}},
        "types": {"t": {"of": "own"}, "u": {"of": "theirs"}},
    }


async def test_the_plugin_answers_the_official_schema_where_that_plugin_is_installed(home: Path) -> None:
    folder = install(home, "nomad", official.version_of_sdk("pulumi_nomad") or "")
    token = "nomad:index/csiVolume:CsiVolume"
    theirs = {"resources": {token: {"of": "theirs"}, "nomad:index/job:Job": {"of": "theirs"}}}
    (folder / "schema.json").write_text(json.dumps(theirs))
    async with served(NomadPlugin) as (stub, _, _):
        found = json.loads((await stub.GetSchema(provider_pb2.GetSchemaRequest())).schema)
    assert found["resources"][token] == {"of": "theirs"}
    assert found["resources"]["nomad:index/job:Job"]["requiredInputs"] == ["jobspec"]


async def test_an_offline_preview_passes_nothing_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = install(home, "nomad", NomadPlugin.version)
    monkeypatch.setenv(offline.ASKED_BY, "true")
    urn = "urn:pulumi:dev::caravan::nomad:index/schedulerConfig:SchedulerConfig::mine"
    async with served(NomadPlugin) as (stub, _, _):
        await stub.Configure(provider_pb2.ConfigureRequest())
        told = await refused(stub.Check(provider_pb2.CheckRequest(urn=urn)))
    assert told == (
        "nomad:index/schedulerConfig:SchedulerConfig would be passed on to the official nomad plugin. It is not: "
        "CARAVAN_OFFLINE_PREVIEW is set, so Nomad is not spoken to, as that plugin would do. Unset it."
    )
    assert list(calls(folder)) == []


def test_the_version_is_that_of_the_sdk() -> None:
    assert official.version_of_sdk("pulumi_nomad") == NomadPlugin.version
    assert official.version_of_sdk("pulumi_consul") == ConsulPlugin.version
    assert official.version_of_sdk("pulumi_of_nobody") is None
    assert official.version_of_sdk("") is None
