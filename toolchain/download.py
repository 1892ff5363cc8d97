"""Downloads with a checksum, and with little patience for hosts that cannot be reached."""

import hashlib
import urllib.error
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from toolchain import connection
from toolchain.errors import ToolchainError

_CHUNK_BYTES = 1 << 20
# Pulumi's provider releases publish SHA-1 sums, everything else SHA-256. TLS vouches for the origin in either case.
_ALGORITHM_OF_HEX_LENGTH = {40: "sha1", 64: "sha256"}


class DownloadError(ToolchainError):
    """The file could not be had, or is not what its publisher says it is."""


class Downloader:
    """One run's downloads: a host that could not be reached is not tried again."""

    def __init__(self) -> None:
        self._opener = connection.opener()
        self._unreachable: set[str] = set()

    def text(self, url: str) -> str:
        """The text at `url`. Raises DownloadError."""
        parts: list[bytes] = []
        self._read(url, lambda chunk, total_bytes: parts.append(chunk))
        return b"".join(parts).decode("utf-8", errors="replace")

    def file(self, url: str, target: Path, checksum: str, on_progress: Callable[[int, int | None], None]) -> None:
        """Save `url` as `target`, which must have the hex `checksum` (SHA-256 or SHA-1).

        `on_progress` gets the bytes so far and in all (None when unknown). Raises DownloadError and leaves no `target`.
        """
        algorithm = _ALGORITHM_OF_HEX_LENGTH.get(len(checksum))
        if algorithm is None:
            raise DownloadError(f"The checksum published for {url} is neither SHA-256 nor SHA-1: {checksum!r}.")
        digest, received_bytes = hashlib.new(algorithm), 0
        try:
            with target.open("wb") as out:

                def receive(chunk: bytes, total_bytes: int | None) -> None:
                    nonlocal received_bytes
                    out.write(chunk)
                    digest.update(chunk)
                    received_bytes += len(chunk)
                    on_progress(received_bytes, total_bytes)

                self._read(url, receive)
            if digest.hexdigest() != checksum.lower():
                raise DownloadError(
                    f"The download {url} has the {algorithm} checksum {digest.hexdigest()}, "
                    f"but {checksum} is published. It was not installed."
                )
        except DownloadError:
            target.unlink(missing_ok=True)
            raise

    def _read(self, url: str, receive: Callable[[bytes, int | None], None]) -> None:
        host = urllib.parse.urlsplit(url).netloc
        if host in self._unreachable:
            raise DownloadError(f"{host} could not be reached before in this run.")
        try:
            with self._opener.open(url) as response:
                length = response.headers.get("Content-Length")
                total_bytes = int(length) if length and length.isdigit() else None
                received_bytes = 0
                while chunk := response.read(_CHUNK_BYTES):
                    received_bytes += len(chunk)
                    receive(chunk, total_bytes)
        except urllib.error.HTTPError as error:
            raise DownloadError(f"{url} answered {error.code} {error.reason}.") from error
        except OSError as error:
            self._unreachable.add(host)
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            raise DownloadError(f"{host} could not be reached: {reason}.") from error
        if total_bytes is not None and received_bytes < total_bytes:
            raise DownloadError(f"{url} ended after {received_bytes} of {total_bytes} bytes.")


def find_checksum(listing: str, file_name: str) -> str:
    """The hex checksum of `file_name` in the output format of sha256sum and shasum. Raises DownloadError."""
    for line in listing.splitlines():
        checksum, _, name = line.strip().partition(" ")
        if name.strip().lstrip("*").removeprefix("./") == file_name:
            return checksum
    raise DownloadError(f"No checksum is published for {file_name}.")
