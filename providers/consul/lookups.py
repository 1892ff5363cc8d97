"""The look-ups: getDatacenters, getNodes, getServices, getService, getKeys, getKeyPrefix."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from providers.consul.client import ConsulClient
from providers.consul.kv import TOKEN_REFUSED, read, read_below
from providers.fields import Blocks, Field, Flag, Items, Refused, Text, TextMap, Whole, faults
from providers.http_api import join
from providers.plugin import Function, ProviderError
from providers.properties import Properties

Answer = Callable[[ConsulClient, Properties], Awaitable[Properties]]

_QUERY = {
    "allowStale": Flag(),
    "datacenter": Text(),
    "namespace": Text(),
    "near": Text(),
    "nodeMeta": TextMap(),
    "partition": Text(),
    "requireConsistent": Flag(),
    "token": Refused(because=TOKEN_REFUSED),
    "waitIndex": Whole(),
    "waitTime": Text(),
}
_OPTIONS = Items(fields=_QUERY, most=1)


async def get_datacenters(client: ConsulClient, arguments: Properties) -> Properties:
    """The datacenters that the servers know, the nearest first."""
    found = (await client.api.get("/v1/catalog/datacenters")).body or []
    return Properties({"id": "datacenters", "datacenters": found})


async def get_nodes(client: ConsulClient, arguments: Properties) -> Properties:
    """The nodes of the catalogue."""
    found = (await client.api.get("/v1/catalog/nodes", query=_query(client, arguments))).body or []
    nodes = [
        {
            "id": node["ID"],
            "name": node["Node"],
            "address": node["Address"],
            "meta": node.get("Meta") or {},
            "taggedAddresses": node.get("TaggedAddresses") or {},
        }
        for node in found
    ]
    shown = {"nodes": nodes, "nodeIds": [node["id"] for node in nodes], "nodeNames": [node["name"] for node in nodes]}
    return Properties({"id": "nodes", "datacenter": _datacenter(client, arguments), **shown})


async def get_services(client: ConsulClient, arguments: Properties) -> Properties:
    """The names of the services in the catalogue, with their tags."""
    found = (await client.api.get("/v1/catalog/services", query=_query(client, arguments))).body or {}
    services = {name: " ".join(sorted(tags)) for name, tags in found.items()}
    shown = {"names": sorted(services), "services": services, "tags": services}
    return Properties({"id": "services", "datacenter": _datacenter(client, arguments), **shown})


async def get_service(client: ConsulClient, arguments: Properties) -> Properties:
    """The instances of a service in the catalogue, whatever their checks say."""
    name = arguments.values["name"]
    query = {**_query(client, arguments), **_given(arguments, ("filter", "tag"))}
    found = (await client.api.get(join("v1", "catalog", "service", name), query=query)).body or []
    services = [
        {
            "id": one["ServiceID"],
            "name": one["ServiceName"],
            "address": one.get("ServiceAddress") or "",
            "port": str(one.get("ServicePort") or 0),
            "tags": one.get("ServiceTags") or [],
            "meta": one.get("ServiceMeta") or {},
            "nodeId": one["ID"],
            "nodeName": one["Node"],
            "nodeAddress": one["Address"],
            "nodeMeta": one.get("NodeMeta") or {},
            "taggedAddresses": one.get("TaggedAddresses") or {},
            "createIndex": str(one["CreateIndex"]),
            "modifyIndex": str(one["ModifyIndex"]),
            "enableTagOverride": str(one.get("ServiceEnableTagOverride", False)).lower(),
        }
        for one in found
    ]
    given = _given(arguments, ("filter", "tag"))
    return Properties(
        {"id": name, "name": name, **given, "datacenter": _datacenter(client, arguments), "services": services}
    )


async def get_keys(client: ConsulClient, arguments: Properties) -> Properties:
    """The values of some keys, by the names that they are given."""
    query = client.query(arguments.values)
    var, missing = {}, []
    for item in arguments.get("keys", []):
        found = await read(client, item["path"], query)
        if found is None and item.get("default") is None:
            missing.append(item["path"])
        var[item["name"]] = found["Value"] if found else item.get("default") or ""
    if missing and arguments.get("errorOnMissingKeys"):
        raise ProviderError(f"getKeys: there is no key {', '.join(missing)}.")
    given = _given(arguments, ("keys", "errorOnMissingKeys", "namespace", "partition"))
    return Properties({"id": "keys", "datacenter": _datacenter(client, arguments), **given, "var": var})


async def get_key_prefix(client: ConsulClient, arguments: Properties) -> Properties:
    """All values below a prefix, or those that are asked for by the names that they are given."""
    prefix, query = arguments.values["pathPrefix"], client.query(arguments.values)
    found = await read_below(client, prefix, query)
    listed = arguments.get("subkeyCollection", [])
    var = {
        item["name"]: found[item["path"]]["Value"] if item["path"] in found else item.get("default") or ""
        for item in listed
    }
    subkeys = {} if listed else {path: pair["Value"] for path, pair in found.items()}
    given = _given(arguments, ("subkeyCollection", "namespace", "partition"))
    values = {"id": prefix, "pathPrefix": prefix, "datacenter": _datacenter(client, arguments), **given}
    return Properties({**values, "subkeys": subkeys, "var": var})


def _options(arguments: Properties) -> Mapping[str, Any]:
    listed = arguments.get("queryOptions") or [{}]
    options: Mapping[str, Any] = listed[0]
    return options


def _query(client: ConsulClient, arguments: Properties) -> dict[str, str]:
    options = {"datacenter": arguments.get("datacenter"), **_options(arguments)}
    query = client.query(options)
    query |= {key: str(options[name]) for key, name in (("near", "near"), ("wait", "waitTime")) if options.get(name)}
    query |= {
        flag: "" for flag, name in (("stale", "allowStale"), ("consistent", "requireConsistent")) if options.get(name)
    }
    if options.get("waitIndex"):
        query["index"] = str(options["waitIndex"])
    for key, value in (options.get("nodeMeta") or {}).items():
        query["node-meta"] = f"{key}:{value}"
    return query


def _datacenter(client: ConsulClient, arguments: Properties) -> str:
    return arguments.get("datacenter") or _options(arguments).get("datacenter") or client.query().get("dc", "")


def _given(arguments: Properties, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: arguments.values[name] for name in names if arguments.get(name) not in (None, "")}


_PLACE: Mapping[str, Field] = {
    "datacenter": Text(),
    "namespace": Text(),
    "partition": Text(),
    "token": Refused(because=TOKEN_REFUSED),
}
_NAMED = Blocks(fields={"name": Text(required=True), "path": Text(required=True), "default": Text()}, key="name")

LOOKUPS: Mapping[str, tuple[Answer, Mapping[str, Field]]] = {
    "getDatacenters": (get_datacenters, {}),
    "getNodes": (get_nodes, {"queryOptions": _OPTIONS}),
    "getServices": (get_services, {"queryOptions": _OPTIONS}),
    "getService": (
        get_service,
        {
            "name": Text(required=True),
            "datacenter": Text(),
            "filter": Text(),
            "tag": Text(),
            "queryOptions": _OPTIONS,
        },
    ),
    "getKeys": (get_keys, {**_PLACE, "keys": _NAMED, "errorOnMissingKeys": Flag()}),
    "getKeyPrefix": (get_key_prefix, {**_PLACE, "pathPrefix": Text(required=True), "subkeyCollection": _NAMED}),
}


TOKENS = tuple(f"consul:index/{name}:{name}" for name in LOOKUPS)


def functions(client: ConsulClient) -> dict[str, Function]:
    """The look-ups by token. Each raises ProviderError for wrong arguments, all at once."""
    checked = (_checked(client, name, answer, fields) for name, (answer, fields) in LOOKUPS.items())
    return dict(zip(TOKENS, checked, strict=True))


def _checked(client: ConsulClient, name: str, answer: Answer, fields: Mapping[str, Field]) -> Function:
    async def function(arguments: Properties) -> Properties:
        wrong = [sentence for _, sentence in faults(fields, arguments.values, secret=arguments.secrets)]
        if wrong:
            raise ProviderError(f"{name}: " + " ".join(wrong))
        return await answer(client, arguments)

    return function
