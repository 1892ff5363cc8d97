"""What Consul says of a job's services, from a Consul on loopback."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from providers.http_api import HttpApi, Tls
from providers.nomad import consul_health
from providers.nomad.consul_health import ConsulWatch, Instance
from tests.unit.providers.loopback import serving

ALLOCATION = "8c1d6945-cb88-a79f-d53b-216ce15608c3"
SERVICE_ID = f"_nomad-task-{ALLOCATION}-group-web-web-http"


class Consul:
    """One service; a query that blocks is answered when the test changes what there is to say."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.agent_checks: dict[str, Any] = {}
        self.index = 1
        self.status = 200
        self.changed = asyncio.Condition()

    async def say(self, *entries: dict[str, Any], status: int = 200) -> None:
        async with self.changed:
            self.entries, self.status = list(entries), status
            self.index += 1
            self.changed.notify_all()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/v1/agent/checks":
            return web.json_response(self.agent_checks)
        async with self.changed:
            if "index" in request.query:
                await self.changed.wait_for(lambda: self.index > int(request.query["index"]))
            if self.status != 200:
                return web.Response(status=self.status, text="Permission denied")
            headers = {"X-Consul-Index": str(self.index)} if self.index else {}
            return web.json_response(self.entries, headers=headers)


def entry(status: str, output: str = "") -> dict[str, Any]:
    check = {"ServiceID": SERVICE_ID, "CheckID": "c", "Name": "up", "Status": status, "Output": output}
    node = {"Node": "node-1", "CheckID": "serfHealth", "Name": "Serf", "Status": "passing", "ServiceID": ""}
    service = {"ID": SERVICE_ID, "Service": "web", "Port": 8080}
    return {"Node": {"Address": "10.0.0.1"}, "Service": service, "Checks": [node, check]}


def instance(status: str, output: str) -> Instance:
    return Instance("web", SERVICE_ID, "10.0.0.1:8080", status, output)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consul_health, "RETRY_PAUSE_S", 0.05)
    monkeypatch.setattr(consul_health, "AGENT_PAUSE_S", 0.02)


async def test_a_failing_check_is_remembered_when_consul_has_forgotten_it() -> None:
    consul, woken = Consul(), asyncio.Event()
    await consul.say(entry("critical"))
    async with serving(consul) as server:
        api = HttpApi("Consul", server.url, Tls(), {}, "")
        async with ConsulWatch(api, {"web"}, woken.set) as watch:
            assert not watch.known()
            await woken.wait()
            assert watch.known()
            assert watch.of_allocation(ALLOCATION) == [instance("critical", "")]
            woken.clear()
            await consul.say(entry("critical", "HTTP GET http://10.0.0.1:8080/health: 503\n"))
            await woken.wait()
            said = instance("critical", "up: HTTP GET http://10.0.0.1:8080/health: 503")
            assert watch.of_allocation(ALLOCATION) == [said]
            woken.clear()
            await consul.say()
            await woken.wait()
            assert watch.of_allocation(ALLOCATION) == []
            assert watch.last_words(ALLOCATION) == [said]
            assert watch.last_words("another") == []
        await api.close()


@pytest.mark.parametrize("known", ["", "connection refused"])
async def test_the_agent_is_asked_what_a_failing_check_says_now(known: str) -> None:
    consul, woken = Consul(), asyncio.Event()
    consul.agent_checks = {"c": {"ServiceID": SERVICE_ID, "Status": "critical", "Name": "up", "Output": "503"}}
    await consul.say(entry("critical", known))
    async with serving(consul) as server:
        api = HttpApi("Consul", server.url, Tls(), {}, "")
        async with ConsulWatch(api, {"web"}, woken.set) as watch:
            await woken.wait()
            said = [instance("critical", "up: 503")]
            for _ in range(200):
                if watch.last_words(ALLOCATION) == said:
                    break
                await asyncio.sleep(0.01)
            assert watch.last_words(ALLOCATION) == said
        await api.close()


async def test_an_instance_without_a_port_is_listed() -> None:
    consul, woken = Consul(), asyncio.Event()
    without = entry("passing")
    del without["Service"]["Port"]
    await consul.say(without)
    async with serving(consul) as server:
        api = HttpApi("Consul", server.url, Tls(), {}, "")
        async with ConsulWatch(api, {"web"}, woken.set) as watch:
            await woken.wait()
            assert watch.of_allocation(ALLOCATION) == [Instance("web", SERVICE_ID, "10.0.0.1", "passing", "")]
        await api.close()


async def test_trouble_is_told_and_ends() -> None:
    consul, woken = Consul(), asyncio.Event()
    await consul.say(status=403)
    async with serving(consul) as server:
        api = HttpApi("Consul", server.url, Tls(), {}, "")
        async with ConsulWatch(api, {"web"}, woken.set) as watch:
            await woken.wait()
            assert not watch.known()
            assert "Permission denied" in str(watch.trouble)
            await consul.say(entry("passing"))
            while not watch.known():
                woken.clear()
                await woken.wait()
            assert watch.trouble is None
            assert [i.status for i in watch.of_allocation(ALLOCATION)] == ["passing"]
        await api.close()


async def test_without_an_index_consul_is_not_asked_without_a_pause() -> None:
    consul, woken = Consul(), asyncio.Event()
    consul.index = 0
    async with serving(consul) as server:
        api = HttpApi("Consul", server.url, Tls(), {}, "")
        async with ConsulWatch(api, {"web"}, woken.set):
            await asyncio.sleep(0.2)
        await api.close()
    assert len(server.asked) < 10
