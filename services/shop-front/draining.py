"""An HTTP server that leaves without dropping a request.

The services that use it have a copy each: an image is built from its own folder.

On SIGTERM `/health` turns 503 while requests that are open or still arrive are answered for DRAIN_S; then open ones may
finish within FINISH_S.
"""

import os
import signal
import socketserver
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler

DRAIN_S = 2.0
FINISH_S = 10.0
IDLE_S = 60.0

Answer = tuple[HTTPStatus, str, str]
"""Status, content type and text."""


class Handler(BaseHTTPRequestHandler):
    """Answers GET by what the service says for the path."""

    server: "Server"
    protocol_version = "HTTP/1.1"
    timeout = IDLE_S

    def do_GET(self) -> None:
        """Answer one request."""
        with self.server.open_request():
            leaving = self.server.leaving.is_set()
            if self.path == "/health":
                status = HTTPStatus.SERVICE_UNAVAILABLE if leaving else HTTPStatus.OK
                kind, text = "text/plain", "shutting down\n" if leaving else "ok\n"
            else:
                status, kind, text = self.server.answer(self.path.partition("?")[0])
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            if leaving:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log a request, unless it is a health check: those come every few seconds."""
        if self.path != "/health":
            super().log_request(code, size)


class Server(socketserver.ThreadingTCPServer):
    """One thread per connection, and a count of the requests that are open."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, answer: Callable[[str], Answer]) -> None:
        super().__init__((os.environ.get("HOST", "0.0.0.0"), port), Handler)
        self.answer = answer
        self.leaving = threading.Event()
        self._open = 0
        self._changed = threading.Condition()

    def open_request(self) -> "Server":
        """Count a request, by `with`."""
        return self

    def __enter__(self) -> "Server":
        with self._changed:
            self._open += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def leave(self, wait: Callable[[float], object]) -> None:
        """Drain and end. `wait` is called with the longest time to go on answering new requests."""
        self.leaving.set()
        wait(DRAIN_S)
        self.shutdown()
        self.socket.close()
        with self._changed:
            self._changed.wait_for(lambda: self._open == 0, FINISH_S)


def serve(name: str, answer: Callable[[str], Answer]) -> None:
    """Serve on PORT until SIGTERM or SIGINT; `answer` is given the path. A second signal cuts the drain short."""
    # Blocked in every thread and waited for: a handler would run only when its thread next wakes up.
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    server = Server(int(os.environ.get("PORT", "3000")), answer)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    print(f"{name} listens on port {server.server_address[1]}", flush=True)
    signal.sigwait(ending)
    print(f"{name} shuts down", flush=True)
    server.leave(lambda longest_s: signal.sigtimedwait(ending, longest_s))
