"""What is particular to namespaces."""

import pytest
from aiohttp import web

from providers.http_api import ApiError
from providers.nomad import record
from providers.nomad.client import Json
from providers.nomad.namespace import NamespaceResource
from tests.unit.providers.nomad_objects import Objects, case

ALL = {
    "name": "team",
    "description": "a",
    "quota": "q",
    "meta": {"k": "v"},
    "capabilities": {
        "disabledNetworkModes": ["host"],
        "disabledTaskDrivers": ["exec"],
        "enabledNetworkModes": ["bridge"],
        "enabledTaskDrivers": ["docker"],
    },
    "nodePoolConfig": {"default": "p", "alloweds": ["p"]},
    "consulConfig": {"default": "c", "denieds": ["d"]},
    "vaultConfig": {"default": "v", "alloweds": ["v"]},
}
WIRE = {
    "Name": "team",
    "Description": "a",
    "Quota": "q",
    "Meta": {"k": "v"},
    "Capabilities": {
        "DisabledNetworkModes": ["host"],
        "DisabledTaskDrivers": ["exec"],
        "EnabledNetworkModes": ["bridge"],
        "EnabledTaskDrivers": ["docker"],
    },
    "NodePoolConfiguration": {"Default": "p", "Allowed": ["p"]},
    "ConsulConfiguration": {"Default": "c", "Denied": ["d"]},
    "VaultConfiguration": {"Default": "v", "Allowed": ["v"]},
}


def is_version(nomad: Objects, version: str) -> None:
    nomad.objects["/v1/agent/self"] = {"member": {"Tags": {"build": version}}}


async def test_every_input_is_sent_and_read_back() -> None:
    async with case(NamespaceResource) as it:
        is_version(it.nomad, "1.11.3+ent")
        assert await it.reasons(ALL) == []
        _, outputs = await it.create(ALL)
        assert {k: v for k, v in it.nomad.objects["/v1/namespace/team"].items() if k != "ModifyIndex"} == WIRE
        assert outputs.values == ALL


async def test_inputs_of_enterprise_are_refused_by_other_editions() -> None:
    async with case(NamespaceResource) as it:
        is_version(it.nomad, "1.11.3")
        found = await it.reasons({"name": "a", "quota": "q", "vaultConfig": {"default": "v"}})
        assert found == [
            ("quota", "namespace: quota needs Nomad Enterprise; the server is 1.11.3. Take it out."),
            ("vaultConfig", "namespace: vaultConfig needs Nomad Enterprise; the server is 1.11.3. Take it out."),
        ]


async def test_a_token_that_may_not_ask_for_the_edition_leaves_the_verdict_to_nomad() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.refuse = lambda request, body: web.Response(status=403, text="Permission denied")
        assert await it.reasons({"name": "a", "quota": "q"}) == []


async def test_allowed_and_denied_exclude_each_other() -> None:
    async with case(NamespaceResource) as it:
        is_version(it.nomad, "1.11.3+ent")
        found = await it.reasons({"name": "a", "nodePoolConfig": {"alloweds": ["a"], "denieds": ["b"]}})
        assert found == [
            ("nodePoolConfig", "namespace: nodePoolConfig has both alloweds and denieds; give one of them.")
        ]


async def test_names_within_a_block_are_checked() -> None:
    async with case(NamespaceResource) as it:
        found = await it.reasons(
            {"name": "a", "capabilities": {"enabledTaskDriver": ["a"], "disabledTaskDrivers": "b"}}
        )
        assert [reason for _, reason in found] == [
            'namespace: "capabilities.enabledTaskDriver" is not an input. Did you mean "enabledTaskDrivers"?',
            "namespace: capabilities.disabledTaskDrivers is 'b'; it must be a list of texts.",
        ]


async def test_nomads_own_namespace_is_reset_not_deleted() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.put("/v1/namespace/default", {"Name": "default", "Description": "ours"})
        await it.delete("default", {"name": "default", "description": "ours"})
        assert it.nomad.objects["/v1/namespace/default"]["Description"] == "Default shared namespace"


async def test_jobs_that_are_ending_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "PAUSE_S", 0.01)
    async with case(NamespaceResource) as it:
        it.nomad.put("/v1/namespace/team", WIRE)
        left = [1, 2]

        def busy(request: web.Request, body: Json) -> web.Response | None:
            if request.method != "DELETE" or not left:
                return None
            left.pop()
            return web.Response(status=500, text='namespace "team" has non-terminal jobs in regions: [global]')

        it.nomad.refuse = busy
        await it.delete("team", ALL)
        assert "/v1/namespace/team" not in it.nomad.objects
        assert len(it.changes()) == 3


async def test_other_refusals_to_delete_are_told_at_once() -> None:
    async with case(NamespaceResource) as it:
        it.nomad.put("/v1/namespace/team", WIRE)
        it.nomad.refuse = lambda request, body: (
            web.Response(status=500, text="has associated volumes") if request.method == "DELETE" else None
        )
        with pytest.raises(ApiError, match="has associated volumes"):
            await it.delete("team", ALL)
