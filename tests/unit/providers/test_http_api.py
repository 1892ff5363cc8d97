"""The HTTP client, against a server on loopback that misbehaves."""

import asyncio
import tempfile
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from providers import http_api
from providers.http_answers import READ_BYTES
from providers.http_api import ApiError, HttpApi, Tls, Unreachable, join
from providers.plugin import ProviderError
from tests.ports import free_ports
from tests.unit.providers.loopback import answers, serving

HINT = "Set NOMAD_ADDR."


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_api, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(http_api, "RETRY_FOR_S", 0.5)


def client(address: str, **headers: str) -> HttpApi:
    return HttpApi("Nomad", address, Tls(), headers, HINT)


def free_port() -> int:
    [port] = free_ports(1)
    return port


def ok(body: object = None) -> web.Response:
    return web.json_response({"ok": True} if body is None else body, headers={"X-Consul-Index": "7"})


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_get_is_repeated_while_the_server_is_in_trouble(status: int) -> None:
    trouble = web.Response(status=status, text="Internal Server Error")
    async with serving(answers(trouble, trouble, ok())) as server:
        api = client(server.url)
        answer = await api.get("/v1/job/web")
        await api.close()
    assert answer.body == {"ok": True}
    assert answer.headers["X-Consul-Index"] == "7"
    assert server.targets() == ["GET /v1/job/web"] * 3


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_refusal_is_not_repeated(status: int) -> None:
    async with serving(answers(web.Response(status=status, text="Permission denied\n"))) as server:
        api = client(server.url)
        with pytest.raises(ApiError) as caught:
            await api.get("/v1/job/web")
        await api.close()
    assert str(caught.value) == (f"Nomad at {server.url} refused GET /v1/job/web: Permission denied (HTTP {status}).")
    assert (caught.value.status, caught.value.answer) == (status, "Permission denied")
    assert len(server.asked) == 1


@pytest.mark.parametrize("text", ["Permission denied", "rpc error: ACL token not found\n"])
async def test_a_missing_right_that_is_told_with_status_500(text: str) -> None:
    """As Nomad does for logs that may not be read."""

    async def forbidden(*asked: object) -> str:
        return "It needs more."

    async with serving(answers(web.Response(status=500, text=text))) as server:
        api = client(server.url)
        api.forbidden = forbidden
        with pytest.raises(ApiError, match=r"\(HTTP 500\)\. It needs more\.") as caught:
            await api.change("POST", "/v1/jobs", {})
        await api.close()
    assert caught.value.status == 403


async def test_a_question_is_repeated_but_its_verdict_is_an_answer() -> None:
    verdict = web.Response(status=500, text="1 error occurred:\n\t* Missing datacenter\n")
    async with serving(answers(web.Response(status=500, text="No cluster leader"), verdict)) as server:
        api = client(server.url)
        with pytest.raises(ApiError, match="Missing datacenter"):
            await api.ask("/v1/jobs/parse", {"JobHCL": "x"})
        await api.close()
    assert len(server.asked) == 2
    assert server.asked[0].body == b'{"JobHCL": "x"}'


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_change_is_sent_once(status: int) -> None:
    async with serving(answers(web.Response(status=status, text="rpc error: EOF"), ok())) as server:
        api = client(server.url)
        with pytest.raises(ApiError):
            await api.change("POST", "/v1/jobs", {"Job": {}})
        await api.close()
    assert server.targets() == ["POST /v1/jobs"]


async def test_a_change_whose_answer_is_lost_is_not_repeated() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with serving(cut) as server:
        api = client(server.url)
        with pytest.raises(Unreachable, match="it closed the connection without an answer"):
            await api.change("POST", "/v1/jobs", {"Job": {}})
        await api.close()
    assert server.targets() == ["POST /v1/jobs"]


async def test_a_change_that_was_turned_away_is_repeated() -> None:
    async with serving(answers(web.Response(status=429), ok())) as server:
        api = client(server.url)
        assert (await api.change("POST", "/v1/jobs", {"Job": {}})).body == {"ok": True}
        await api.close()
    assert len(server.asked) == 2


async def test_a_server_that_is_not_there() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    api = client(address)
    with pytest.raises(Unreachable) as caught:
        await api.get("/v1/status/leader")
    await api.close()
    assert str(caught.value) == f"Nomad cannot be reached at {address}: connection refused. {HINT}"


async def test_the_first_try_of_all_is_quick() -> None:
    api = client(f"http://127.0.0.1:{free_port()}")
    started = asyncio.get_running_loop().time()
    with pytest.raises(Unreachable):
        await api.reachable("/v1/status/leader")
    await api.close()
    assert asyncio.get_running_loop().time() - started < http_api.RETRY_FOR_S


async def test_a_server_that_comes_back_is_found() -> None:
    port = free_port()
    api = client(f"http://127.0.0.1:{port}")
    asked = asyncio.create_task(api.get("/v1/job/web"))
    await asyncio.sleep(0.05)
    async with serving(answers(ok()), port=port):
        assert (await asked).body == {"ok": True}
        await api.close()


async def test_a_server_that_does_not_answer() -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return ok()

    async with serving(slow) as server:
        api = client(server.url)
        with pytest.raises(Unreachable, match="no answer in time"):
            await api.get("/v1/job/web", read_timeout_s=0.05)
        await api.close()


async def test_an_answer_that_breaks_off() -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"{")
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(broken) as server:
        api = client(server.url)
        with pytest.raises(Unreachable):
            await api.get("/v1/job/web")
        await api.close()


async def test_something_else_that_listens_there() -> None:
    async with serving(answers(web.Response(status=200, text="<html>Welcome to nginx!"))) as server:
        api = client(server.url)
        with pytest.raises(ProviderError) as caught:
            await api.get("/v1/job/web")
        await api.close()
    assert str(caught.value) == (
        f"Nomad at {server.url} answered GET /v1/job/web with something that is not JSON: a web page, perhaps of a "
        "proxy in between. Is that address Nomad's HTTP API?"
    )


@pytest.mark.parametrize("status", [200, 403])
async def test_a_page_of_megabytes_becomes_a_sentence_and_is_not_read_whole(status: int) -> None:
    """The rest of the page never comes: who reads it all waits for ever."""

    async def page(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Content-Type": "text/html"})
        await response.prepare(request)
        await response.write(b"<!DOCTYPE html><html><head><title>Sign\n in</title></head>" + b"x" * READ_BYTES)
        await asyncio.sleep(60)
        return response

    async with serving(page) as server:
        api = client(server.url)
        with pytest.raises(ProviderError) as caught:
            await asyncio.wait_for(api.get("/v1/job/web"), 10)
        await api.close()
    assert 'a web page titled "Sign in", perhaps of a proxy in between' in str(caught.value)
    assert len(str(caught.value)) < 300


async def test_a_long_refusal_is_shortened() -> None:
    async with serving(answers(web.Response(status=400, text="x" * 5000))) as server:
        api = client(server.url)
        with pytest.raises(ApiError) as caught:
            await api.get("/v1/job/web")
        await api.close()
    assert str(caught.value).endswith("xxx ... (4400 more characters) (HTTP 400).")
    assert len(caught.value.answer) == 5000


async def test_hurry_ends_what_waits_and_what_is_asked_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_api, "LAST_ANSWER_S", 0.05)
    asked = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        asked.set()
        await asyncio.sleep(60)
        return web.Response()

    async with serving(silent) as server:
        api = client(server.url)
        waiting = asyncio.create_task(api.get("/v1/job/web"))
        await asked.wait()
        api.hurry()
        for request in (waiting, api.get("/v1/job/web"), api.change("POST", "/v1/jobs", {})):
            with pytest.raises(Unreachable, match="no answer in time"):
                await asyncio.wait_for(request, 10)
        await api.close()


async def test_in_a_hurry_a_server_that_is_gone_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_api, "LAST_ANSWER_S", 60.0)
    monkeypatch.setattr(http_api, "RETRY_FOR_S", 60.0)
    api = client(f"http://127.0.0.1:{free_port()}")
    api.hurry()
    with pytest.raises(Unreachable, match="connection refused"):
        await asyncio.wait_for(api.get("/v1/job/web"), 10)
    await api.close()


async def test_what_answers_is_still_heard_in_a_hurry() -> None:
    async with serving(answers(ok())) as server:
        api = client(server.url)
        api.hurry()
        assert (await api.get("/v1/job/web")).body == {"ok": True}
        await api.close()


async def test_an_empty_answer_is_none() -> None:
    async with serving(answers(web.Response(text=""))) as server:
        api = client(server.url)
        assert (await api.change("DELETE", "/v1/job/web")).body is None
        await api.close()


async def test_tls_to_a_plain_server() -> None:
    async with serving(answers(ok())) as server:
        api = client(server.url.replace("http:", "https:"))
        said = f"^Nomad cannot be reached at https://{server.host}: it does not speak TLS there. "
        with pytest.raises(Unreachable, match=said):
            await api.reachable("/v1/status/leader")
        await api.close()


@pytest.mark.parametrize(
    ("segments", "path"),
    [
        (("v1", "job", "web"), "/v1/job/web"),
        (("v1", "job", "../../etc/passwd"), "/v1/job/..%2F..%2Fetc%2Fpasswd"),
        (("v1", "job", "a?purge#x"), "/v1/job/a%3Fpurge%23x"),
        (("v1", "job", "a b/ü%2e"), "/v1/job/a%20b%2F%C3%BC%252e"),
    ],
)
async def test_names_cannot_leave_their_place_in_the_path(segments: tuple[str, ...], path: str) -> None:
    assert join(*segments) == path
    async with serving(answers(ok())) as server:
        api = client(server.url)
        await api.get(join(*segments), query={"namespace": "a&b=c"})
        await api.close()
    assert server.targets() == [f"GET {path}?namespace=a%26b%3Dc"]


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_be_resolved_away_is_refused(name: str) -> None:
    with pytest.raises(ProviderError, match="cannot be used as a name or ID"):
        join("v1", "job", name, "plan")


async def test_no_answer_is_compressed() -> None:
    async with serving(answers(ok())) as server:
        api = client(server.url)
        await api.get("/v1/job/web")
        await api.close()
    assert server.asked[0].headers["Accept-Encoding"] == "identity"


async def test_headers_go_with_every_request() -> None:
    async with serving(answers(ok())) as server:
        api = client(server.url, **{"X-Nomad-Token": "t"})
        await api.get("/a")
        await api.change("POST", "/b", {})
        await api.close()
    assert [asked.headers["X-Nomad-Token"] for asked in server.asked] == ["t", "t"]


async def test_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "api.sock")
    async with serving(answers(ok()), unix_socket=path) as server:
        api = client(f"unix://{path}")
        assert (await api.get("/v1/status/leader")).body == {"ok": True}
        await api.close()
    assert server.targets() == ["GET /v1/status/leader"]


async def test_a_unix_socket_that_is_not_there(tmp_path: Path) -> None:
    api = client(f"unix://{tmp_path}/missing.sock")
    with pytest.raises(Unreachable, match=r"missing\.sock: no such file or directory"):
        await api.reachable("/v1/status/leader")
    await api.close()


def test_tls_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    bad = tmp_path / "ca.pem"
    bad.write_text("not a certificate", encoding="utf-8")
    with pytest.raises(ProviderError, match=f"^The TLS files cannot be used \\({bad}\\): "):
        Tls(ca_file=str(bad)).context()
    with pytest.raises(ProviderError, match=r"cannot be used \(/no/such\.pem\)"):
        Tls(cert_file="/no/such.pem").context()
    with pytest.raises(ProviderError, match=r"cannot be used \(PEM text\)"):
        Tls(ca_pem="nonsense").context()


def test_a_key_that_is_given_as_text_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    issued = trustme.CA().issue_cert("cli")
    cert, key = issued.cert_chain_pems[0].bytes().decode(), issued.private_key_pem.bytes().decode()
    before = set(Path("/dev/fd").iterdir())
    assert Tls(cert_pem=cert, key_pem=key).context()
    assert Tls(cert_pem=cert + key).context()
    with pytest.raises(ProviderError, match="KEY_VALUES_MISMATCH"):
        Tls(cert_pem=cert, key_pem=trustme.CA().issue_cert("cli").private_key_pem.bytes().decode()).context()
    assert set(Path("/dev/fd").iterdir()) == before
    assert list(tmp_path.iterdir()) == []
