"""Requests through Consul's healthy instances, one after the other, while something else happens."""

import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

from tests import observation
from tests.background import Background
from tests.cluster.api import Api
from toolchain.waiting import wait_until

PAUSE_S = 0.02
PATIENCE_S = 0.3
"""How long Consul may take to answer a client that remembers."""

ENOUGH = 20
"""Fewer requests than this show nothing."""


@dataclass
class Load(Background):
    """A client that asks Consul before each request, as one does that honours health. Use as a context manager.

    With `remembers` it goes on with the last healthy instances while Consul does not answer or knows none, as a client
    with a cache does: for faults of Consul itself. With `tries_others` it asks the next healthy instance where one
    cannot be reached, as a load balancer does: for versions that break while they serve.
    """

    consul: Api
    service: str
    remembers: bool = False
    tries_others: bool = False
    pause_s: float = PAUSE_S
    sent: int = 0
    slowest_s: float = 0.0
    """Consul's answer included."""
    failures: list[str] = field(default_factory=list)
    answers: set[str] = field(default_factory=set)
    _known: list[str] = field(default_factory=list)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        observation.current().requests(self.sent, len(self.failures), self.slowest_s)

    def lost_none(self) -> None:
        """Asserts that enough requests were sent and that each was answered."""
        assert self.failures == []
        assert self.sent >= ENOUGH, f"only {self.sent} requests were sent"

    def goes_on(self, requests: int = ENOUGH, within_s: float = 60.0) -> None:
        """Waits until so many more requests were sent: a while that is measured by what it is for."""
        wanted = self.sent + requests
        assert wait_until(lambda: self.sent >= wanted, within_s), f"only {self.sent} of {wanted} requests were sent"

    def once(self) -> None:
        started_s = time.monotonic()
        self._request()
        self.slowest_s = max(self.slowest_s, time.monotonic() - started_s)

    def _healthy(self) -> list[str]:
        if not self.remembers:
            return sorted(self.consul.healthy(self.service))
        with suppress(OSError, AssertionError):
            self._known = sorted(Api(self.consul.address, timeout_s=PATIENCE_S).healthy(self.service)) or self._known
        return self._known

    def _request(self) -> None:
        self.sent += 1
        addresses = self._healthy()
        if not addresses:
            self.failures.append("Consul has no healthy instance")
            return
        first = self.sent % len(addresses)
        failures = []
        for address in [*addresses[first:], *addresses[:first]] if self.tries_others else [addresses[first]]:
            try:
                with urllib.request.urlopen(f"http://{address}/", timeout=10) as response:
                    self.answers.add(response.read().decode().splitlines()[0])
                    return
            except (urllib.error.URLError, OSError) as error:
                failures.append(f"{address}: {error}")
        self.failures.append("; ".join(failures))
