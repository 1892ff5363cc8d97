"""Mutual TLS through the real CLI: deploying over it works, and whatever is wrong with it is said with what to do."""

import datetime
import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster.programs import use
from tests.cluster.project import Project
from tests.faults.secured import Secured
from tests.faults.services import deploys, service

pytestmark = pytest.mark.cluster

NOMAD_VARIABLES = ("NOMAD_CACERT", "NOMAD_CLIENT_CERT", "NOMAD_CLIENT_KEY", "NOMAD_TLS_SERVER_NAME", "NOMAD_TOKEN")


def refused(project: Project, **environment: str) -> str:
    """What a preview says that fails, and that nothing is registered after it."""
    failed = project.preview(check=False, **environment)
    assert failed.code != 0, failed.text
    assert project.nomad.job(project.name) is None
    return failed.text


def test_deploying_following_and_diagnosing_over_mutual_tls(guarded: Project) -> None:
    deploys(guarded, service(guarded.name, "one"))
    guarded.preview()
    guarded.up("--skip-preview")
    assert len(guarded.consul.healthy(guarded.name)) == 1

    bad = service(
        guarded.name, "two", User="", Config={"command": "/bin/sh", "args": ["-c", "echo no database; exit 3"]}
    )
    deploys(guarded, bad)
    failed = guarded.up(check=False)
    assert failed.code != 0
    assert "no database" in failed.diagnostics
    assert "exit code 3" in failed.diagnostics.lower()
    assert "Nomad went back to version 0" in failed.diagnostics
    assert len(guarded.consul.healthy(guarded.name)) == 1

    guarded.run("refresh", "--yes")
    guarded.run("destroy", "--yes")
    assert guarded.nomad.job(guarded.name) is None
    assert guarded.consul.healthy(guarded.name) == []


@pytest.mark.parametrize("given", ["files", "texts"])
def test_the_same_by_the_stacks_configuration(guarded: Project, secured: Secured, given: str) -> None:
    cert, key = secured.certificate(secured.nomad_authority)
    consul_cert, consul_key = secured.certificate(secured.consul_authority)
    files = {"ca": secured.nomad_authority.ca, "cert": cert, "key": key}
    for variable in [*NOMAD_VARIABLES, "NOMAD_ADDR", *(name for name in secured.environment() if "CONSUL" in name)]:
        guarded.environment.pop(variable, None)
    settings = {
        "address": secured.nomad,
        "secretId": secured.nomad_token,
        "consulAddress": secured.consul,
        "consulToken": secured.consul_token,
        "consulCaFile": str(secured.consul_authority.ca),
        "consulCertFile": str(consul_cert),
        "consulKeyFile": str(consul_key),
        **{f"{name}{'File' if given == 'files' else 'Pem'}": value_of(file, given) for name, file in files.items()},
    }
    guarded.run(
        "config",
        "set-all",
        *(part for name, value in settings.items() for part in ("--secret", f"nomad:{name}={value}")),
    )
    deploys(guarded, service(guarded.name, "one"))
    guarded.up("--skip-preview")
    assert len(guarded.consul.healthy(guarded.name)) == 1
    exported = guarded.run("stack", "export").text
    secret_line = key.read_text().splitlines()[1]
    assert secured.nomad_token not in exported
    assert secret_line not in exported
    assert not any(secret_line in text for text in readable(guarded.folder))


def value_of(file: Path, given: str) -> str:
    return str(file) if given == "files" else file.read_text()


def readable(folder: Path) -> Iterator[str]:
    """The texts of all files of the project that are its own."""
    for file in folder.rglob("*"):
        if file.is_file() and not any(part.is_symlink() for part in (file, *file.parents)):
            yield file.read_text(errors="replace")


@pytest.mark.fault(25, "authority, certificate, name, protocol")
def test_each_thing_wrong_with_the_connection_is_said_with_what_to_do(guarded: Project, secured: Secured) -> None:
    deploys(guarded, service(guarded.name, "one"))
    foreign_cert, foreign_key = map(str, secured.certificate(secured.consul_authority))
    past = datetime.datetime(2020, 1, 1)
    old_cert, old_key = map(str, secured.nomad_authority.issue("old", "cli", not_after=past))

    said = refused(guarded, NOMAD_CACERT=str(secured.consul_authority.ca))
    assert f"Nomad cannot be reached at {secured.nomad}: its certificate is not accepted: " in said
    assert "Name the authority that has signed it in NOMAD_CACERT (or caFile)." in said

    said = refused(guarded, NOMAD_CLIENT_CERT="", NOMAD_CLIENT_KEY="")
    assert "it wants to see a client certificate. Name one that it knows in NOMAD_CLIENT_CERT and NOMAD_CLIENT_" in said

    said = refused(guarded, NOMAD_CLIENT_CERT=foreign_cert, NOMAD_CLIENT_KEY=foreign_key)
    assert "it does not accept the client certificate" in said

    said = refused(guarded, NOMAD_CLIENT_CERT=old_cert, NOMAD_CLIENT_KEY=old_key)
    assert "it does not accept the client certificate" in said

    said = refused(guarded, NOMAD_TLS_SERVER_NAME="server.eu.nomad")
    assert "certificate is not valid for 'server.eu.nomad'" in said
    assert "or name one in NOMAD_TLS_SERVER_NAME." in said

    said = refused(guarded, NOMAD_ADDR=secured.nomad.replace("https:", "http:"))
    assert "speaks HTTPS only. Give its address with https://." in said

    said = refused(guarded, NOMAD_CLIENT_KEY="/no/such/key.pem")
    assert "The TLS files cannot be used" in said
    assert "/no/such/key.pem" in said

    said = refused(guarded, CONSUL_CACERT=str(secured.nomad_authority.ca))
    assert f"Consul cannot be reached at {secured.consul}: its certificate is not accepted: " in said
    assert "CONSUL_CACERT" in said

    said = refused(guarded, CONSUL_CLIENT_CERT="", CONSUL_CLIENT_KEY="")
    assert "CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY" in said

    said = refused(guarded, CONSUL_HTTP_SSL="false")
    assert "Consul at http://" in said
    assert "speaks HTTPS only" in said


@pytest.mark.fault(25, "expired; no TLS at all")
def test_a_servers_certificate_that_has_expired_and_a_server_without_tls(guarded: Project, secured: Secured) -> None:
    deploys(guarded, service(guarded.name, "one"))
    past = datetime.datetime(2020, 1, 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*secured.nomad_authority.issue("expired", not_after=past))
    with listening(context) as port:
        said = refused(guarded, NOMAD_ADDR=f"https://127.0.0.1:{port}", NOMAD_TLS_SERVER_NAME="")
    assert "its certificate is not accepted: certificate has expired. Have it renewed" in said
    with listening(None) as port:
        said = refused(guarded, NOMAD_ADDR=f"https://127.0.0.1:{port}")
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


def test_verification_is_turned_off_loudly_at_each_command(guarded: Project, secured: Secured) -> None:
    deploys(guarded, service(guarded.name, "one"))
    off = {"NOMAD_SKIP_VERIFY": "true", "NOMAD_CACERT": "", "CONSUL_HTTP_SSL_VERIFY": "false", "CONSUL_CACERT": ""}
    guarded.environment.update(off)
    commands = (["preview"], ["up", "--yes"], ["refresh", "--yes"], ["destroy", "--yes"])
    for command in commands:
        text = guarded.run(*command).text
        for server, address in (("Nomad", secured.nomad), ("Consul", secured.consul)):
            assert f"warning: The certificate of {server} at {address} is NOT verified" in text, text
    for variable in off:
        del guarded.environment[variable]
    guarded.environment.update(secured.environment())
    assert "NOT verified" not in guarded.preview().text


def test_the_consul_providers_look_up_over_mutual_tls(guarded: Project, secured: Secured) -> None:
    use(
        guarded,
        "import pulumi_consul as consul\n"
        "found = consul.get_service_health(name='consul')\n"
        "pulumi.export('found', len(found.results))\n",
    )
    guarded.up("--skip-preview")
    assert guarded.run("stack", "output", "found").text.strip() == "1"
    said = guarded.preview(check=False, CONSUL_TLS_SERVER_NAME="elsewhere").text
    assert "certificate is not valid for 'elsewhere'" in said
