"""Nodes and services without an agent, and the look-ups."""

from typing import Any

import pytest

from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


def program(stack: Stack, port: int = 443, interval: str = "30s", meta: str = "b") -> list[str]:
    check: dict[str, Any] = {
        "check_id": "up",
        "name": "answers",
        "http": "https://api.example.com/",
        "timeout": "5s",
        "status": "passing",
    }
    check |= {"interval": interval, "headers": [{"name": "X-From", "values": ["consul"]}]}
    return [
        f"n = consul.Node('n', name={stack.name!r}, address='192.0.2.7',",
        f"                meta={{'external-node': 'true', 'a': {meta!r}}})",
        f"s = consul.Service('s', name={stack.name!r}, node=n.name, port={port}, tags=['b', 'a'], meta={{'k': 'v'}},",
        f"                   checks=[{check!r}])",
    ]


def instances(stack: Stack) -> Any:
    return stack.consul.call("GET", f"/v1/health/service/{stack.name}")


def test_the_life_of_an_external_service(stack: Stack) -> None:
    stack.write(*program(stack))
    stack.preview()
    assert instances(stack) == []
    stack.up()
    (instance,) = instances(stack)
    assert (instance["Node"]["Address"], instance["Service"]["Port"]) == ("192.0.2.7", 443)
    (check,) = instance["Checks"]
    assert (check["Status"], check["Definition"]["HTTP"]) == ("passing", "https://api.example.com/")
    assert check["Definition"]["Header"] == {"X-From": ["consul"]}
    assert stack.refresh().unchanged
    assert stack.preview().unchanged

    # What consul-esm writes is no change of the definition.
    parts = ("Node", "CheckID", "Name", "ServiceID", "Definition")
    kept = {part: check[part] for part in parts}
    status = {"Verb": "set", "Check": {**kept, "Status": "critical", "Output": "503"}}
    stack.consul.call("PUT", "/v1/txn", [{"Check": status}])
    assert stack.preview().unchanged
    stack.write(*program(stack, 8443, "1m", "c"))
    preview = stack.preview().text
    for text in ("port 443 → 8443", 'checks.up.interval "30s" → "1m0s"', 'meta.a "b" → "c"'):
        assert text in preview
    stack.up()
    (instance,) = instances(stack)
    assert instance["Service"]["Port"] == 8443
    assert (instance["Checks"][0]["Status"], instance["Checks"][0]["Definition"]["Interval"]) == ("critical", "1m0s")

    theirs = {**instance["Service"], "Port": 1}
    stack.consul.call("PUT", "/v1/txn", [{"Service": {"Verb": "set", "Node": stack.name, "Service": theirs}}])
    stack.write(*program(stack, 9443, "1m", "c"))
    stack.refused("port 8443 → 1", "It is not overwritten")
    stack.refresh()
    assert "port 1 → 9443" in stack.preview().text
    stack.up()
    stack.destroy()
    assert instances(stack) == []
    assert stack.consul.call("GET", f"/v1/catalog/node/{stack.name}") is None


def test_what_others_have_is_refused_and_imported(stack: Stack) -> None:
    name = stack.name
    service = {"Service": name, "Port": 80}
    node = {"Node": name, "Address": "192.0.2.8", "NodeMeta": {"a": "b"}, "Service": service}
    stack.consul.call("PUT", "/v1/catalog/register", node)
    own = f"n = consul.Node('n', name={name!r}, address='192.0.2.8', meta={{'a': 'b'}})"
    stack.write(own)
    stack.imports(stack.refused("already exists in Consul").text)
    failed = stack.destroy(check=False)
    assert f"still has the services {name}" in failed.text
    stack.write(own, f"consul.Service('s', name={name!r}, node=n.name, port=80)")
    stack.imports(stack.refused("already exists in Consul").text)
    assert stack.up().unchanged
    stack.destroy()

    stack.write(f"consul.Service('s', name={name!r}, node='caravan', port=80)")
    assert 'the node "caravan" has a Consul agent' in stack.preview(check=False).text
    stack.write(f"consul.Service('s', name={name!r}, node='nowhere', port=80)")
    assert 'there is no node "nowhere" in Consul' in stack.preview(check=False).text


def test_look_ups(stack: Stack) -> None:
    name = stack.name
    stack.consul.call(
        "PUT",
        "/v1/catalog/register",
        {"Node": name, "Address": "192.0.2.9", "Service": {"Service": name, "Port": 81, "Tags": ["x"]}},
    )
    stack.consul.call("PUT", f"/v1/kv/{name}/a", 1)
    stack.write(
        "pulumi.export('datacenters', consul.get_datacenters().datacenters)",
        "pulumi.export('nodes', consul.get_nodes(query_options=[{'near': '_agent'}]).node_names)",
        f"pulumi.export('tags', consul.get_services().services[{name!r}])",
        f"found = consul.get_service(name={name!r}, tag='x').services[0]",
        "pulumi.export('service', [found.node_address, found.port, found.tags])",
        f"a, b = {{'name': 'a', 'path': '{name}/a'}}, {{'name': 'b', 'path': 'no', 'default': 'd'}}",
        "read = consul.get_keys(keys=[a, b])",
        "pulumi.export('keys', read.var)",
        f"pulumi.export('below', consul.get_key_prefix(path_prefix='{name}/').subkeys)",
    )
    stack.up()
    outputs = stack.outputs()
    assert outputs["datacenters"] == ["dc1"]
    assert {"caravan", name} <= set(outputs["nodes"])
    assert outputs["tags"] == "x"
    assert outputs["service"] == ["192.0.2.9", "81", ["x"]]
    assert outputs["keys"] == {"a": "1", "b": "d"}
    assert outputs["below"] == {"a": "1"}

    stack.write("consul.get_keys(keys=[{'name': 'a', 'path': 'no'}], error_on_missing_keys=True)")
    assert "getKeys: there is no key no." in stack.preview(check=False).text
    stack.consul.call("PUT", "/v1/catalog/deregister", {"Node": name})
    stack.consul.call("DELETE", f"/v1/kv/{name}/a")
