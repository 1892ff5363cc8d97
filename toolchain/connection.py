"""HTTP connections that give up on a silent host quickly, yet allow a slow transfer.

urllib's one timeout covers connecting and reading alike, and leaves name look-ups unbounded.
"""

import http.client
import threading
import urllib.request
from collections.abc import Callable
from typing import Any

CONNECT_TIMEOUT_S = 5.0
"""For name look-up, TCP and TLS together."""
STALL_TIMEOUT_S = 30.0
"""For each read once connected."""


def _within(timeout_s: float, connect: Callable[[], None]) -> None:
    """Run `connect` for `timeout_s` at most. Raises its OSError, or TimeoutError."""
    failures: list[OSError] = []

    def attempt() -> None:
        try:
            connect()
        except OSError as error:
            failures.append(error)

    # A thread, because getaddrinfo takes no timeout; where it hangs it is left behind and ends with the process.
    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(timeout_s)
    if thread.is_alive():
        raise TimeoutError(f"no connection within {timeout_s:g} s")
    if failures:
        raise failures[0]


class _HTTPConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        _within(CONNECT_TIMEOUT_S, super().connect)
        self.sock.settimeout(STALL_TIMEOUT_S)


class _HTTPSConnection(http.client.HTTPSConnection):
    def connect(self) -> None:
        _within(CONNECT_TIMEOUT_S, super().connect)
        self.sock.settimeout(STALL_TIMEOUT_S)


class _HTTPHandler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HTTPConnection, req)


class _HTTPSHandler(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        context: dict[str, Any] = {"context": self._context}  # type: ignore[attr-defined]
        return self.do_open(_HTTPSConnection, req, **context)


def opener() -> urllib.request.OpenerDirector:
    """An opener that honours the usual proxy variables and follows redirects."""
    return urllib.request.build_opener(_HTTPHandler, _HTTPSHandler)
