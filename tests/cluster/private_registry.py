"""A registry that asks for a login: no image, one user."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.folders import of_the_cluster
from tests.ports import free_ports
from toolchain.embedded import ports
from toolchain.system_packages import which
from toolchain.waiting import wait_until

START_S = 30.0
STOP_S = 10.0

USERNAME = "caravan"
PASSWORD = "planted-password"
_HASH = "$2b$04$2hbsYoYpGlMqczHNDUoIpeWq0zxq7cgHtxP0mh//OuLhDDdgkc5UO"
"""Bcrypt of the password."""


@contextmanager
def private_registry(folder: Path) -> Iterator[str]:
    """Serves it on loopback; gives its host:port."""
    program = which("docker-registry")
    assert program is not None
    [port] = free_ports(1)
    address = f"{ports.LOOPBACK}:{port}"
    users = folder / "htpasswd"
    users.write_text(f"{USERNAME}:{_HASH}\n")
    config = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}},
        "http": {"addr": address},
        "auth": {"htpasswd": {"realm": "tests", "path": str(users)}},
    }
    file = folder / "registry.json"
    file.write_text(json.dumps(config))
    log = folder / "registry.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "serve", file],
            env={**os.environ, **of_the_cluster()},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        assert wait_until(lambda: not ports.is_free("registry", port), START_S), log.read_text()
        yield address
    finally:
        process.terminate()
        process.wait(STOP_S)


def tags(address: str, repository: str) -> list[str]:
    """The tags of an image, as the user sees them."""
    login = b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
    request = urllib.request.Request(
        f"http://{address}/v2/{repository}/tags/list", headers={"Authorization": f"Basic {login}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=START_S) as answer:
            return list(json.load(answer)["tags"])
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return []
        raise
