"""States that the official plugins have written, of types that are served here: the other plugin changes nothing."""

from typing import Any

import pytest
from aiohttp import web

from providers.bridged import as_given, unmarked
from providers.consul.__main__ import ConsulPlugin
from providers.nomad.__main__ import NomadPlugin
from providers.nomad.job import TOKEN as JOB
from providers.nomad.namespace import NamespaceResource
from providers.nomad.variable import VariableResource
from providers.properties import Properties, encode
from providers.protocol import engine_pb2, provider_pb2
from tests.unit.providers.loopback import serving
from tests.unit.providers.nomad_objects import case
from tests.unit.providers.test_job import NONE, PRIORITY, Case
from tests.unit.providers.test_job import URN as JOB_URN
from tests.unit.providers.test_plugin import refused, served, struct

META = '{"e2bfb730-ecaa-11e6-8f88-34363bc7c4c0":{"delete":300000000000},"schema_version":"0"}'
DIFF_NONE = provider_pb2.DiffResponse.DIFF_NONE


def test_what_the_official_plugin_filled_in_is_not_what_the_program_gave() -> None:
    recorded = Properties(
        {
            "__defaults": ["detach", "word"],
            "detach": True,
            "word": "x",
            "blocks": [{"__defaults": ["method"], "method": "GET", "http": "h"}],
            "hcl2": {"__defaults": [], "vars": {"a": "1"}},
        },
        frozenset({"word", "hcl2"}),
    )
    given = {"blocks": [{"http": "h"}], "hcl2": {"vars": {"a": "1"}}}
    assert as_given(recorded) == Properties(given, frozenset({"hcl2"}))
    assert unmarked(recorded) == Properties(
        {"detach": True, "word": "x", "blocks": [{"method": "GET", "http": "h"}], "hcl2": {"vars": {"a": "1"}}},
        frozenset({"word", "hcl2"}),
    )


def test_states_of_these_plugins_are_as_they_are() -> None:
    recorded = Properties({"jobspec": "x", "__inNomad": "y", "tags": ["__meta"], "meta": {"a": "1"}})
    assert as_given(recorded) == unmarked(recorded) == recorded
    assert unmarked(Properties({"a": 1, "__meta": META})) == Properties({"a": 1})


class Step:
    """The engine's calls about a resource whose program is unchanged."""

    def __init__(self, stub: Any, urn: str, id: str, recorded: dict[str, Any], outputs: dict[str, Any]) -> None:
        self._stub, self._urn, self._id = stub, urn, id
        self._recorded, self._outputs = struct(**recorded), struct(**outputs, __meta=META)

    async def preview(self, program: dict[str, Any]) -> Any:
        """The diff between what is recorded and the program."""
        news = struct(**program)
        checked = await self._stub.Check(provider_pb2.CheckRequest(urn=self._urn, olds=self._recorded, news=news))
        assert not checked.failures
        request = provider_pb2.DiffRequest(
            urn=self._urn, id=self._id, old_inputs=self._recorded, olds=self._outputs, news=checked.inputs
        )
        return await self._stub.Diff(request)

    async def refresh(self) -> Any:
        """What a refresh finds."""
        request = provider_pb2.ReadRequest(urn=self._urn, id=self._id, inputs=self._recorded, properties=self._outputs)
        return await self._stub.Read(request)


async def test_a_job() -> None:
    it = Case()
    program = {"jobspec": it.source(), "json": True}
    filled_in = {
        "deregisterOnDestroy": True,
        "deregisterOnIdChange": True,
        "detach": True,
        "policyOverride": False,
        "preserveCounts": False,
    }
    recorded = {**program, **filled_in, "__defaults": sorted(filled_in)}
    outputs = {**program, **filled_in, "namespace": "default", "modifyIndex": "10", "name": "web", "type": "service"}
    async with served(NomadPlugin) as (stub, plugin, log):
        plugin.resources[JOB] = it.resource
        step = Step(stub, JOB_URN, it.id, recorded, outputs)
        same = await step.preview(program)
        other = await step.preview({**program, "purgeOnDestroy": True})
    assert (same.changes, list(same.diffs), list(same.replaces)) == (DIFF_NONE, [], [])
    assert list(other.diffs) == ["purgeOnDestroy"]
    assert [line for line in log.lines if line.severity == engine_pb2.ERROR] == []


@pytest.mark.parametrize("changed_by_others", [False, True])
async def test_a_job_is_deleted_that_carries_no_mark(changed_by_others: bool) -> None:
    it = Case(plan=PRIORITY if changed_by_others else NONE, allocations=[])
    it.nomad.answers["job"] = {**it.running, "Meta": {}, "JobModifyIndex": 11 if changed_by_others else 10}
    program = {"jobspec": it.source(), "json": True}
    request = provider_pb2.DeleteRequest(
        urn=JOB_URN,
        id=it.id,
        old_inputs=struct(**program, detach=True, __defaults=["detach"]),
        properties=struct(**program, namespace="default", modifyIndex="10", purgeOnDestroy=False, __meta=META),
    )
    async with served(NomadPlugin) as (stub, plugin, _):
        plugin.resources[JOB] = it.resource
        if changed_by_others:
            assert "It is not stopped." in await refused(stub.Delete(request))
        else:
            await stub.Delete(request)
    assert len(it.nomad.made("deregister")) == (not changed_by_others)


async def test_a_namespace_that_was_named_for_the_program() -> None:
    program = {"description": "a", "capabilities": {"enabledTaskDrivers": ["docker"]}}
    recorded = {
        "name": "mine-1a2b3c4",
        "description": "a",
        "capabilities": {"enabledTaskDrivers": ["docker"], "__defaults": []},
        "__defaults": ["name"],
    }
    async with case(NamespaceResource) as it, served(NomadPlugin) as (stub, plugin, _):
        plugin.resources[NamespaceResource.token] = it.resource
        it.nomad.put(
            "/v1/namespace/mine-1a2b3c4",
            {"Name": "mine-1a2b3c4", "Description": "a", "Capabilities": {"EnabledTaskDrivers": ["docker"]}},
        )
        outputs = {key: value for key, value in recorded.items() if key != "__defaults"}
        step = Step(stub, it.urn, "mine-1a2b3c4", recorded, outputs)
        same, refreshed = await step.preview(program), await step.refresh()
        other = await step.preview({**program, "description": "b"})
    assert (same.changes, list(same.diffs)) == (DIFF_NONE, [])
    assert (list(other.diffs), list(other.replaces)) == (["description"], [])
    assert refreshed.id == "mine-1a2b3c4"
    assert "__defaults" not in refreshed.inputs
    assert it.log.text() == ""


async def test_a_variable() -> None:
    program = {"path": "app/db", "items": {"a": "x"}}
    recorded = {**program, "namespace": "default", "__defaults": ["namespace"]}
    async with case(VariableResource) as it, served(NomadPlugin) as (stub, plugin, _):
        plugin.resources[VariableResource.token] = it.resource
        it.nomad.put("/v1/var/app/db", {"Path": "app/db", "Namespace": "default", "Items": {"a": "x"}})
        step = Step(stub, it.urn, "app/db@default", recorded, {**program, "namespace": "default"})
        same = await step.preview(program)
    assert (same.changes, list(same.diffs), it.log.text()) == (DIFF_NONE, [], "")


CONSUL = {
    "/v1/status/leader": "leader",
    "/v1/config/service-defaults/web": {
        "Kind": "service-defaults",
        "Name": "web",
        "Protocol": "http",
        "ModifyIndex": 7,
    },
    "/v1/catalog/node/ext": {"Node": {"Node": "ext", "Address": "10.0.0.9", "Meta": {"a": "1"}}, "Services": {}},
    "/v1/catalog/node-services/ext": {
        "Node": {"Node": "ext"},
        "Services": [{"ID": "pay", "Service": "pay", "Port": 80, "Weights": {"Passing": 1, "Warning": 1}}],
    },
    "/v1/health/node/ext": [],
    "/v1/kv/a/b": [{"Key": "a/b", "Value": "eA==", "Flags": 0, "CreateIndex": 5, "ModifyIndex": 5}],
}


async def consul(request: web.Request) -> web.StreamResponse:
    found = CONSUL.get(request.path)
    return web.Response(status=404) if found is None else web.json_response(found)


@pytest.mark.parametrize(
    ("token", "official_id", "own_id", "program"),
    [
        (
            "consul:index/configEntry:ConfigEntry",
            "service-defaults-web",
            "service-defaults/web",
            {"kind": "service-defaults", "name": "web", "configJson": '{"Protocol": "http"}'},
        ),
        ("consul:index/node:Node", "ext-10.0.0.9", "ext", {"name": "ext", "address": "10.0.0.9", "meta": {"a": "1"}}),
        ("consul:index/service:Service", "pay", "ext/pay", {"name": "pay", "node": "ext", "port": 80}),
    ],
)
async def test_objects_of_consul_under_the_ids_that_the_official_plugin_gave_them(
    token: str, official_id: str, own_id: str, program: dict[str, Any]
) -> None:
    urn = f"urn:pulumi:dev::caravan::{token}::mine"
    recorded = {**program, "__defaults": []}
    async with serving(consul) as server, served(ConsulPlugin) as (stub, _, log):
        await stub.Configure(provider_pb2.ConfigureRequest(args=struct(address=server.url)))
        for id_ in (official_id, own_id):
            step = Step(stub, urn, id_, recorded, {**program, "datacenter": "dc1"})
            same, refreshed = await step.preview(program), await step.refresh()
            assert (same.changes, list(same.diffs)) == (DIFF_NONE, []), id_
            assert refreshed.id == own_id
            assert refreshed.inputs == encode(Properties(program))
    assert [line.message for line in log.lines] == []


async def test_keys() -> None:
    program = {"keys": [{"path": "a/b", "value": "x"}]}
    filled_in = {"delete": False, "flags": 0, "__defaults": ["delete", "flags"]}
    recorded = {"keys": [{**program["keys"][0], **filled_in}], "__defaults": []}
    outputs = {"keys": [{"path": "a/b", "value": "x", "delete": False, "flags": 0}], "datacenter": "dc1", "var": {}}
    urn = "urn:pulumi:dev::caravan::consul:index/keys:Keys::mine"
    async with serving(consul) as server, served(ConsulPlugin) as (stub, _, log):
        await stub.Configure(provider_pb2.ConfigureRequest(args=struct(address=server.url)))
        step = Step(stub, urn, "consul", recorded, outputs)
        same, refreshed = await step.preview(program), await step.refresh()
        other = await step.preview({"keys": [{"path": "a/b", "value": "y"}]})
    assert (same.changes, list(same.diffs)) == (DIFF_NONE, [])
    assert list(other.diffs) == ["keys"]
    assert refreshed.inputs == encode(Properties(program))
    assert [line.message for line in log.lines] == []
