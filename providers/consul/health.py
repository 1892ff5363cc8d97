"""The look-up consul:index/getServiceHealth: a service's instances with their checks, as Consul's readers see them."""

from typing import Any

from providers.consul.config import ConsulConfig
from providers.http_api import HttpApi, join
from providers.plugin import ProviderError
from providers.properties import Properties

TOKEN = "consul:index/getServiceHealth:getServiceHealth"

_ARGUMENTS = frozenset({"name", "datacenter", "filter", "near", "nodeMeta", "passing", "tag"})


class ServiceHealth:
    """Consul's `/v1/health/service/NAME` in the shape of pulumi_consul's GetServiceHealthResult."""

    def __init__(self, api: HttpApi, config: ConsulConfig) -> None:
        self._api = api
        self._config = config

    async def __call__(self, arguments: Properties) -> Properties:
        """Raises ProviderError for an argument that is not supported, Unreachable and ApiError for Consul's part."""
        given = {name: value for name, value in arguments.values.items() if value is not None}
        if unsupported := sorted(given.keys() - _ARGUMENTS):
            raise ProviderError(
                f"getServiceHealth does not support {', '.join(unsupported)} here; "
                f"it takes {', '.join(sorted(_ARGUMENTS))}."
            )
        name = given.get("name")
        if not isinstance(name, str) or not name:
            raise ProviderError(f"getServiceHealth needs the name of a service; it got {name!r}.")
        query = {
            "dc": given.get("datacenter") or self._config.datacenter,
            "ns": self._config.namespace,
            "filter": given.get("filter"),
            "near": given.get("near"),
            "node-meta": given.get("nodeMeta"),
            "tag": given.get("tag"),
            "passing": "true" if given.get("passing") else None,
        }
        answer = await self._api.get(
            join("v1", "health", "service", name), query={key: value for key, value in query.items() if value}
        )
        results = [_result(entry) for entry in answer.body or []]
        return Properties({**given, "id": name, "datacenter": query["dc"] or "", "results": results})


def _result(entry: dict[str, Any]) -> dict[str, Any]:
    node, service = entry["Node"], entry["Service"]
    return {
        "nodes": [
            {
                "id": node["ID"],
                "name": node["Node"],
                "address": node["Address"],
                "datacenter": node["Datacenter"],
                "meta": node.get("Meta") or {},
                "taggedAddresses": node.get("TaggedAddresses") or {},
            }
        ],
        "services": [
            {
                "id": service["ID"],
                "name": service["Service"],
                "address": service.get("Address") or "",
                "port": service.get("Port") or 0,
                "meta": service.get("Meta") or {},
                "tags": service.get("Tags") or [],
            }
        ],
        "checks": [
            {
                "id": check["CheckID"],
                "name": check["Name"],
                "node": check["Node"],
                "notes": check.get("Notes") or "",
                "output": check.get("Output") or "",
                "serviceId": check.get("ServiceID") or "",
                "serviceName": check.get("ServiceName") or "",
                "serviceTags": check.get("ServiceTags") or [],
                "status": check["Status"],
            }
            for check in entry.get("Checks") or []
        ],
    }
