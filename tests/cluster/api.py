"""Nomad's and Consul's HTTP APIs as the tests ask them: independent of the provider's own client."""

import json
import ssl
import urllib.error
import urllib.request
from typing import Any

TIMEOUT_S = 30.0


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
        """Stops and forgets a Nomad job.

        One after the other: Nomad 1.11.3 ends, at each start again, where a job is purged while a plan for it is on
        its way (`planner.applyPlan`, after "attempted to create allocation for stopped or non-existent job").
        """
        self.call("DELETE", f"/v1/job/{name}?namespace={namespace}")
        return self.call("DELETE", f"/v1/job/{name}?purge=true&namespace={namespace}")

    def running(self, name: str) -> list[Any]:
        """The running allocations of a Nomad job."""
        allocations = self.call("GET", f"/v1/job/{name}/allocations") or []
        return [a for a in allocations if a["ClientStatus"] == "running"]

    def healthy(self, service: str) -> list[str]:
        """The addresses of a service's healthy instances in Consul."""
        entries = self.call("GET", f"/v1/health/service/{service}?passing=true")
        return [f"{entry['Service']['Address']}:{entry['Service']['Port']}" for entry in entries]
