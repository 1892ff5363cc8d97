"""Whether a job that is gone had ended, by what the state records of it and of the cluster that it ran on."""

import asyncio
from typing import Any, cast

import pytest
from aiohttp import web

from providers.http_api import Tls, Unreachable
from providers.nomad.client import Json, NomadClient
from providers.nomad.config import NomadConfig
from providers.nomad.ended import RUN, Run, has_ended
from providers.nomad.job_context import JobContext
from providers.nomad.standing import Standing
from providers.nomad.which_cluster import CLUSTER, WhichCluster
from providers.plugin import Engine
from providers.properties import Properties
from tests.unit.providers.loopback import answers, serving
from tests.unit.providers.nomad_stub import FakeHub, FakeNomad, refusal
from tests.unit.providers.recordings import recorded as recording

URN = "urn:pulumi:dev::caravan::nomad:index/job:Job::charge"
DENIED = refusal(403, "Permission denied")
OLDER, YOUNGER = 900, 3
"""Indexes of clusters; the job was registered at 20."""
PURGED = [{"TriggeredBy": "job-deregister", "CreateIndex": 30}]


def state(*marks: str, **changes: Any) -> Properties:
    values = {"type": "batch", "modifyIndex": "20", RUN: Run.GOING.value, **changes}
    return Properties({**values, CLUSTER: list(marks)} if marks else values)


async def ended(outputs: Properties, nomad: FakeNomad, job: Json | None = None) -> bool:
    async def recorded() -> Json:
        return job or {"Type": "batch"}

    return await has_ended(nomad.client, WhichCluster(nomad.client), "default", "charge", outputs, recorded)


def there(servers: Any, keys: Any, index: int = OLDER, evaluations: list[Json] | None = None) -> FakeNomad:
    return FakeNomad(server_ids=servers, key_ids=keys, traces=(evaluations or [], index))


@pytest.mark.parametrize("index", [OLDER, YOUNGER])
@pytest.mark.parametrize(
    ("recorded", "servers", "keys"),
    [
        pytest.param(["key:k", "server:a", "server:b"], ["b", "c"], ["l"], id="servers replaced, keys rotated"),
        pytest.param(["key:k", "server:a"], ["c"], ["k", "l"], id="all servers replaced"),
        pytest.param(["key:k"], DENIED, ["k"], id="by keys alone"),
    ],
)
async def test_one_mark_in_common_is_the_same_cluster(recorded: list[str], servers: Any, keys: Any, index: int) -> None:
    assert await ended(state(*recorded), there(servers, keys, index))


@pytest.mark.parametrize("index", [OLDER, YOUNGER])
@pytest.mark.parametrize("recorded", [["key:k", "server:a"], ["server:a"], ["key:b", "server:a"]])
async def test_other_servers_and_other_keys_are_another_cluster(recorded: list[str], index: int) -> None:
    """Also where a key has the ID of a server."""
    assert not await ended(state(*recorded), there(["b"], ["l"], index))


@pytest.mark.parametrize(("index", "same"), [(OLDER, True), (YOUNGER, False)])
@pytest.mark.parametrize(
    ("recorded", "servers", "keys"),
    [
        pytest.param([], ["b"], ["l"], id="nothing recorded"),
        pytest.param(["key:k", "server:a"], DENIED, ["l"], id="servers not told"),
        pytest.param(["key:k", "server:a"], DENIED, Unreachable("away"), id="nothing told"),
        pytest.param(["key:k"], ["b"], ["l"], id="servers not recorded"),
    ],
)
async def test_where_servers_are_not_known_the_index_decides(
    recorded: list[str], servers: Any, keys: Any, index: int, same: bool
) -> None:
    assert await ended(state(*recorded), there(servers, keys, index)) is same


@pytest.mark.parametrize(("run", "as_ended"), [(Run.GOING, False), (Run.COMPLETE, True)])
async def test_on_the_same_cluster_a_purge_still_counts(run: Run, as_ended: bool) -> None:
    outputs = state("server:a", **{RUN: run.value})
    assert await ended(outputs, there(["a"], [], evaluations=PURGED)) is as_ended


@pytest.mark.parametrize(
    ("outputs", "job"),
    [
        (state("server:a", type="service"), {"Type": "service"}),
        (state("server:a", stop=True), {"Type": "batch"}),
        (state("server:a", **{RUN: Run.FAILED.value}), {"Type": "batch"}),
        (state("server:a"), {"Type": "batch", "Periodic": {"Spec": "* * * * *"}}),
    ],
)
async def test_nothing_is_asked_of_what_cannot_have_ended(outputs: Properties, job: Json) -> None:
    nomad = there(["a"], [])
    assert not await ended(outputs, nomad, job)
    assert nomad.calls == []


async def test_a_state_without_marks_costs_no_question() -> None:
    nomad = there(["a"], ["k"])
    assert await ended(state(), nomad)
    assert [call[0] for call in nomad.calls] == ["traces"]


@pytest.mark.parametrize(
    ("servers", "keys", "known"),
    [
        (["b", "a"], ["k"], ["key:k", "server:a", "server:b"]),
        (DENIED, ["k"], ["key:k"]),
        (["a"], Unreachable("away"), ["server:a"]),
        (DENIED, refusal(404, "not found"), []),
    ],
)
async def test_many_jobs_ask_once(servers: Any, keys: Any, known: list[str]) -> None:
    nomad = there(servers, keys)
    which = WhichCluster(nomad.client)
    found = await asyncio.gather(*(which.output(None) for _ in range(5)))
    assert found == [{CLUSTER: known} if known else {}] * 5
    assert sorted(call[0] for call in nomad.calls) == ["key_ids", "server_ids"]


@pytest.mark.parametrize(
    ("recorded", "servers", "keys", "kept"),
    [
        pytest.param(["key:k", "server:a"], ["a"], ["l"], True, id="keys rotated"),
        pytest.param(["key:k", "server:a"], ["a", "b"], ["k", "l"], True, id="a server more"),
        pytest.param(["key:k", "server:a"], DENIED, ["l"], True, id="keys rotated, servers not told"),
        pytest.param(["key:k"], DENIED, ["l"], True, id="keys rotated, servers never told"),
        pytest.param(["key:k", "server:a"], DENIED, Unreachable("away"), True, id="nothing told"),
        pytest.param(["key:k", "server:a"], ["b"], ["l"], False, id="another cluster"),
        pytest.param([], ["a"], ["k"], False, id="nothing recorded"),
    ],
)
async def test_a_refresh_keeps_the_marks_unless_they_are_of_another_cluster(
    recorded: list[str], servers: Any, keys: Any, kept: bool
) -> None:
    which = WhichCluster(there(servers, keys).client)
    there_now = (
        sorted([*(f"key:{key}" for key in keys), *(f"server:{server}" for server in servers)]) if not kept else []
    )
    assert await which.output(state(*recorded)) == {CLUSTER: recorded if kept else there_now}


def context(nomad: FakeNomad) -> JobContext:
    return JobContext(cast(Engine, None), nomad.client, FakeHub().hub, None, asyncio.Event())


DETACHED = Properties({"jobspec": '{"ID": "charge", "Type": "batch"}', "json": True, "detach": True})


async def test_a_job_that_ends_has_the_marks_in_its_outputs() -> None:
    job = {**recording("successful")["job"], "Type": "batch", "Status": "running"}
    made = await context(there(["a"], ["k"])).outputs(DETACHED, job)
    assert (made.values[RUN], made.values[CLUSTER]) == ("going", ["key:k", "server:a"])
    refreshed = await context(there(["a"], ["l"])).outputs(DETACHED, job, made)
    assert refreshed == made


@pytest.mark.parametrize("changes", [{}, {"Type": "batch", "Periodic": {"Spec": "* * * * *"}}])
async def test_nothing_is_asked_for_a_job_that_does_not_end(changes: Json) -> None:
    nomad = there(["a"], ["k"])
    made = await context(nomad).outputs(DETACHED, {**recording("successful")["job"], **changes})
    assert CLUSTER not in made.values
    assert nomad.calls == []


@pytest.mark.parametrize(("servers", "standing"), [(["a"], Standing.ENDED), (["b"], Standing.GONE)])
async def test_a_job_that_is_gone_stands_by_the_cluster(servers: list[str], standing: Standing) -> None:
    outputs = state("key:k", "server:a", namespace="default")
    assert (await context(there(servers, ["l"])).assess(URN, "charge", DETACHED, outputs)).standing is standing


def client(url: str, region: str | None = None) -> NomadClient:
    return NomadClient(NomadConfig(url, region, None, Tls(), {}, None))


MEMBERS = {
    "ServerRegion": "global",
    "Members": [
        {"Name": "one", "Tags": {"id": "a", "region": "global"}},
        {"Name": "two", "Tags": {"id": "b", "region": "global"}},
        {"Name": "far", "Tags": {"id": "c", "region": "eu"}},
        {"Name": "old", "Tags": {"region": "global"}},
    ],
}


@pytest.mark.parametrize(("region", "ids"), [(None, ["a", "b"]), ("eu", ["c"])])
async def test_the_servers_are_those_of_the_region(region: str | None, ids: list[str]) -> None:
    """Federated regions gossip with one another and have jobs of their own."""
    async with serving(answers(web.json_response(MEMBERS))) as server:
        nomad = client(server.url, region)
        assert await nomad.server_ids() == ids
        await nomad.close()


async def test_the_keys_by_their_ids() -> None:
    async with serving(answers(web.json_response({"keys": [{"kid": "k", "kty": "OKP"}, {"kid": "l"}]}))) as server:
        nomad = client(server.url)
        assert await nomad.key_ids() == ["k", "l"]
        await nomad.close()
    assert server.targets() == ["GET /.well-known/jwks.json"]


@pytest.mark.parametrize("body", [None, [], {}, {"Members": None, "keys": None}, {"Members": [1], "keys": [1]}])
async def test_an_answer_of_another_form_tells_nothing(body: Any) -> None:
    async with serving(answers(web.json_response(body))) as server:
        nomad = client(server.url)
        assert await WhichCluster(nomad).marks() == frozenset()
        await nomad.close()


async def test_an_answer_that_does_not_come_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.nomad.which_cluster.ANSWER_S", 0.05)
    async with serving(answers(lambda: web.Response(status=500, text="No cluster leader"))) as server:
        nomad = client(server.url)
        assert await WhichCluster(nomad).marks() == frozenset()
        await nomad.close()
