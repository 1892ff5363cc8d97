import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from bench.counting import Counted, CountingProxy


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def test_requests_are_counted_without_their_query_and_body() -> None:
    counted = Counted()
    counted.add(b"GET /v1/job/web?namespace=default HTTP/1.1\r\nHost: x\r\n\r\n")
    counted.add(b"POST /v1/jobs HTTP/1.1\r\n\r\n" + b'{"a": "GET /v1/x HTTP/1.1"}')
    counted.add(b'{"more": "of the body"}')
    assert counted.requests == {"GET /v1/job/web": 1, "POST /v1/jobs": 1}


def test_the_proxy_passes_everything_on_and_counts() -> None:
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with CountingProxy(f"http://127.0.0.1:{server.server_port}") as proxy:
            for _ in range(2):
                with urllib.request.urlopen(f"{proxy.address}/v1/jobs?prefix=a", timeout=30) as answer:
                    assert answer.read() == b"{}"
            assert (proxy.counted.requests["GET /v1/jobs"], proxy.counted.connections) == (2, 2)
            proxy.begin()
            assert proxy.counted.connections == 0
        server.shutdown()
