"""A copy of an image as a registry has it, in a folder: for other registries on this machine, without packing it again.

Source: the OCI distribution specification (pull a manifest and its blobs; push by one request for each).
"""

import hashlib
import http.client
import json
import shutil
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain.errors import ToolchainError

MANIFEST = "manifest.json"
ACCEPTED = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"
TIMEOUT_S = 60.0


def save(registry: str, repository: str, tag: str, folder: Path) -> None:
    """Write the image's manifest and blobs into `folder`. Raises ToolchainError.

    Args:
        registry: `host:port`, over plain HTTP and without an account.
        repository, tag: the image's.
        folder: an existing folder.
    """
    with _answer(registry, "GET", f"/v2/{repository}/manifests/{tag}", {"Accept": ACCEPTED}) as manifest:
        text = manifest.read()
    for digest in _digests(text):
        with (
            _answer(registry, "GET", f"/v2/{repository}/blobs/{digest}") as blob,
            _file(folder, digest).open("wb") as to,
        ):
            shutil.copyfileobj(blob, to)
        with _file(folder, digest).open("rb") as written:
            found = f"sha256:{hashlib.file_digest(written, 'sha256').hexdigest()}"
        if found != digest:
            raise ToolchainError(f"The registry {registry} answered {found} when asked for {digest}. Run this again.")
    (folder / MANIFEST).write_bytes(text)


def push(folder: Path, registry: str, repository: str, tag: str) -> None:
    """Put the image that `save` has written into a registry. Raises ToolchainError."""
    text = (folder / MANIFEST).read_bytes()
    for digest in _digests(text):
        with _answer(registry, "POST", f"/v2/{repository}/blobs/uploads/") as begun:
            place = urllib.parse.urlsplit(begun.headers["Location"])
        query = urllib.parse.urlencode([*urllib.parse.parse_qsl(place.query), ("digest", digest)])
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(_file(folder, digest).stat().st_size),
        }
        with (
            _file(folder, digest).open("rb") as blob,
            _answer(registry, "PUT", f"{place.path}?{query}", headers, blob),
        ):
            pass
    headers = {"Content-Type": json.loads(text)["mediaType"]}
    with _answer(registry, "PUT", f"/v2/{repository}/manifests/{tag}", headers, text):
        pass


def _digests(manifest: bytes) -> list[str]:
    content = json.loads(manifest)
    return [content["config"]["digest"], *(layer["digest"] for layer in content["layers"])]


def _file(folder: Path, digest: str) -> Path:
    return folder / digest.replace(":", "-")


@contextmanager
def _answer(
    registry: str, method: str, path: str, headers: dict[str, str] | None = None, body: object = None
) -> Iterator[http.client.HTTPResponse]:
    host, _, port = registry.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT_S)
    try:
        connection.request(method, path, body, headers or {})  # type: ignore[arg-type]
        response = connection.getresponse()
        if response.status >= 300:
            told = response.read(500).decode(errors="replace")
            raise ToolchainError(f"The registry {registry} answered {response.status} to {method} {path}: {told}")
        yield response
    except (OSError, http.client.HTTPException) as error:
        raise ToolchainError(f"The registry {registry} failed at {method} {path}: {error}") from error
    finally:
        connection.close()
