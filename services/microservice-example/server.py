"""An HTTP service that leaves without dropping a request: the smallest thing worth deploying.

Environment:
    PORT            TCP port to listen on, 0 to 65535 (0: one that is free). Default 3000.
    HOST            Address to listen on. Default 0.0.0.0: a container is reached from outside.
    NOMAD_ALLOC_ID  Set by Nomad: the allocation that this process runs in.

On SIGTERM `/health` turns 503, so that load balancers look elsewhere, while requests that are open or still arrive are
answered for DRAIN_S; then open ones may finish within FINISH_S and the process ends with status 0. A second SIGTERM
cuts the drain short.
"""

import os
import signal
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler

NAME = "microservice-example"
VERSION = "1.0.0"

DRAIN_S = 2.0
"""How long new requests are still answered after SIGTERM: clients need a moment to learn that we leave."""

FINISH_S = 10.0
"""How long open requests may take after the drain. Together with DRAIN_S below Nomad's `kill_timeout` (20 s)."""

IDLE_S = 60.0
"""A client that stays silent for this long, between or within requests, is disconnected."""


class Server(socketserver.ThreadingTCPServer):
    """One thread per connection, and a count of the requests that are open.

    Not http.server.HTTPServer: that one asks the DNS for its own name at start.
    """

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, host: str, port: int) -> None:
        super().__init__((host, port), Handler)
        self.draining = threading.Event()
        self._open_requests = 0
        self._request_closed = threading.Condition()

    @contextmanager
    def open_request(self) -> Iterator[None]:
        """Count a request as open, from its first byte to the last one of its answer."""
        with self._request_closed:
            self._open_requests += 1
        try:
            yield
        finally:
            with self._request_closed:
                self._open_requests -= 1
                self._request_closed.notify_all()

    def wait_until_answered(self, timeout_s: float) -> None:
        """Wait until no request is open, at most timeout_s."""
        with self._request_closed:
            self._request_closed.wait_for(lambda: self._open_requests == 0, timeout_s)


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD for `/` and `/health`."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = f"{NAME}/{VERSION}"
    sys_version = ""
    timeout = IDLE_S

    def handle_one_request(self) -> None:
        """Wait for a request, which may never come on a kept-alive connection, and answer it."""
        try:
            # Not yet an open request: shutting down does not wait for connections that ask nothing.
            if not self.rfile.peek(1):  # type: ignore[attr-defined]
                self.close_connection = True
                return
            with self.server.open_request():
                super().handle_one_request()
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    def do_GET(self) -> None:
        """Answer with the text for the path, without it for HEAD."""
        path = self.path.partition("?")[0]
        status, text = self._answer(path)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if self.server.draining.is_set():
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 (http.server fixes the name)

    def _answer(self, path: str) -> tuple[HTTPStatus, str]:
        if path == "/":
            allocation = os.environ.get("NOMAD_ALLOC_ID", "none (not started by Nomad)")
            return HTTPStatus.OK, f"Hello from {NAME}@{VERSION}\nallocation {allocation}\n"
        if path == "/health":
            if self.server.draining.is_set():
                return HTTPStatus.SERVICE_UNAVAILABLE, "shutting down\n"
            return HTTPStatus.OK, "ok\n"
        return HTTPStatus.NOT_FOUND, "not found: try / or /health\n"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log a request, unless it is a health check: those come every few seconds."""
        if self.path != "/health":
            super().log_request(code, size)


def serve(host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then drain."""
    # Blocked in every thread and waited for, not handled: a handler runs only when its thread next wakes up, and a
    # signal that arrives just before the thread goes to sleep would leave it asleep.
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)

    with Server(host, port) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        print(f"{NAME}@{VERSION} listens on {host}:{server.server_address[1]}", flush=True)
        signal.sigwait(ending)
        server.draining.set()
        print(f"{NAME}@{VERSION} shuts down", flush=True)
        signal.sigtimedwait(ending, DRAIN_S)
        server.shutdown()
        server.socket.close()
        server.wait_until_answered(FINISH_S)


def main() -> int:
    """Read the environment and serve; returns the exit status."""
    port = os.environ.get("PORT", "3000")
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        print(f'PORT is "{port}", but must be a number from 0 to 65535', file=sys.stderr)
        return 2
    serve(os.environ.get("HOST", "0.0.0.0"), int(port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
