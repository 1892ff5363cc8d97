"""Whose Consul it is, and which one is asked about the instances of a Nomad."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from providers.http_api import HttpApi, Tls
from providers.nomad import config
from providers.nomad.client import Json
from providers.nomad.own_consul import Whose, consul_of, whose
from providers.properties import Properties
from tests.unit.providers.loopback import serving
from tests.unit.providers.nomad_stub import FakeNomad, refusal

ADVERTISED: Json = {"Consuls": [{"Name": "default", "AutoAdvertise": True, "Addr": "10.0.0.1:8500"}]}
ELSEWHERE = "https://nomad.west.example:4646"


def entry(port: int) -> Json:
    return {"ServiceAddress": "10.1.0.1", "ServicePort": port, "Address": "10.1.0.1"}


@asynccontextmanager
async def consul(servers: list[Json], clients: list[Json], *, hidden: bool = False) -> AsyncIterator[str]:
    headers = {"X-Consul-Results-Filtered-By-ACLs": "true"} if hidden else {}
    listed = {"/v1/catalog/service/nomad": servers, "/v1/catalog/service/nomad-client": clients}

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.json_response(listed.get(request.path, []), headers=headers)

    async with serving(handler) as server:
        yield server.url


@pytest.mark.parametrize(
    ("servers", "clients", "nomad", "hidden", "found"),
    [
        ([entry(4647)], [], {"agent": ADVERTISED}, False, Whose.THIS),
        ([entry(9)], [entry(4646)], {"agent": ADVERTISED}, False, Whose.THIS),
        ([entry(9)], [entry(9)], {"agent": ADVERTISED}, False, Whose.ANOTHER),
        ([], [], {"agent": ADVERTISED}, False, Whose.ANOTHER),
        # What nobody says, or may not say, is held against nobody.
        ([], [], {"agent": ADVERTISED}, True, Whose.UNKNOWN),
        ([], [], {"agent": None}, False, Whose.UNKNOWN),
        ([], [], {"agent": {"Consuls": [{"Name": "default", "AutoAdvertise": False}]}}, False, Whose.UNKNOWN),
        ([], [], {"agent": ADVERTISED, "peers": refusal(403, "no")}, False, Whose.UNKNOWN),
    ],
)
async def test_whose_it_is(
    servers: list[Json], clients: list[Json], nomad: dict[str, Any], hidden: bool, found: Whose
) -> None:
    node = {"ID": "n", "Address": "10.1.0.1"}
    fake = FakeNomad(**{"peers": ["10.1.0.1:4647"], "nodes": [node], "find": {"HTTPAddr": "10.1.0.1:4646"}, **nomad})
    async with consul(servers, clients, hidden=hidden) as address:
        api = HttpApi("Consul", address, Tls(), {}, "")
        assert await whose(fake.client, api) is found
        await api.close()


async def chosen(environment: dict[str, str], fake: FakeNomad, **inputs: Any) -> tuple[str | None, str]:
    loaded = config.load(Properties(inputs), environment)
    assert loaded is not None
    api, told = await consul_of(fake.client, loaded)
    if api is not None:
        await api.close()
    return None if api is None else api.address, told


async def test_the_environments_own_nomad_has_the_environments_consul_and_is_asked_nothing() -> None:
    environment = {"NOMAD_ADDR": "http://a:4646", "CONSUL_HTTP_ADDR": "http://b:8500"}
    for inputs in ({}, {"address": "http://a:4646/"}):
        fake = FakeNomad()
        assert await chosen(environment, fake, **inputs) == ("http://b:8500", "")
        assert fake.calls == []


async def test_an_address_that_is_given_is_taken() -> None:
    environment = {"CONSUL_HTTP_ADDR": "http://b:8500"}
    assert await chosen(environment, FakeNomad(), address=ELSEWHERE, consulAddress="http://c:8500") == (
        "http://c:8500",
        "",
    )


async def test_another_clusters_consul_is_not_asked_and_that_is_said() -> None:
    fake = FakeNomad(agent={"Consuls": [{"Name": "default", "AutoAdvertise": True, "Addr": "127.0.0.1:8500"}]})
    fake.address = ELSEWHERE
    async with consul([], []) as address:
        found, told = await chosen({"CONSUL_HTTP_ADDR": address}, fake, address=ELSEWHERE)
    assert found is None
    assert told.startswith(f"The Consul at {address} (CONSUL_HTTP_ADDR) is not the one of the Nomad at {ELSEWHERE}")


async def test_the_environments_consul_can_be_left_alone() -> None:
    ignored = {"CONSUL_HTTP_ADDR": True}
    environment = {"CONSUL_HTTP_ADDR": "http://b:8500"}
    assert await chosen(environment, FakeNomad(), address=ELSEWHERE, ignoreEnvVars=ignored) == (None, "")
