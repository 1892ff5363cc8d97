"""A small HTTP service for jobs of the raw_exec driver: `server.py PORT GREETING [HEALTH_STATUS]`; ends on SIGTERM.

Environment, all in seconds and 0 by default: START_AFTER_S waits before it listens, CRASH_AFTER_S ends it with exit
code 3 so long after, HEALTH_TAKES_S is how long it thinks before it answers its check.
"""

import errno
import http.server
import os
import signal
import sys
import threading
import time
from typing import Any

GREETING = sys.argv[2]
HEALTH = int(sys.argv[3]) if len(sys.argv) > 3 else 200
START_AFTER_S, CRASH_AFTER_S, HEALTH_TAKES_S = (
    float(os.environ.get(name, "0")) for name in ("START_AFTER_S", "CRASH_AFTER_S", "HEALTH_TAKES_S")
)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/health":
            time.sleep(HEALTH_TAKES_S)
        self.send_response(HEALTH if self.path == "/health" else 200)
        self.end_headers()
        self.wfile.write(f"{GREETING}\n".encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


def crash() -> None:
    print("the connection to the database is lost", file=sys.stderr, flush=True)
    os._exit(3)


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
time.sleep(START_AFTER_S)
if CRASH_AFTER_S:
    threading.Timer(CRASH_AFTER_S, crash).start()
# Nomad may give it the port of the instance that the same plan stops, which serves until its end.
give_up_at = time.monotonic() + 20
while True:
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
        break
    except OSError as error:
        if error.errno != errno.EADDRINUSE or time.monotonic() > give_up_at:
            raise
        time.sleep(0.1)
server.serve_forever()
