"""What Consul says of a job's services while they roll out, as any reader of Consul sees it."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from providers.http_api import HttpApi, join
from providers.nomad.client import Json
from providers.plugin import ProviderError

WATCH_WAIT_S = 30
RETRY_PAUSE_S = 1.0
AGENT_PAUSE_S = 3.0
FIND_PAUSE_S = 1.0
MAX_ASKED_FOR = 40
"""Of how many allocations at once services are looked for: their IDs are in the request's address."""


@dataclass(frozen=True)
class Instance:
    """One service instance in Consul: which allocation it belongs to, its worst check and what that check printed."""

    service: str
    service_id: str
    address: str
    status: str
    output: str
    silent: str = field(default="", compare=False)
    """The names of its checks that do not pass and have no output: a script's without a word, or not run yet."""


class ConsulWatch:
    """Follows the named services by blocking queries, and keeps the last thing a failing check said.

    An instance that Nomad has already taken out of Consul is forgotten there, but not here: its last words are what the
    user needs to read.
    """

    def __init__(
        self, api: HttpApi, services: set[str], changed: Callable[[], None], *, finds_more: bool = False
    ) -> None:
        """`finds_more`: whether the job has services whose names Consul is to be asked for."""
        self._api = api
        self._services = services
        self._finds_more = finds_more
        self._found: set[str] = set()
        self._of: list[str] = []
        self._changed = changed
        self._tasks: list[asyncio.Task[None]] = []
        self.instances: dict[str, dict[str, Instance]] = {}
        self.last_failing: dict[str, Instance] = {}
        self._said_to_agent: dict[str, str] = {}
        self.trouble: str | None = None

    async def __aenter__(self) -> "ConsulWatch":
        self._tasks = [asyncio.create_task(self._follow(service)) for service in sorted(self._services)]
        self._tasks.append(asyncio.create_task(self._listen_to_agent()))
        if self._finds_more:
            self._tasks.append(asyncio.create_task(self._find_more()))
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, service: str) -> None:
        index = 0
        while True:
            try:
                answer = await self._api.get(
                    join("v1", "health", "service", service),
                    query={"index": str(index), "wait": f"{WATCH_WAIT_S}s"} if index else None,
                    read_timeout_s=WATCH_WAIT_S * 2,
                )
            except ProviderError as error:
                self.trouble = str(error).removesuffix(".")
                self.instances.pop(service, None)
                self._changed()
                await asyncio.sleep(RETRY_PAUSE_S)
                continue
            self.trouble = None
            found = [_instance(service, entry) for entry in answer.body or []]
            self.instances[service] = {instance.service_id: instance for instance in found}
            for instance in found:
                last = self.last_failing.get(instance.service_id)
                if instance.status != "passing" and (instance.output or last is None or not last.output):
                    self.last_failing[instance.service_id] = instance
            new_index = int(answer.headers.get("X-Consul-Index") or 0)
            # An index that goes back means that Consul was restored: start again (Consul, "Blocking Queries").
            index = new_index if new_index >= index else 0
            self._changed()
            if not new_index:
                # Something between here and Consul drops the header: without it a query does not block.
                await asyncio.sleep(RETRY_PAUSE_S)

    def look_for(self, allocations: Iterable[str]) -> None:
        """Takes the allocations whose services are to be found under whatever names they have."""
        self._of = list(allocations)

    async def _find_more(self) -> None:
        """Follows the services that have checks of these allocations, once their node has given them a name."""
        while True:
            await asyncio.sleep(FIND_PAUSE_S)
            try:
                names = await names_of(self._api, self._of)
            except ProviderError:
                continue
            for name in sorted(names - self._services - self._found):
                self._found.add(name)
                self._tasks.append(asyncio.create_task(self._follow(name)))

    async def _listen_to_agent(self) -> None:
        """Asks the agent itself for what failing checks say.

        An agent passes output on to the catalogue only when the status changes or after minutes (Consul
        `check_update_interval`), too late for a rollout: there it stays "connection refused", from before the program
        was up. Where the address is not the agent that runs the check, nothing is found and nothing is lost.
        """
        while True:
            await asyncio.sleep(AGENT_PAUSE_S)
            if not self.last_failing:
                continue
            try:
                checks = (await self._api.get("/v1/agent/checks")).body or {}
            except ProviderError:
                continue
            for check in checks.values():
                failing = check.get("ServiceID") in self.last_failing and check.get("Status") != "passing"
                if failing and check.get("Output") and self._said_to_agent.get(check["ServiceID"]) != _said(check):
                    self._said_to_agent[check["ServiceID"]] = _said(check)
                    self._changed()

    def of_allocation(self, allocation_id: str) -> list[Instance]:
        """The instances that an allocation has registered and that Consul still has."""
        return [
            instance
            for found in self.instances.values()
            for instance in found.values()
            if allocation_id in instance.service_id
        ]

    def failing(self, allocation_id: str) -> list[Instance]:
        """Those of them that do not pass, with what their checks say now."""
        return [
            replace(instance, output=self._said_to_agent.get(instance.service_id, instance.output))
            for instance in self.of_allocation(allocation_id)
            if instance.status != "passing"
        ]

    def known(self) -> bool:
        """Whether Consul has answered for every service."""
        return self.trouble is None and self._services <= self.instances.keys()

    def last_words(self, allocation_id: str) -> list[Instance]:
        """The last failing checks of an allocation, gone from Consul or not."""
        return [
            replace(instance, output=self._said_to_agent.get(service_id, instance.output))
            for service_id, instance in self.last_failing.items()
            if allocation_id in service_id
        ]


async def names_of(api: HttpApi, allocations: Iterable[str]) -> set[str]:
    """The names of the services with checks that allocations have in Consul; of `MAX_ASKED_FOR` at most."""
    asked = " or ".join(f'ServiceID contains "{id_}"' for id_ in list(allocations)[:MAX_ASKED_FOR])
    if not asked:
        return set()
    checks = (await api.get("/v1/health/state/any", query={"filter": asked})).body or []
    return {str(check["ServiceName"]) for check in checks}


def _instance(service: str, entry: Json) -> Instance:
    own = entry["Service"]
    checks = [check for check in entry.get("Checks") or [] if check.get("ServiceID") == own["ID"]]
    order = ("passing", "warning", "critical")
    worst = max(
        entry.get("Checks") or [{"Status": "passing"}],
        key=lambda check: order.index(check["Status"]) if check["Status"] in order else len(order),
    )
    failing = [check for check in checks if check["Status"] != "passing"]
    output = "; ".join(_said(check) for check in failing if check.get("Output"))
    silent = ", ".join(f'"{check["Name"]}"' for check in failing if not check.get("Output"))
    address = own.get("Address") or entry["Node"]["Address"]
    # A service without a port is listed, too: Consul leaves the key out.
    at = f"{address}:{own['Port']}" if own.get("Port") else address
    return Instance(service, own["ID"], at, worst["Status"], output, silent)


def _said(check: Json) -> str:
    return f"{check['Name']}: {check['Output']}".strip()
