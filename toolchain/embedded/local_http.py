"""Requests to the cluster's own servers on loopback, which never go through a proxy."""

import http.client
import json
from typing import Any

TIMEOUT_S = 5.0


def get_json(address: str, path: str) -> Any:
    """The JSON answer of `http://address/path`; None while the server is not there or does not answer with success."""
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        return json.loads(body) if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
