"""What is particular to node pools."""

import pytest
from aiohttp import web

from providers.nomad import record
from providers.nomad.client import Json
from providers.nomad.node_pool import IDENTITY_TTL_NS, NodePoolResource
from tests.unit.providers.nomad_objects import case

POOL = "/v1/node/pool/gpu"


async def test_every_input_is_sent_and_read_back() -> None:
    values = {
        "name": "gpu",
        "description": "a",
        "meta": {"k": "v"},
        "nodeIdentityTtl": "1h30m",
        "schedulerConfig": {"schedulerAlgorithm": "spread", "memoryOversubscription": "disabled"},
    }
    async with case(NodePoolResource) as it:
        it.nomad.objects["/v1/agent/self"] = {"member": {"Tags": {"build": "1.11.3+ent"}}}
        assert await it.reasons(values) == []
        _, outputs = await it.create(values)
        sent = it.nomad.objects[POOL]
        assert sent["NodeIdentityTTL"] == 5400 * 10**9
        assert sent["SchedulerConfiguration"] == {
            "SchedulerAlgorithm": "spread",
            "MemoryOversubscriptionEnabled": False,
        }
        assert outputs.values == {**values, "nodeIdentityTtl": "1h30m0s"}


async def test_nomads_default_and_another_way_to_write_a_duration_are_no_change() -> None:
    async with case(NodePoolResource) as it:
        it.nomad.put(POOL, {"Name": "gpu", "Description": "", "Meta": None, "NodeIdentityTTL": IDENTITY_TTL_NS})
        for ttl in ("24h", "1440m", "24h0m0s"):
            assert await it.diff("gpu", {"name": "gpu"}, {"name": "gpu", "nodeIdentityTtl": ttl}) == ([], [])
        assert it.log.lines == []
        assert await it.diff("gpu", {"name": "gpu"}, {"name": "gpu", "nodeIdentityTtl": "1h"}) == (
            ["nodeIdentityTtl"],
            [],
        )


async def test_what_cannot_be_honoured_is_refused() -> None:
    async with case(NodePoolResource) as it:
        it.nomad.objects["/v1/agent/self"] = {"member": {"Tags": {"build": "1.11.3"}}}
        scheduler = {"schedulerAlgorithm": "best", "memoryOversubscription": True}
        found = await it.reasons({"name": "a b", "nodeIdentityTtl": "soon", "schedulerConfig": scheduler})
        assert [reason for _, reason in found] == [
            "node pool: name is 'a b'; it must be 1 to 128 letters (a-z, A-Z), digits, hyphens and underscores.",
            'node pool: nodeIdentityTtl is \'soon\'; it must be a duration such as "90s" or "1h30m".',
            "node pool: schedulerConfig.schedulerAlgorithm is 'best'; it must be 'binpack' or 'spread'.",
            "node pool: schedulerConfig.memoryOversubscription is True; it must be a text.",
            "node pool: schedulerConfig needs Nomad Enterprise; the server is 1.11.3. Take it out.",
        ]
        found = await it.reasons({"name": "default", "schedulerConfig": {"schedulerAlgorithm": "spread"}})
        assert [name for name, _ in found] == ["name", "schedulerConfig"]
        assert "Nomad's own" in found[0][1]
        assert "needs Nomad Enterprise" in found[1][1]


async def test_nodes_that_leave_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "PAUSE_S", 0.01)
    async with case(NodePoolResource) as it:
        it.nomad.put(POOL, {"Name": "gpu"})
        left = [1]

        def busy(request: web.Request, body: Json) -> web.Response | None:
            if request.method != "DELETE" or not left:
                return None
            left.pop()
            return web.Response(status=400, text='node pool "gpu" has nodes in regions: [global]')

        it.nomad.refuse = busy
        await it.delete("gpu", {"name": "gpu"})
        assert it.changes() == ["DELETE /v1/node/pool/gpu"] * 2
