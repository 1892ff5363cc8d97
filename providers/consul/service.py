"""The resource consul:index/service:Service: a service that no agent speaks for, with its checks."""

from collections.abc import Mapping
from typing import Any, ClassVar

from providers.consul.client import Conflict, ConsulClient, Json
from providers.consul.expected import ExpectedNodes
from providers.consul.node import MAX_OWNER_CHARS, OWNER_KEY
from providers.consul.record import ConsulRecord
from providers.consul.rights import Right
from providers.fields import (
    Block,
    Blocks,
    Duration,
    Flag,
    Items,
    Refused,
    Text,
    TextMap,
    Texts,
    Whole,
    go_duration,
    nanoseconds,
)
from providers.http_api import join
from providers.plugin import CheckFailure, Engine, ProviderError
from providers.properties import Properties, contains_unknown

STATUSES = ("passing", "warning", "critical")
INITIAL_STATUS = "critical"
DEREGISTER_AFTER_NS = 30 * 10**9
"""The SDK's default for `deregisterCriticalServiceAfter`: 30 s."""

AGENT_CHECK = "serfHealth"
"""The check that every node with an agent has, and no other node."""

_DURATIONS = {
    "interval": "Interval",
    "timeout": "Timeout",
    "deregisterCriticalServiceAfter": "DeregisterCriticalServiceAfter",
}
_DEFINED = {"http": "HTTP", "tcp": "TCP", "method": "Method", "tlsSkipVerify": "TLSSkipVerify"}


class ServiceResource(ConsulRecord):
    """Services in the catalogue, on a node without an agent. ID: NODE/SERVICE_ID.

    Consul itself does not run their checks: consul-esm does, where it runs, and from then on the status is its own.
    """

    token = "consul:index/service:Service"
    noun = "service"
    computed = ("serviceId",)
    fields: ClassVar = {
        "name": Text(replaces=True),
        "node": Text(required=True, replaces=True),
        "serviceId": Text(replaces=True),
        "address": Text(),
        "port": Whole(),
        "tags": Texts(),
        "meta": TextMap(),
        "weights": Block(fields={"passing": Whole(), "warning": Whole()}),
        "enableTagOverride": Flag(),
        "external": Refused(because="it has no effect any more; give the node the meta external-node = true."),
        "checks": Blocks(
            fields={
                "checkId": Text(required=True),
                "name": Text(required=True),
                "interval": Duration(required=True),
                "timeout": Duration(required=True),
                "deregisterCriticalServiceAfter": Duration(default_ns=DEREGISTER_AFTER_NS),
                "headers": Items(fields={"name": Text(required=True), "values": Texts(required=True)}),
                "http": Text(),
                "tcp": Text(),
                "method": Text(),
                "notes": Text(),
                "status": Text(one_of=STATUSES),
                "tlsSkipVerify": Flag(),
            },
            key="checkId",
        ),
        "datacenter": Text(replaces=True),
        "namespace": Text(replaces=True),
        "partition": Text(replaces=True),
    }

    def __init__(self, engine: Engine, client: ConsulClient, expected: ExpectedNodes) -> None:
        super().__init__(engine, client)
        self._expected = expected

    def rights(self, inputs: Properties) -> list[Right]:
        named = [("service", inputs.get("name")), ("node", inputs.get("node"))]
        return [Right(resource, "write", name) for resource, name in named if isinstance(name, str)]

    def id(self, inputs: Properties) -> str:
        return f"{inputs.values['node']}/{inputs.values['serviceId']}"

    def own_id(self, id: str, recorded: Properties) -> str:
        """The official plugin writes the service's ID alone."""
        return f"{recorded.values['node']}/{id}" if "/" not in id and recorded.get("node") else id

    async def fetch(self, id: str) -> Json | None:
        return await self.look(id)

    async def look(self, id: str, *known: Properties) -> Json | None:
        node, _, service_id = id.partition("/")
        if not service_id:
            raise ProviderError(f"The ID {id!r} names no service; it is NODE/SERVICE_ID.")
        query = self._client.query(known[0].values if known else {})
        found = await self._client.find(join("v1", "catalog", "node-services", node), query)
        service = next((one for one in (found or {}).get("Services") or [] if one["ID"] == service_id), None)
        if service is None:
            return None
        checks = await self._client.find(join("v1", "health", "node", node), query) or []
        return {
            "node": node,
            "service": service,
            "checks": {check["CheckID"]: check for check in checks if check["ServiceID"] == service_id},
        }

    def is_mine(self, urn: str, inputs: Properties, existing: Json) -> bool:
        return (existing["service"].get("Meta") or {}).get(OWNER_KEY) == urn[:MAX_OWNER_CHARS]

    def values(self, found: Json) -> dict[str, Any]:
        service = found["service"]
        weights = service.get("Weights") or {}
        values: dict[str, Any] = {
            "name": service["Service"],
            "node": found["node"],
            "serviceId": service["ID"],
            "address": service.get("Address"),
            "port": service.get("Port"),
            "tags": service.get("Tags"),
            "meta": {key: value for key, value in (service.get("Meta") or {}).items() if key != OWNER_KEY},
            "weights": {"passing": weights.get("Passing", 1), "warning": weights.get("Warning", 1)},
            "enableTagOverride": service.get("EnableTagOverride"),
            "checks": [_check_values(check) for _, check in sorted(found["checks"].items())],
        }
        return {name: value for name, value in values.items() if value}

    async def write(self, urn: str, id: str | None, inputs: Properties, current: Json | None) -> str:
        old = self._found(current) if current else {}
        new = self._normal(inputs)
        operations = []
        if {**old, "checks": None} != {**new, "checks": None}:
            operations.append(self._service_operation(urn, inputs, current))
        there = current["checks"] if current else {}
        wanted = {check["checkId"]: check for check in inputs.get("checks", [])}
        recorded = old.get("checks", {})
        for check_id, check in wanted.items():
            if recorded.get(check_id) != new["checks"][check_id]:
                operations.append(_check_operation(inputs, check, there.get(check_id)))
        operations += [
            {"Check": {"Verb": "delete-cas", "Check": {**_of(inputs, check_id), "ModifyIndex": check["ModifyIndex"]}}}
            for check_id, check in there.items()
            if check_id not in wanted
        ]
        await self._transact(operations, inputs, "overwritten")
        return self.id(inputs)

    async def remove(self, id: str, current: Json, inputs: Properties) -> None:
        service = {key: current["service"][key] for key in ("ID", "Service", "ModifyIndex")}
        operation = {"Service": {"Verb": "delete-cas", "Node": current["node"], "Service": service}}
        await self._transact([operation], inputs, "deleted")

    async def more_faults(self, inputs: Properties) -> list[CheckFailure]:
        """Ports, checks that ask nothing or two things, and what only Consul Enterprise takes."""
        failures = await self._client.refuse_tenancy(self.noun, inputs)
        port = inputs.get("port", 0)
        if isinstance(port, int) and not 0 <= port <= 65535:
            failures.append(CheckFailure("port", f"service: port is {port}; it must be 0 (none) to 65535."))
        checks = inputs.get("checks", [])
        if contains_unknown(checks):
            return failures
        ids = [check["checkId"] for check in checks]
        for number, check in enumerate(checks):
            if bool(check.get("http")) == bool(check.get("tcp")):
                reason = f"service: checks[{number}] has both http and tcp, or none of them; give one."
                failures.append(CheckFailure("checks", reason))
            if ids.index(check["checkId"]) != number:
                reason = f'service: checks[{number}].checkId is "{check["checkId"]}" again; give another.'
                failures.append(CheckFailure("checks", reason))
        return failures

    async def foresee(self, id: str, inputs: Properties) -> None:
        """Raises ProviderError for a node that will not be there, and for one with an agent."""
        node = inputs.get("node")
        if contains_unknown(node) or self._expected.has(node):
            return
        query = self._client.query(inputs.values)
        if not await self._client.find(join("v1", "catalog", "node", node), query):
            raise ProviderError(
                f'{self._title(inputs)}: there is no node "{node}" in Consul. Make one with consul.Node, and take the '
                "name from it (node.name), so that it is made first."
            )
        checks = await self._client.find(join("v1", "health", "node", node), query) or []
        if any(check["CheckID"] == AGENT_CHECK for check in checks):
            raise ProviderError(
                f'{self._title(inputs)}: the node "{node}" has a Consul agent, which takes away what it does not know. '
                "Register the service with that agent (a job's service, or the agent's configuration), or give it a "
                "node of its own with consul.Node."
            )

    def _settled(self, urn: str, inputs: Properties, recorded: Properties) -> Properties:
        settled = super()._settled(urn, inputs, recorded)
        given = settled.values
        weights = {"passing": 1, "warning": 1}
        if isinstance(given.get("weights", {}), Mapping):
            weights |= given.get("weights", {})
            given = {**given, "weights": weights}
        return Properties({"serviceId": given["name"], **given}, settled.secrets)

    def _normal(self, inputs: Properties) -> dict[str, Any]:
        normal = super()._normal(inputs)
        # The status that is given is the first one; what a check finds later is no change.
        checks = {
            check["checkId"]: {name: value for name, value in check.items() if name not in ("checkId", "status")}
            for check in normal.get("checks", [])
        }
        for check in checks.values():
            for name in _DURATIONS:
                check[name] = go_duration(check[name])
        return {**normal, "checks": checks} if checks else normal

    def _service_operation(self, urn: str, inputs: Properties, current: Json | None) -> Json:
        weights = inputs.values["weights"]
        service = {
            **(current["service"] if current else {}),
            "ID": inputs.values["serviceId"],
            "Service": inputs.values["name"],
            "Address": inputs.get("address", ""),
            "Port": inputs.get("port", 0),
            "Tags": inputs.get("tags", []),
            "Meta": {**inputs.get("meta", {}), OWNER_KEY: urn[:MAX_OWNER_CHARS]},
            "Weights": {"Passing": weights["passing"], "Warning": weights["warning"]},
            "EnableTagOverride": inputs.get("enableTagOverride", False),
            "ModifyIndex": current["service"]["ModifyIndex"] if current else 0,
        }
        return {"Service": {"Verb": "cas", "Node": inputs.values["node"], "Service": service}}

    async def _transact(self, operations: list[Json], inputs: Properties, spared: str) -> None:
        try:
            await self._client.transaction(operations, self._client.query(inputs.values))
        except Conflict:
            raise ProviderError(self._raced_text(inputs, spared)) from None


def _of(inputs: Properties, check_id: str) -> Json:
    return {"Node": inputs.values["node"], "CheckID": check_id, "ServiceID": inputs.values["serviceId"]}


def _check_operation(inputs: Properties, check: Mapping[str, Any], current: Json | None) -> Json:
    definition: Json = {theirs: check[ours] for ours, theirs in _DEFINED.items() if check.get(ours)}
    definition["Header"] = {header["name"]: header["values"] for header in check.get("headers") or []}
    for ours, theirs in _DURATIONS.items():
        definition[theirs] = check.get(ours) or go_duration(DEREGISTER_AFTER_NS)
    body = {
        **_of(inputs, check["checkId"]),
        "Name": check["name"],
        "Notes": check.get("notes") or "",
        "Status": current["Status"] if current else check.get("status") or INITIAL_STATUS,
        "Output": current["Output"] if current else "",
        "Definition": definition,
        "ModifyIndex": current["ModifyIndex"] if current else 0,
    }
    return {"Check": {"Verb": "cas", "Check": body}}


def _check_values(check: Json) -> dict[str, Any]:
    definition = check.get("Definition") or {}
    values = {
        "checkId": check["CheckID"],
        "name": check["Name"],
        "notes": check.get("Notes"),
        "status": check["Status"],
        **{ours: definition.get(theirs) for ours, theirs in _DEFINED.items()},
        **{ours: _duration(definition.get(theirs)) for ours, theirs in _DURATIONS.items()},
        "headers": [
            {"name": name, "values": values} for name, values in sorted((definition.get("Header") or {}).items())
        ],
    }
    return {name: value for name, value in values.items() if value}


def _duration(text: str | None) -> str | None:
    value_ns = nanoseconds(text or "")
    return go_duration(value_ns) if value_ns else None
