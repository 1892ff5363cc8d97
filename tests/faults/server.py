"""A small HTTP service for jobs of the raw_exec driver: `server.py PORT GREETING [HEALTH_STATUS]`; ends on SIGTERM."""

import http.server
import signal
import sys
from typing import Any

GREETING = sys.argv[2]
HEALTH = int(sys.argv[3]) if len(sys.argv) > 3 else 200


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(HEALTH if self.path == "/health" else 200)
        self.end_headers()
        self.wfile.write(f"{GREETING}\n".encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
