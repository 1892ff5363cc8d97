"""Datacenters without a node, regions that are none."""

import asyncio

import pytest

from providers.http_api import ApiError
from providers.nomad.places import Places, unknown_region
from tests.unit.providers.nomad_stub import FakeNomad

NODES = [{"Datacenter": "dc1"}, {"Datacenter": "dc2"}]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (None, None),
        (["*"], None),
        (["dc1"], None),
        (["dc*"], None),
        (["dc1", "dc9"], 'job "web": no node is in datacenter "dc9"; there are nodes in dc1, dc2'),
        (["eu-*", "us"], 'job "web": no node is in the datacenters "eu-*", "us"; there are nodes in dc1, dc2'),
    ],
)
def test_datacenters(asked: list[str] | None, told: str | None) -> None:
    nomad = FakeNomad(nodes=NODES)
    assert asyncio.run(Places(nomad.client).empty_datacenters({"ID": "web", "Datacenters": asked})) == told


def test_all_jobs_share_one_look() -> None:
    nomad = FakeNomad(nodes=NODES)

    async def ask() -> None:
        places = Places(nomad.client)
        await asyncio.gather(*(places.empty_datacenters({"ID": "web", "Datacenters": ["dc1"]}) for _ in range(5)))

    asyncio.run(ask())
    assert len(nomad.made("nodes")) == 1


def test_a_token_that_may_not_read_nodes_learns_nothing() -> None:
    nomad = FakeNomad(nodes=ApiError("Permission denied", 403, "Permission denied"))
    assert asyncio.run(Places(nomad.client).empty_datacenters({"ID": "web", "Datacenters": ["dc9"]})) is None


@pytest.mark.parametrize(
    ("region", "told"),
    [("", None), ("eu", None), ("mars", 'there is no region "mars"; http://127.0.0.1:4646 knows eu, us')],
)
def test_regions(region: str, told: str | None) -> None:
    nomad = FakeNomad(regions=["eu", "us"])
    assert asyncio.run(unknown_region(nomad.client, region)) == told
