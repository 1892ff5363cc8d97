"""Whether an image exists, asked of registries on loopback."""

from typing import Any

import pytest
from aiohttp import encode_basic_auth, web

from providers.nomad import registry
from providers.nomad.preflight import check_job_images
from providers.nomad.registry import Found, Registries, TaskImage, check_image, task_images
from providers.nomad.spec import Spec
from tests.ports import free_ports
from tests.unit.providers.loopback import answers, serving

DIGEST = "sha256:" + "a" * 64


def image(reference: str, user: str | None = None, password: str | None = None, *, built: bool = False) -> TaskImage:
    return TaskImage("group web, task app", reference, user, password, built)


@pytest.fixture
def asked_urls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every URL that a registry would be asked for; nobody is asked."""
    urls: list[str] = []

    async def head(url: str, image: TaskImage) -> int:
        urls.append(url)
        return 200

    monkeypatch.setattr(registry, "_head", head)
    return urls


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("redis", "https://registry-1.docker.io/v2/library/redis/manifests/latest"),
        ("redis:7.2", "https://registry-1.docker.io/v2/library/redis/manifests/7.2"),
        ("grafana/loki:3", "https://registry-1.docker.io/v2/grafana/loki/manifests/3"),
        ("docker.io/library/redis:7", "https://registry-1.docker.io/v2/library/redis/manifests/7"),
        ("docker.io/redis", "https://registry-1.docker.io/v2/library/redis/manifests/latest"),
        ("ghcr.io/org/app:1", "https://ghcr.io/v2/org/app/manifests/1"),
        ("registry.example:5000/a/b/c:1.0-x", "https://registry.example:5000/v2/a/b/c/manifests/1.0-x"),
        ("127.0.0.1:5000/hello:1", "http://127.0.0.1:5000/v2/hello/manifests/1"),
        ("localhost/hello", "http://localhost/v2/hello/manifests/latest"),
        ("localhost:5000/hello", "http://localhost:5000/v2/hello/manifests/latest"),
        ("[::1]:5000/hello:1", "http://[::1]:5000/v2/hello/manifests/1"),
        (f"ghcr.io/org/app@{DIGEST}", f"https://ghcr.io/v2/org/app/manifests/{DIGEST}"),
        (f"ghcr.io/org/app:1@{DIGEST}", f"https://ghcr.io/v2/org/app/manifests/{DIGEST}"),
        ("a/b_c/d__e/f-g/h.i", "https://registry-1.docker.io/v2/a/b_c/d__e/f-g/h.i/manifests/latest"),
    ],
)
async def test_references(asked_urls: list[str], reference: str, url: str) -> None:
    assert (await check_image(image(reference))).found is Found.YES
    assert asked_urls == [url]


@pytest.mark.parametrize(
    "reference",
    ["", "Hello", "hello:", "hello:a b", "hello@sha256:short", "ghcr.io/Org/app", "../hello", "hello/", "a:b:c", "é"],
)
async def test_invalid_references(asked_urls: list[str], reference: str) -> None:
    found = await check_image(image(reference))
    assert (found.found, found.text) == (Found.INVALID, f"{reference!r} is not a valid image reference")
    assert asked_urls == []


async def test_an_image_that_is_there() -> None:
    async with serving(answers(web.Response())) as server:
        found = await check_image(image(f"{server.host}/hello:1"))
    assert (found.found, found.text, found.local) == (Found.YES, "", True)
    assert server.targets() == ["HEAD /v2/hello/manifests/1"]
    assert "application/vnd.oci.image.index.v1+json" in server.asked[0].headers["Accept"]
    assert "Authorization" not in server.asked[0].headers


async def test_an_image_that_is_not_there() -> None:
    async with serving(answers(web.Response(status=404))) as server:
        found = await check_image(image(f"{server.host}/hello:99"))
    assert (found.found, found.text) == (Found.NO, f"the registry {server.host} has no hello:99")


async def test_a_registry_that_wants_a_password_and_gets_none() -> None:
    refusal = web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
    async with serving(answers(refusal)) as server:
        found = await check_image(image(f"{server.host}/hello:1"))
    assert (found.found, found.text) == (
        Found.REFUSED,
        f"the registry {server.host} refuses hello (without credentials, HTTP 401)",
    )


async def test_credentials_are_sent_and_their_refusal_names_the_user_only() -> None:
    async with serving(answers(web.Response(status=403))) as server:
        found = await check_image(image(f"{server.host}/hello:1", "ci", "hunter22"))
    assert server.asked[0].headers["Authorization"] == encode_basic_auth("ci", "hunter22")
    assert found.text == f"the registry {server.host} refuses hello (the user ci, HTTP 403)"


class TokenRegistry:
    """A registry that sends its clients to a token server, which is itself."""

    def __init__(self, *, token_status: int = 200, key: str = "token") -> None:
        self.token_status = token_status
        self.key = key

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({self.key: "abc"}, status=self.token_status)
        if request.headers.get("Authorization") == "Bearer abc":
            return web.Response()
        realm = f'Bearer realm="http://{request.host}/token",service="registry",scope="repository:hello:pull"'
        return web.Response(status=401, headers={"WWW-Authenticate": realm})


@pytest.mark.parametrize("key", ["token", "access_token"])
async def test_the_token_protocol(key: str) -> None:
    async with serving(TokenRegistry(key=key)) as server:
        found = await check_image(image(f"{server.host}/hello:1"))
    assert found.found is Found.YES
    assert server.targets() == [
        "HEAD /v2/hello/manifests/1",
        "GET /token?service=registry&scope=repository:hello:pull",
        "HEAD /v2/hello/manifests/1",
    ]


async def test_a_token_server_that_refuses() -> None:
    async with serving(TokenRegistry(token_status=403)) as server:
        found = await check_image(image(f"{server.host}/hello:1"))
    assert (found.found, len(server.asked)) == (Found.REFUSED, 2)


async def test_a_password_is_not_sent_over_plain_http_to_a_token_server_elsewhere() -> None:
    elsewhere = 'Bearer realm="http://tokens.example/token"'
    async with serving(answers(web.Response(status=401, headers={"WWW-Authenticate": elsewhere}))) as server:
        found = await check_image(image(f"{server.host}/hello:1", "ci", "hunter22"))
    assert (found.found, len(server.asked)) == (Found.REFUSED, 1)


async def test_a_token_server_that_does_not_answer_json() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.Response(text="<html>")
        realm = f'Bearer realm="http://{request.host}/token"'
        return web.Response(status=401, headers={"WWW-Authenticate": realm})

    async with serving(handler) as server:
        found = await check_image(image(f"{server.host}/hello:1"))
    assert found.found is Found.REFUSED


async def test_a_registry_that_is_not_there() -> None:
    [port] = free_ports(1)
    found = await check_image(image(f"127.0.0.1:{port}/hello:1"))
    assert (found.found, found.text) == (
        Found.UNREACHABLE,
        f"the registry 127.0.0.1:{port} cannot be reached: connection refused",
    )


async def test_a_registry_in_trouble() -> None:
    async with serving(answers(web.Response(status=503))) as server:
        found = await check_image(image(f"{server.host}/hello:1"))
    assert (found.found, found.text) == (Found.UNREACHABLE, f"the registry {server.host} answers with HTTP 503")


async def test_images_are_answered_for_in_their_order() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(status=200 if request.path.endswith("/1") else 404)

    async with serving(handler) as server:
        found = await Registries().check([image(f"{server.host}/hello:{tag}") for tag in ("1", "2", "1")])
    assert [check.found for check in found] == [Found.YES, Found.NO, Found.YES]


def job(*configs: dict[str, Any], driver: str = "docker", meta: dict[str, str] | None = None) -> dict[str, Any]:
    tasks = [{"Name": f"t{n}", "Driver": driver, "Config": c, "Meta": meta} for n, c in enumerate(configs)]
    return {"ID": "web", "TaskGroups": [{"Name": "web", "Tasks": tasks}]}


def test_the_images_of_a_job_with_nomads_credentials() -> None:
    auth = {"username": "ci", "password": "p"}
    configs = ({"image": "a:1", "auth": [auth]}, {"image": "b:1", "auth": auth}, {"image": "https://c.example/d:1"})
    assert list(task_images(job(*configs))) == [
        TaskImage("group web, task t0", "a:1", "ci", "p", False),
        TaskImage("group web, task t1", "b:1", "ci", "p", False),
        TaskImage("group web, task t2", "c.example/d:1", None, None, False),
    ]


@pytest.mark.parametrize(
    "config", [{"image": "${NOMAD_META_image}"}, {"image": "a:1", "load": "a.tar"}, {"image": None}, {}, {"image": 3}]
)
def test_images_that_only_the_client_knows_are_left_out(config: dict[str, Any]) -> None:
    assert list(task_images(job(config))) == []


def test_other_drivers_and_empty_jobs_have_none() -> None:
    assert list(task_images(job({"image": "a:1"}, driver="podman"))) == []
    assert list(task_images({"TaskGroups": None})) == []
    assert list(task_images({"TaskGroups": [{"Name": "web", "Tasks": None}]})) == []


def test_the_mark_of_an_image_that_this_stack_builds() -> None:
    (found,) = task_images(job({"image": "a:1"}, meta={"caravan_image": "built"}))
    assert found.built_here


@pytest.mark.parametrize(
    ("status", "built", "preview", "user", "problem", "warning"),
    [
        (200, False, True, None, False, False),
        (404, False, True, None, True, False),
        (404, True, True, None, False, False),
        (404, True, False, None, True, False),
        (503, False, True, None, True, False),
        (401, False, True, None, True, False),
        # It is pushed with the stack's own account, and the nodes have one of theirs.
        (401, True, True, None, False, False),
        (401, True, False, None, False, False),
        (401, True, False, "ci", True, False),
    ],
)
async def test_what_forbids_a_registration(
    status: int, built: bool, preview: bool, user: str | None, problem: bool, warning: bool
) -> None:
    async with serving(answers(web.Response(status=status))) as server:
        meta = {"caravan_image": "built"} if built else None
        auth = {"username": user, "password": "p"} if user else None
        spec = Spec(job({"image": f"{server.host}/hello:1", "auth": auth}, meta=meta), False)
        findings = await check_job_images(Registries(), spec, preview=preview)
    assert (bool(findings.problems), bool(findings.warnings)) == (problem, warning)
    for sentence in findings.problems:
        assert sentence.startswith(
            f'job "web", group web, task t0: image {server.host}/hello:1 cannot be pulled: the registry {server.host} '
        )


@pytest.mark.parametrize(
    ("status", "user", "problem"), [(404, None, True), (401, None, False), (401, "ci", True), (503, None, False)]
)
async def test_a_registry_elsewhere(
    monkeypatch: pytest.MonkeyPatch, status: int, user: str | None, problem: bool
) -> None:
    async def head(url: str, image: TaskImage) -> int:
        return status

    async def resolved(host: str) -> str:
        return ""

    monkeypatch.setattr(registry, "_head", head)
    monkeypatch.setattr(registry, "_unresolved", resolved)
    auth = {"username": user, "password": "p"} if user else None
    spec = Spec(job({"image": "ghcr.io/a/b:1", "auth": auth}), False)
    findings = await check_job_images(Registries(), spec, preview=True)
    assert bool(findings.problems) is problem
    assert ["(seen from here" in text for text in findings.warnings] == ([] if problem else [True])


async def test_a_name_without_an_address_is_looked_up_once_and_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding job-files 13: 5 s and a line for each image of a registry whose name does not resolve."""
    looked_up = []

    async def unresolved(host: str) -> str:
        looked_up.append(host)
        return f"the name {host} has no address (Name or service not known)"

    monkeypatch.setattr(registry, "_unresolved", unresolved)
    registries = Registries()
    jobs = [job({"image": "r.example/a:1"}, {"image": "r.example/b:1"}), job({"image": "r.example:443/c:1"})]
    found = [await check_job_images(registries, Spec(one, False), preview=True) for one in jobs]
    told = [text for findings in found for text in findings.warnings]
    assert looked_up == ["r.example"]
    assert [text.partition(" cannot be pulled")[0].rpartition(" ")[2] for text in told] == [
        "r.example/a:1",
        "r.example:443/c:1",
    ]
    assert told[0].endswith(
        "the registry r.example cannot be reached: the name r.example has no address (Name or service not known) "
        "(seen from here; its other images cannot be checked either)"
    )


@pytest.mark.parametrize("idle", [{"Count": 0}, {"Count": 1}])
async def test_an_image_that_nothing_runs_now_is_no_obstacle(idle: dict[str, int]) -> None:
    """Finding RW-26: an image that is gone, of a group with a count of 0, refused the whole job."""
    async with serving(answers(web.Response(status=404))) as server:
        described = job({"image": f"{server.host}/hello:1"})
        described["TaskGroups"][0] |= idle
        findings = await check_job_images(Registries(), Spec(described, False), preview=True)
    assert bool(findings.problems) == bool(idle["Count"])
    assert [text.endswith("(nothing runs it now)") for text in findings.warnings] == [True] * (not idle["Count"])
