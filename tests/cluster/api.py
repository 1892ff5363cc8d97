"""Nomad's and Consul's HTTP APIs as the tests ask them: independent of the provider's own client."""

import json
import ssl
import urllib.error
import urllib.request
from typing import Any

from toolchain.waiting import wait_until

TIMEOUT_S = 30.0

UNTIL_STOPPED_S = 60.0
"""How long Nomad may take to stop a job whose count is to be 0 now."""


class Api:
    """A server by its URL. `token` is for one with ACLs, `tls` for one that wants certificates."""

    def __init__(
        self, address: str, token: str = "", tls: ssl.SSLContext | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._tls = tls

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """JSON in, JSON out; None for 404."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=data, method=method, headers=self._headers)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s, context=self._tls) as response:
                return json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def job(self, name: str) -> Any:
        """A Nomad job, or None."""
        return self.call("GET", f"/v1/job/{name}")

    def register(self, job: dict[str, Any]) -> Any:
        """Registers a Nomad job, as `nomad job run` does: no index is enforced."""
        return self.call("POST", "/v1/jobs", {"Job": job})

    def purge(self, name: str, namespace: str = "default") -> Any:
        """Stops a Nomad job, and forgets it when nothing is left to do for it.

        Nomad 1.11.3 ends, at each start again, where its scheduler still has allocations to stop or a deployment to
        cancel of a job that is gone (`planner.applyPlan`: a plan without a job).
        """
        self.call("DELETE", f"/v1/job/{name}?namespace={namespace}")
        evaluations = f"/v1/job/{name}/evaluations?namespace={namespace}"
        assert wait_until(
            lambda: all(one["Status"] != "pending" for one in self.call("GET", evaluations) or []), UNTIL_STOPPED_S
        ), f"Nomad does not stop job {name}"
        return self.call("DELETE", f"/v1/job/{name}?purge=true&namespace={namespace}")

    def running(self, name: str) -> list[Any]:
        """The running allocations of a Nomad job."""
        allocations = self.call("GET", f"/v1/job/{name}/allocations") or []
        return [a for a in allocations if a["ClientStatus"] == "running"]

    def healthy(self, service: str) -> list[str]:
        """The addresses of a service's healthy instances in Consul."""
        entries = self.call("GET", f"/v1/health/service/{service}?passing=true")
        return [f"{entry['Service']['Address']}:{entry['Service']['Port']}" for entry in entries]
