"""Mutual TLS: deploying over it works, and whatever is wrong with it is said with what to do."""

import datetime
import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster.project import Project
from tests.faults.secured import Secured
from tests.faults.services import deploys, service
from tests.observation import Observation
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster

NOMAD_VARIABLES = ("NOMAD_CACERT", "NOMAD_CLIENT_CERT", "NOMAD_CLIENT_KEY", "NOMAD_TLS_SERVER_NAME", "NOMAD_TOKEN")


def refused(target: Project | Stack, **environment: str) -> str:
    """What a preview says that fails, and that nothing is registered after it."""
    failed = target.preview(check=False, **environment)
    assert failed.code != 0, failed.text
    assert target.nomad.job(target.name) is None
    return failed.text


def test_deploying_following_and_diagnosing_over_mutual_tls(guarded_stack: Stack) -> None:
    stack = guarded_stack
    deploys(stack, service(stack.name, "one"))
    stack.preview()
    stack.up()
    assert len(stack.consul.healthy(stack.name)) == 1

    bad = service(stack.name, "two", User="", Config={"command": "/bin/sh", "args": ["-c", "echo no database; exit 3"]})
    deploys(stack, bad)
    failed = stack.up(check=False)
    assert failed.code != 0
    assert "no database" in failed.text
    assert "exit code 3" in failed.text.lower()
    assert "Nomad went back to version 0" in failed.text
    assert len(stack.consul.healthy(stack.name)) == 1

    stack.refresh()
    stack.destroy()
    assert stack.nomad.job(stack.name) is None
    assert stack.consul.healthy(stack.name) == []


def settings(secured: Secured, given: str) -> dict[str, str]:
    """The provider's configuration for the secured cluster, with what TLS needs as files or as texts."""
    cert, key = secured.certificate(secured.nomad_authority)
    consul_cert, consul_key = secured.certificate(secured.consul_authority)
    files = {"ca": secured.nomad_authority.ca, "cert": cert, "key": key}
    return {
        "address": secured.nomad,
        "secretId": secured.nomad_token,
        "consulAddress": secured.consul,
        "consulToken": secured.consul_token,
        "consulCaFile": str(secured.consul_authority.ca),
        "consulCertFile": str(consul_cert),
        "consulKeyFile": str(consul_key),
        **{f"{name}{'File' if given == 'files' else 'Pem'}": value_of(file, given) for name, file in files.items()},
    }


def variables(secured: Secured) -> list[str]:
    return [*NOMAD_VARIABLES, "NOMAD_ADDR", *(name for name in secured.environment() if "CONSUL" in name)]


@pytest.mark.parametrize("given", ["files", "texts"])
def test_the_same_by_the_stacks_configuration(guarded_stack: Stack, secured: Secured, given: str) -> None:
    stack = guarded_stack
    stack.environment |= dict.fromkeys(variables(secured))
    stack.config = {f"nomad:{name}": value for name, value in settings(secured, given).items()}
    deploys(stack, service(stack.name, "one"))
    stack.up()
    assert len(stack.consul.healthy(stack.name)) == 1


@pytest.mark.fault(25, "the wrong name, through the CLI with a configuration whose secrets are in no file")
def test_by_the_configuration_of_the_cli(guarded: Project, secured: Secured, seen: Observation) -> None:
    for variable in variables(secured):
        guarded.environment.pop(variable, None)
    given = settings(secured, "texts").items()
    guarded.run("config", "set-all", *(part for name, value in given for part in ("--secret", f"nomad:{name}={value}")))
    deploys(guarded, service(guarded.name, "one"))
    refusal = refused(guarded, NOMAD_TLS_SERVER_NAME="server.eu.nomad")
    seen.reads(refusal, "certificate is not valid for 'server.eu.nomad'")
    guarded.up("--skip-preview")
    assert len(guarded.consul.healthy(guarded.name)) == 1
    _, key = secured.certificate(secured.nomad_authority)
    secret_line = key.read_text().splitlines()[1]
    texts = list(readable(guarded.folder))
    assert any(guarded.name in text and '"checkpoint"' in text for text in texts)
    for secret in (secured.nomad_token, secret_line):
        assert not any(secret in text for text in texts)


def value_of(file: Path, given: str) -> str:
    return str(file) if given == "files" else file.read_text()


def readable(folder: Path) -> Iterator[str]:
    """The texts of all files of the project that are its own."""
    for file in folder.rglob("*"):
        if file.is_file() and not any(part.is_symlink() for part in (file, *file.parents)):
            yield file.read_text(errors="replace")


@pytest.mark.fault(25, "authority, certificate, name, protocol")
def test_each_thing_wrong_with_the_connection_is_said_with_what_to_do(guarded_stack: Stack, secured: Secured) -> None:
    stack = guarded_stack
    deploys(stack, service(stack.name, "one"))
    foreign_cert, foreign_key = map(str, secured.certificate(secured.consul_authority))
    past = datetime.datetime(2020, 1, 1)
    old_cert, old_key = map(str, secured.nomad_authority.issue("old", "cli", not_after=past))

    said = refused(stack, NOMAD_CACERT=str(secured.consul_authority.ca))
    assert f"Nomad cannot be reached at {secured.nomad}: its certificate is not accepted: " in said
    assert "Name the authority that has signed it in NOMAD_CACERT (or caFile)." in said

    said = refused(stack, NOMAD_CLIENT_CERT="", NOMAD_CLIENT_KEY="")
    assert "it wants to see a client certificate. Name one that it knows in NOMAD_CLIENT_CERT and NOMAD_CLIENT_" in said

    said = refused(stack, NOMAD_CLIENT_CERT=foreign_cert, NOMAD_CLIENT_KEY=foreign_key)
    assert "it does not accept the client certificate" in said

    said = refused(stack, NOMAD_CLIENT_CERT=old_cert, NOMAD_CLIENT_KEY=old_key)
    assert "it does not accept the client certificate" in said

    said = refused(stack, NOMAD_TLS_SERVER_NAME="server.eu.nomad")
    assert "certificate is not valid for 'server.eu.nomad'" in said
    assert "or name one in NOMAD_TLS_SERVER_NAME." in said

    said = refused(stack, NOMAD_ADDR=secured.nomad.replace("https:", "http:"))
    assert "speaks HTTPS only. Give its address with https://." in said

    said = refused(stack, NOMAD_CLIENT_KEY="/no/such/key.pem")
    assert "The TLS files cannot be used" in said
    assert "/no/such/key.pem" in said

    said = refused(stack, CONSUL_CACERT=str(secured.nomad_authority.ca))
    assert f"Consul cannot be reached at {secured.consul}: its certificate is not accepted: " in said
    assert "CONSUL_CACERT" in said

    said = refused(stack, CONSUL_CLIENT_CERT="", CONSUL_CLIENT_KEY="")
    assert "CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY" in said

    said = refused(stack, CONSUL_HTTP_SSL="false")
    assert "Consul at http://" in said
    assert "speaks HTTPS only" in said


@pytest.mark.fault(25, "expired; no TLS at all")
def test_a_servers_certificate_that_has_expired_and_a_server_without_tls(
    guarded_stack: Stack, secured: Secured
) -> None:
    stack = guarded_stack
    deploys(stack, service(stack.name, "one"))
    past = datetime.datetime(2020, 1, 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*secured.nomad_authority.issue("expired", not_after=past))
    with listening(context) as port:
        said = refused(stack, NOMAD_ADDR=f"https://127.0.0.1:{port}", NOMAD_TLS_SERVER_NAME="")
    assert "its certificate is not accepted: certificate has expired. Have it renewed" in said
    with listening(None) as port:
        said = refused(stack, NOMAD_ADDR=f"https://127.0.0.1:{port}")
    assert "it does not speak TLS there. Give its address with http://" in said


@contextmanager
def listening(context: ssl.SSLContext | None) -> Iterator[int]:
    """A server that is not Nomad."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_verification_is_turned_off_loudly_at_each_command(guarded_stack: Stack, secured: Secured) -> None:
    stack = guarded_stack
    deploys(stack, service(stack.name, "one"))
    off = {"NOMAD_SKIP_VERIFY": "true", "NOMAD_CACERT": "", "CONSUL_HTTP_SSL_VERIFY": "false", "CONSUL_CACERT": ""}
    stack.environment |= off
    for command in (stack.preview, stack.up, stack.refresh, stack.destroy):
        text = command().text
        for server, address in (("Nomad", secured.nomad), ("Consul", secured.consul)):
            assert f"The certificate of {server} at {address} is NOT verified" in text, text
    stack.environment |= {**dict.fromkeys(off), **secured.environment()}
    assert "NOT verified" not in stack.preview().text


def test_the_consul_providers_look_up_over_mutual_tls(guarded_stack: Stack, secured: Secured) -> None:
    stack = guarded_stack
    stack.write(
        "found = consul.get_service_health(name='consul')",
        "pulumi.export('found', len(found.results))",
    )
    stack.up()
    assert stack.outputs() == {"found": 1}
    said = stack.preview(check=False, CONSUL_TLS_SERVER_NAME="elsewhere").text
    assert "certificate is not valid for 'elsewhere'" in said
