"""What is asked of a registry where only a node knows the credentials."""

import pytest
from aiohttp import web

from providers.nomad.preflight import check_job_images
from providers.nomad.registry import Registries
from providers.nomad.spec import Spec
from tests.unit.providers.loopback import serving


@pytest.mark.parametrize("status", [401, 404])
@pytest.mark.parametrize("key", ["username", "password", "server_address"])
async def test_credentials_that_only_a_node_fills_in(status: int, key: str) -> None:
    """Finding RW-62: they were sent to the registry as they are written, and its refusal forbade the registration."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    auth = {"username": "deploy", "password": "hunter22", key: "${NOMAD_META_x}"}
    async with serving(answer) as server:
        config = {"image": f"{server.host}/team/app:1", "auth": [auth]}
        group = {"Name": "web", "Tasks": [{"Name": "t", "Driver": "docker", "Config": config}]}
        findings = await check_job_images(Registries(), Spec({"ID": "web", "TaskGroups": [group]}, False), preview=True)
    assert "Authorization" not in server.asked[0].headers
    assert not findings.problems
    (warning,) = findings.warnings
    assert "only a node fills in the ${...} in the credentials of its auth block" in warning
    assert "hunter22" not in warning
