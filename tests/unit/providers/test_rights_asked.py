"""Rights that a preview asks about before they are needed."""

import json
from typing import Any

import pytest
from aiohttp import web

from providers.consul.client import ConsulClient
from providers.consul.config import ConsulConfig
from providers.consul.rights import MAX_QUESTIONS, Right
from providers.http_api import ApiError, Tls
from providers.nomad.register_rights import RegisterRights
from tests.unit.providers.loopback import Loopback, answers, serving
from tests.unit.providers.nomad_stub import FakeNomad

DENIED = ApiError("It needs register-job.", 403, "Permission denied")
STALE = ApiError("Enforcing job modify index 9223372036854775808: job does not exist", 500, "")


def job(name: str, **volume: Any) -> dict[str, Any]:
    return {
        "ID": name,
        "Namespace": "default",
        "TaskGroups": [{"Name": "g", "Volumes": {"v": volume} if volume else {}}],
    }


@pytest.mark.parametrize(("answer", "said"), [(DENIED, "It needs register-job."), (STALE, "")])
async def test_nomad_is_asked_once_for_the_jobs_that_need_the_same(answer: ApiError, said: str) -> None:
    nomad, rights = FakeNomad(token="t", try_to_register=answer), RegisterRights()
    for one in (job("a"), job("b"), job("c", Type="csi", Source="disk")):
        assert await rights.lacking(nomad.client, one, policy_override=False) == said
    assert [asked[0]["ID"] for asked in nomad.made("try_to_register")] == ["a", "c"]


async def test_nomad_is_not_asked_without_a_token() -> None:
    nomad = FakeNomad()
    assert await RegisterRights().lacking(nomad.client, job("a"), policy_override=False) == ""
    assert nomad.calls == []


def consul(server: Loopback) -> ConsulClient:
    config = ConsulConfig(server.url, Tls(), {}, None, None)
    return ConsulClient(config.api(), config)


KEYS = [Right("key", "write", f"web/{number}") for number in range(MAX_QUESTIONS + 1)]


def allowed(count: int, *denied: int) -> web.Response:
    return web.json_response([{"Allow": number not in denied} for number in range(count)])


async def test_consul_names_each_missing_right_as_a_policy_says_it() -> None:
    asked = [Right("service", "write", "web"), Right("intention", "write", "web"), Right("mesh", "write")]
    async with serving(answers(allowed(3, 0, 1, 2))) as server:
        client = consul(server)
        said = await client.lacking(asked)
        await client.api.close()
    assert json.loads(server.asked[0].body)[1] == {"Resource": "intention", "Access": "write", "Segment": "web"}
    assert said == (
        f'Consul at {server.url} will not take it: the token lacks service "web" {{ policy = "write" }}, '
        'service "web" { intentions = "write" }, mesh = "write". docs/security.md lists what deploying needs.'
    )


async def test_consul_takes_so_many_questions_at_once() -> None:
    async with serving(answers(allowed(MAX_QUESTIONS), allowed(1, 0))) as server:
        client = consul(server)
        said = await client.lacking(KEYS)
        await client.api.close()
    assert f'key "web/{MAX_QUESTIONS}" {{ policy = "write" }}' in said
    assert len(server.asked) == 2


async def test_a_consul_without_acls_is_asked_once() -> None:
    async with serving(answers(web.Response(status=401, text="ACL support disabled"))) as server:
        client = consul(server)
        assert [await client.lacking(KEYS[:1]) for _ in range(2)] == ["", ""]
        await client.api.close()
    assert len(server.asked) == 1


async def test_a_token_that_consul_does_not_know() -> None:
    async with serving(answers(web.Response(status=403, text="ACL not found"))) as server:
        client = consul(server)
        assert "Consul does not know the token" in await client.lacking(KEYS[:1])
        await client.api.close()
