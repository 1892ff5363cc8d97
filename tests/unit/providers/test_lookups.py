"""The look-ups against a Nomad on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from providers.http_api import Tls
from providers.nomad.client import NomadClient
from providers.nomad.config import NomadConfig
from providers.nomad.lookups import functions
from providers.plugin import ProviderError
from providers.properties import Properties
from tests.unit.providers.loopback import serving
from tests.unit.providers.nomad_objects import Objects
from tests.unit.providers.recordings import recorded


class Lookups:
    """All look-ups of one client, called by their short names."""

    def __init__(self, client: NomadClient) -> None:
        self._functions = functions(client)

    async def __call__(self, name: str, **arguments: Any) -> Properties:
        return await self._functions[f"nomad:index/{name}:{name}"](Properties(arguments))


@asynccontextmanager
async def lookups(**objects: Any) -> AsyncIterator[Lookups]:
    """Look-ups in a Nomad that answers with `objects` by path."""
    nomad = Objects()
    nomad.objects.update({path.replace("__", "/"): found for path, found in objects.items()})
    async with serving(nomad.handle) as asked:
        client = NomadClient(NomadConfig(asked.url, None, None, Tls(), {}, None))
        try:
            yield Lookups(client)
        finally:
            await client.close()


async def test_a_job() -> None:
    job = {**recorded("successful")["job"], "ID": "web", "SubmitTime": 1795415739715586930}
    async with lookups(__v1__job__web=job, __v1__job__web__deployments=[]) as look_up:
        found = (await look_up("getJob", jobId="web")).values
    assert (found["id"], found["jobId"], found["type"], found["namespace"]) == ("web", "web", "service", "default")
    assert found["modifyIndex"] == job["ModifyIndex"]
    assert found["jobModifyIndex"] == job["JobModifyIndex"]
    assert [group["name"] for group in found["taskGroups"]] == [group["Name"] for group in job["TaskGroups"]]
    assert found["submitTime"] == str(job["SubmitTime"])
    assert "jobspec" not in found


async def test_what_is_not_there_is_told() -> None:
    async with lookups() as look_up:
        with pytest.raises(ProviderError, match='there is no job "web" in namespace team'):
            await look_up("getJob", jobId="web", namespace="team")
        with pytest.raises(ProviderError, match='there is no variable "a/b" in namespace default'):
            await look_up("getVariable", path="a/b")


async def test_namespaces() -> None:
    async with lookups(__v1__namespaces=[{"Name": "team"}, {"Name": "default"}]) as look_up:
        assert (await look_up("getNamespaces")).values["namespaces"] == ["default", "team"]


async def test_datacenters() -> None:
    nodes = [
        {"Datacenter": "eu-2", "Status": "ready"},
        {"Datacenter": "eu-1", "Status": "down"},
        {"Datacenter": "us-1", "Status": "ready"},
        {"Datacenter": "us-1", "Status": "ready"},
    ]
    async with lookups(__v1__nodes=nodes) as look_up:
        assert (await look_up("getDatacenters")).values["datacenters"] == ["eu-1", "eu-2", "us-1"]
        assert (await look_up("getDatacenters", prefix="eu")).values["datacenters"] == ["eu-1", "eu-2"]
        found = (await look_up("getDatacenters", prefix="eu", ignoreDownNodes=True)).values
        assert (found["datacenters"], found["ignoreDownNodes"]) == (["eu-2"], True)


async def test_a_variables_items_are_a_secret() -> None:
    async with lookups(__v1__var__a__b={"Path": "a/b", "Namespace": "default", "Items": {"k": "v"}}) as look_up:
        found = await look_up("getVariable", path="a/b")
    assert found.values == {"id": "a/b@default", "path": "a/b", "namespace": "default", "items": {"k": "v"}}
    assert found.secrets == {"items"}


async def test_wrong_arguments_are_told_at_once() -> None:
    async with lookups() as look_up:
        with pytest.raises(ProviderError) as refused:
            await look_up("getDatacenters", prefx="eu", ignoreDownNodes="yes")
    assert str(refused.value) == (
        'getDatacenters: "prefx" is not an input. Did you mean "prefix"? '
        "ignoreDownNodes is 'yes'; it must be true or false."
    )
