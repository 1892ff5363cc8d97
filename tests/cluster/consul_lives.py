"""The types of the Consul provider, for the tests of their lives."""

import base64
from collections.abc import Callable
from typing import Any

from tests.cluster.life import Context, Life, hidden, nothing, told


def key(test: Context, path: str) -> str | None:
    """A key's value."""
    found = test.consul.call("GET", f"/v1/kv/{path}")
    return base64.b64decode(found[0]["Value"] or "").decode() if found else None


def put_key(test: Context, path: str, text: str) -> None:
    """Writes a key as somebody else would: base64 keeps JSON's quotes out of it."""
    pair = {"Verb": "set", "Key": path, "Value": base64.b64encode(text.encode()).decode()}
    test.consul.call("PUT", "/v1/txn", [{"KV": pair}])


def entry(test: Context, kind: str) -> Any:
    """The config entry with the test's name."""
    return test.consul.call("GET", f"/v1/config/{kind}/{test.name}")


def http_services(test: Context) -> None:
    """What may be routed and split: the test's service, and another."""
    for name in (test.name, f"{test.name}-other"):
        test.consul.call("PUT", "/v1/config", {"Kind": "service-defaults", "Name": name, "Protocol": "http"})


def no_http_services(test: Context) -> None:
    for name in (test.name, f"{test.name}-other"):
        test.consul.call("DELETE", f"/v1/config/service-defaults/{name}")


def config_entry(
    kind: str,
    program: Callable[[str, Any], str],
    body: Callable[[str, Any], dict[str, Any]],
    read: Callable[[Any], Any],
    *,
    type_: str,
    line: str,
    values: tuple[Any, Any, Any, Any],
    typed: bool = True,
    routed: bool = False,
) -> Life:
    """A type of config entry. `body` is what changes with the value, and the rest of an entry of somebody else's."""

    def put(test: Context, value: Any) -> None:
        named = {"Kind": kind, "Name": test.name}
        test.consul.call("PUT", "/v1/config", {**(entry(test, kind) or named), **body(test.name, value)})

    def found(test: Context) -> Any:
        there = entry(test, kind)
        return there and read(there)

    return Life(
        token=f"consul:index/{type_[0].lower()}{type_[1:]}:{type_}",
        program=program,
        put=put,
        read=found,
        drop=lambda test: test.consul.call("DELETE", f"/v1/config/{kind}/{test.name}"),
        id=lambda test: test.name if typed else f"{kind}/{test.name}",
        told=told(line),
        values=values,
        marked=True,
        before=http_services if routed else nothing,
        after=no_http_services if routed else nothing,
    )


def splits(name: str, weight: int) -> list[dict[str, Any]]:
    return [{"Weight": weight, "Service": name}, {"Weight": 100 - weight, "Service": f"{name}-other"}]


def split_inputs(name: str, weight: int) -> list[dict[str, Any]]:
    return [{key.lower(): value for key, value in split.items()} for split in splits(name, weight)]


def route(name: str, timeout: str) -> dict[str, Any]:
    match = {"HTTP": {"PathPrefix": "/old"}}
    return {"Routes": [{"Match": match, "Destination": {"PrefixRewrite": "/new", "RequestTimeout": timeout}}]}


def intention(name: str, description: str) -> dict[str, Any]:
    return {"Sources": [{"Name": "web", "Action": "allow", "Description": description}]}


ENTRIES = [
    config_entry(
        "service-defaults",
        lambda name, value: (
            f"consul.ConfigEntry('it', kind='service-defaults', name={name!r}, "
            f"config_json=json.dumps({{'LocalRequestTimeoutMs': {value}, 'Meta': {{'team': 'a'}}}}))"
        ),
        lambda name, value: {"LocalRequestTimeoutMs": value, "Meta": {"team": "a"}},
        lambda found: found.get("LocalRequestTimeoutMs"),
        type_="ConfigEntry",
        line="configJson.LocalRequestTimeoutMs",
        values=(500, 600, 700, 900),
        typed=False,
    ),
    config_entry(
        "service-defaults",
        lambda name, value: (
            f"consul.ConfigEntryServiceDefaults('it', name={name!r}, protocol='http', exposes=[], "
            f"max_inbound_connections={value})"
        ),
        lambda name, value: {"Protocol": "http", "MaxInboundConnections": value},
        lambda found: found.get("MaxInboundConnections"),
        type_="ConfigEntryServiceDefaults",
        line="MaxInboundConnections",
        values=(5, 6, 7, 9),
    ),
    config_entry(
        "service-resolver",
        lambda name, value: f"consul.ConfigEntryServiceResolver('it', name={name!r}, connect_timeout={value!r})",
        lambda name, value: {"ConnectTimeout": value},
        lambda found: found["ConnectTimeout"],
        type_="ConfigEntryServiceResolver",
        line="ConnectTimeout",
        values=("5s", "6s", "7s", "9s"),
    ),
    config_entry(
        "service-splitter",
        lambda name, value: (
            f"consul.ConfigEntryServiceSplitter('it', name={name!r}, splits={split_inputs(name, value)!r})"
        ),
        lambda name, value: {"Splits": splits(name, value)},
        lambda found: found["Splits"][0]["Weight"],
        type_="ConfigEntryServiceSplitter",
        line="Splits[0].Weight",
        values=(50, 60, 70, 90),
        routed=True,
    ),
    config_entry(
        "service-router",
        lambda name, value: (
            f"consul.ConfigEntryServiceRouter('it', name={name!r}, routes=[{{"
            "'match': {'http': {'path_prefix': '/old'}}, "
            f"'destination': {{'prefix_rewrite': '/new', 'request_timeout': {value!r}}}}}])"
        ),
        route,
        lambda found: found["Routes"][0]["Destination"]["RequestTimeout"],
        type_="ConfigEntryServiceRouter",
        line="Routes[0].Destination.RequestTimeout",
        values=("5s", "6s", "7s", "9s"),
        routed=True,
    ),
    config_entry(
        "service-intentions",
        lambda name, value: (
            f"consul.ConfigEntryServiceIntentions('it', name={name!r}, "
            f"sources=[{{'name': 'web', 'action': 'allow', 'description': {value!r}}}])"
        ),
        intention,
        lambda found: found["Sources"][0]["Description"],
        type_="ConfigEntryServiceIntentions",
        line="Sources.web.Description",
        values=("one", "two", "three", "theirs"),
    ),
]


def keys(secret: str) -> Life:
    def program(name: str, value: str) -> str:
        written = f"pulumi.Output.secret({value!r})" if secret else repr(value)
        return f"consul.Keys('it', keys=[{{'path': '{name}/a', 'name': 'a', 'value': {written}, 'delete': True}}])"

    ending = f"-{secret}" if secret else ""
    return Life(
        token="consul:index/keys:Keys",
        program=program,
        put=lambda test, value: put_key(test, f"{test.name}/a", value),
        read=lambda test: key(test, f"{test.name}/a"),
        drop=lambda test: test.consul.call("DELETE", f"/v1/kv/{test.name}/a"),
        id=lambda test: f"{test.name}/a",
        told=hidden("keys.NAME/a.value") if secret else told("keys.NAME/a.value"),
        values=(f"one{ending}", f"two{ending}", f"three{ending}", f"theirs{ending}"),
        secret=secret,
        says_secret=True,
        by_parts=True,
    )


def key_prefix(secret: str) -> Life:
    def program(name: str, value: str) -> str:
        written = f"pulumi.Output.secret({value!r})" if secret else repr(value)
        return f"consul.KeyPrefix('it', path_prefix='{name}/', subkeys={{'a': {written}}})"

    ending = f"-{secret}" if secret else ""
    return Life(
        token="consul:index/keyPrefix:KeyPrefix",
        program=program,
        put=lambda test, value: put_key(test, f"{test.name}/a", value),
        read=lambda test: key(test, f"{test.name}/a"),
        drop=lambda test: test.consul.call("DELETE", f"/v1/kv/{test.name}/a"),
        id=lambda test: f"{test.name}/",
        told=hidden("subkeys.a.value") if secret else told("subkeys.a.value"),
        values=(f"one{ending}", f"two{ending}", f"three{ending}", f"theirs{ending}"),
        secret=secret,
        says_secret=True,
    )


def node(test: Context) -> Any:
    return test.consul.call("GET", f"/v1/catalog/node/{test.name}")


def put_node(test: Context, address: str) -> None:
    old = (node(test) or {}).get("Node") or {}
    body = {"Node": test.name, "Address": address, "NodeMeta": old.get("Meta") or {"a": "b"}}
    test.consul.call("PUT", "/v1/catalog/register", body)


def drop_node(test: Context) -> None:
    test.consul.call("PUT", "/v1/catalog/deregister", {"Node": test.name})


def service(test: Context) -> Any:
    return ((node(test) or {}).get("Services") or {}).get(test.name)


def put_service(test: Context, port: int) -> None:
    old = {"Service": test.name, "ID": test.name, "Tags": ["a"], **(service(test) or {})}
    body = {"Node": test.name, "SkipNodeUpdate": True, "Service": {**old, "Port": port}}
    test.consul.call("PUT", "/v1/catalog/register", body)


def drop_service(test: Context) -> None:
    test.consul.call("PUT", "/v1/catalog/deregister", {"Node": test.name, "ServiceID": test.name})


CONSUL = [
    *ENTRIES,
    keys(""),
    keys("horse"),
    key_prefix(""),
    key_prefix("horse"),
    Life(
        token="consul:index/node:Node",
        program=lambda name, value: f"consul.Node('it', name={name!r}, address={value!r}, meta={{'a': 'b'}})",
        put=put_node,
        read=lambda test: (found := node(test)) and found["Node"]["Address"],
        drop=drop_node,
        id=lambda test: test.name,
        told=told("address"),
        values=("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.9"),
        marked=True,
    ),
    Life(
        token="consul:index/service:Service",
        program=lambda name, value: f"consul.Service('it', name={name!r}, node={name!r}, port={value}, tags=['a'])",
        put=put_service,
        read=lambda test: (found := service(test)) and found["Port"],
        drop=drop_service,
        id=lambda test: f"{test.name}/{test.name}",
        told=told("port"),
        values=(80, 81, 82, 90),
        marked=True,
        before=lambda test: put_node(test, "192.0.2.1"),
        after=drop_node,
    ),
]
