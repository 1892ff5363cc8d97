"""Names and values that mean something to a URL, a shell, a template or HCL: refused in a sentence, or kept.

Against the real APIs, by the providers' own resources: the CLI could not run so many examples.
"""

import asyncio
import base64
import json
import re
import urllib.parse
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from providers.consul.client import ConsulClient
from providers.consul.config import ConsulConfig
from providers.consul.config_entry import ConfigEntryResource
from providers.consul.entry_graph import EntryGraph
from providers.consul.keys import KeysResource
from providers.http_api import Tls
from providers.nomad.variable import VariableResource
from providers.plugin import CheckFailure, Diff, Engine, ProviderError
from providers.properties import Properties
from tests.cluster.api import Api
from tests.cluster.provider import Log, Provider
from toolchain.cluster import Addresses

pytestmark = pytest.mark.cluster

PIECES = [
    "../",
    "..",
    ".",
    "/",
    "//",
    "?",
    "?purge=true",
    "#",
    "%",
    "%2F",
    "%00",
    "&",
    "=",
    "@",
    ",",
    ":",
    ";",
    "-",
    "a",
]
PIECES += [
    "\n",
    "\r\n",
    "\t",
    " ",
    "\x00",
    "\x1b[31m",
    '"',
    "'",
    "\\",
    "\\n",
    "`id`",
    "$(id)",
    "$HOME",
    "${HOME}",
    "${",
]
PIECES += ["%{ if true }", '{{ env "HOME" }}', "{{", "}}", "<<EOF\n", "é", "日本", "\u202e", "\U0001f600", "x" * 300]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
NAMES = TEXTS.map(lambda text: f"hostile{text}")

few = settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


async def made(resource: Any, urn: str, inputs: Properties) -> tuple[str, Properties] | str:
    """Previews and makes an object: its ID and outputs; or where it is refused, the sentences."""
    failures: list[CheckFailure] = await resource.check(urn, Properties(), inputs)
    refusals = [failure.reason for failure in failures]
    if not refusals:
        try:
            await resource.create(urn, inputs, 0, True)
            created: tuple[str, Properties] = await resource.create(urn, inputs, 0, False)
            return created
        except ProviderError as error:
            refusals = [str(error)]
    for refusal in refusals:
        assert len(refusal.split()) > 3, refusal
        assert not any(unsaid in refusal for unsaid in ("Traceback", "HTTP 500", "\x1b", "\x00")), refusal
    return "\n".join(refusals)


async def goes_through(
    resource: Any, urn: str, inputs: Properties, listed: Callable[[], set[str]], name: str, same: Callable[[], bool]
) -> str:
    """Why it is refused; "" where it is made: then under that name and nothing else, unharmed, and gone at the end."""
    before = await asyncio.to_thread(listed)
    done = await made(resource, urn, inputs)
    after = await asyncio.to_thread(listed)
    assert after - before == (set() if isinstance(done, str) else {name}), done
    assert before <= after
    if isinstance(done, str):
        return done
    id_, outputs = done
    try:
        assert await asyncio.to_thread(same)
        diff: Diff = await resource.diff(urn, id_, inputs, outputs, inputs)
        assert not diff.changed
        assert not diff.replaces
    finally:
        await resource.delete(urn, id_, inputs, outputs, 0)
    assert await asyncio.to_thread(listed) == before
    return ""


def segment(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def jobspec(name: str, text: str) -> str:
    task = {
        "Name": "t",
        "Driver": "raw_exec",
        "Config": {"command": "/bin/true", "args": [text]},
        "Env": {"TEXT": text},
        "Meta": {"text": text},
        "Templates": [{"DestPath": "local/text", "EmbeddedTmpl": text}],
    }
    group = {"Name": "g", "Count": 0, "Tasks": [task]}
    return json.dumps({"ID": name, "Name": name, "Datacenters": ["dc1"], "Type": "service", "TaskGroups": [group]})


def a_job(addresses: Addresses, name: str, text: str, inputs: dict[str, Any]) -> str:
    """Why a job of this name is refused, or "": its environment, arguments, metadata and template hold the text."""
    nomad = Api(addresses.nomad)

    def same() -> bool:
        task = nomad.call("GET", f"/v1/job/{segment(name)}")["TaskGroups"][0]["Tasks"][0]
        held = [
            task["Env"]["TEXT"],
            task["Meta"]["text"],
            *task["Config"]["args"],
            task["Templates"][0]["EmbeddedTmpl"],
        ]
        return held == [text] * 4

    async def run() -> str:
        async with Provider(addresses.nomad, "hostile") as provider:
            given = provider.given(**inputs, purgeOnDestroy=True)
            return await goes_through(provider.resource, provider.urn, given, listed, name, same)

    def listed() -> set[str]:
        # Other tests may run on the same cluster: only those that bear this provider's mark.
        jobs = nomad.call("GET", "/v1/jobs?namespace=*&meta=true")
        return {job["ID"] for job in jobs if "hostile" in (job.get("Meta") or {}).get("caravan_owner", "")}

    return asyncio.run(run())


@few
@given(name=NAMES)
@example(name="hostile/../b")
@example(name="hostile é")
def test_a_jobs_name(addresses: Addresses, name: str) -> None:
    refused = a_job(addresses, name, "text", {"jobspec": jobspec(name, "text"), "json": True})
    assert not refused or re.search(r"[\s\x00\x1b\u202e]|x{300}|/\.{0,2}(/|$)", name), refused


@few
@given(text=TEXTS)
def test_a_text_in_a_job(addresses: Addresses, text: str) -> None:
    refused = a_job(addresses, "hostile", text, {"jobspec": jobspec("hostile", text), "json": True})
    assert not refused or re.search(r"[\x00{]", text), refused


HCL = """
variable "text" {
  type = string
}
job "hostile" {
  datacenters = ["dc1"]
  group "g" {
    count = 0
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/true"
        args    = [var.text]
      }
      env {
        TEXT = var.text
      }
      meta {
        text = var.text
      }
      template {
        destination = "local/text"
        data        = var.text
      }
    }
  }
}
"""


@few
@given(text=TEXTS)
def test_a_text_in_a_variable_of_a_jobspec(addresses: Addresses, text: str) -> None:
    """`hcl2.vars`: Nomad reads them from a text that the provider writes."""
    refused = a_job(addresses, "hostile", text, {"jobspec": HCL, "hcl2": {"vars": {"text": text}}})
    assert not refused or re.search(r"[\x00{]", text), refused


@few
@given(name=NAMES, text=TEXTS)
def test_a_nomad_variable(addresses: Addresses, name: str, text: str) -> None:
    nomad = Api(addresses.nomad)

    def same() -> bool:
        return bool(nomad.call("GET", f"/v1/var/{segment(name)}")["Items"] == {"text": text})

    def listed() -> set[str]:
        return {variable["Path"] for variable in nomad.call("GET", "/v1/vars?namespace=*")}

    async def run() -> str:
        async with Provider(addresses.nomad, "hostile") as provider:
            resource = VariableResource(cast(Engine, provider.log), provider.client)
            inputs = Properties({"path": name, "items": {"text": text}})
            return await goes_through(resource, f"{provider.urn}-v", inputs, listed, name, same)

    refused = asyncio.run(run())
    assert not refused or not re.fullmatch(r"[a-zA-Z0-9-_~/]{1,128}", name), refused


def with_consul(addresses: Addresses, run: Callable[[ConsulClient], Coroutine[Any, Any, str]]) -> str:
    async def connected() -> str:
        config = ConsulConfig(addresses.consul, Tls(), {}, None, None)
        api = config.api()
        try:
            return await run(ConsulClient(api, config))
        finally:
            await api.close()

    return asyncio.run(connected())


@few
@given(name=NAMES, text=TEXTS)
def test_a_key_in_consul(addresses: Addresses, name: str, text: str) -> None:
    consul = Api(addresses.consul)

    def same() -> bool:
        found = consul.call("GET", f"/v1/kv/{segment(name)}")
        return base64.b64decode(found[0]["Value"]).decode() == text

    def listed() -> set[str]:
        return set(consul.call("GET", "/v1/kv/?keys=true") or [])

    async def run(client: ConsulClient) -> str:
        inputs = Properties({"keys": [{"path": name, "value": text, "delete": True}]})
        resource = KeysResource(cast(Engine, Log()), client)
        return await goes_through(resource, "urn:pulumi:dev::caravan::k::k", inputs, listed, name, same)

    refused = with_consul(addresses, run)
    assert not refused or re.search(r"[\x00-\x1f]|x{300}|[^ -~]|/\.{0,2}(/|$)", name), refused


@few
@given(name=NAMES, text=TEXTS)
def test_a_config_entry(addresses: Addresses, name: str, text: str) -> None:
    consul = Api(addresses.consul)

    def same() -> bool:
        found = consul.call("GET", f"/v1/config/service-defaults/{segment(name)}")
        return bool(found["Meta"]["text"] == text)

    def listed() -> set[str]:
        return {entry["Name"] for entry in consul.call("GET", "/v1/config/service-defaults") or []}

    async def run(client: ConsulClient) -> str:
        entry = json.dumps({"Protocol": "http", "Meta": {"text": text}})
        inputs = Properties({"kind": "service-defaults", "name": name, "configJson": entry})
        resource = ConfigEntryResource(cast(Engine, Log()), client, EntryGraph(client))
        return await goes_through(resource, "urn:pulumi:dev::caravan::e::e", inputs, listed, name, same)

    refused = with_consul(addresses, run)
    assert not refused or not re.fullmatch(r"[a-zA-Z0-9-]{1,128}", name), refused
