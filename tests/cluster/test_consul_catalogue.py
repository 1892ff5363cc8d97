"""Nodes and services without an agent, and the look-ups, through the real CLI."""

import json
from typing import Any

import pytest

from tests.cluster.project import Project
from tests.cluster.test_consul import UNCHANGED, imports, refused, write

pytestmark = pytest.mark.cluster


def program(project: Project, port: int = 443, interval: str = "30s", meta: str = "b") -> list[str]:
    check: dict[str, Any] = {
        "check_id": "up",
        "name": "answers",
        "http": "https://api.example.com/",
        "timeout": "5s",
        "status": "passing",
    }
    check |= {"interval": interval, "headers": [{"name": "X-From", "values": ["consul"]}]}
    return [
        f"n = consul.Node('n', name={project.name!r}, address='192.0.2.7',",
        f"                meta={{'external-node': 'true', 'a': {meta!r}}})",
        f"s = consul.Service('s', name={project.name!r}, node=n.name, port={port}, tags=['b', 'a'], meta={{'k': 'v'}},",
        f"                   checks=[{check!r}])",
    ]


def instances(project: Project) -> Any:
    return project.consul.call("GET", f"/v1/health/service/{project.name}")


def test_the_life_of_an_external_service(project: Project) -> None:
    write(project, *program(project))
    project.preview()
    assert instances(project) == []
    project.up("--skip-preview")
    (instance,) = instances(project)
    assert (instance["Node"]["Address"], instance["Service"]["Port"]) == ("192.0.2.7", 443)
    (check,) = instance["Checks"]
    assert (check["Status"], check["Definition"]["HTTP"]) == ("passing", "https://api.example.com/")
    assert check["Definition"]["Header"] == {"X-From": ["consul"]}
    assert UNCHANGED.search(project.run("refresh", "--yes").text)
    assert UNCHANGED.search(project.preview().text)

    # What consul-esm writes is no change of the definition.
    parts = ("Node", "CheckID", "Name", "ServiceID", "Definition")
    kept = {part: check[part] for part in parts}
    status = {"Verb": "set", "Check": {**kept, "Status": "critical", "Output": "503"}}
    project.consul.call("PUT", "/v1/txn", [{"Check": status}])
    assert UNCHANGED.search(project.preview().text)
    write(project, *program(project, 8443, "1m", "c"))
    preview = project.preview().text
    for text in ("port 443 → 8443", 'checks.up.interval "30s" → "1m0s"', 'meta.a "b" → "c"'):
        assert text in preview
    project.up()
    (instance,) = instances(project)
    assert instance["Service"]["Port"] == 8443
    assert (instance["Checks"][0]["Status"], instance["Checks"][0]["Definition"]["Interval"]) == ("critical", "1m0s")

    theirs = {**instance["Service"], "Port": 1}
    project.consul.call("PUT", "/v1/txn", [{"Service": {"Verb": "set", "Node": project.name, "Service": theirs}}])
    write(project, *program(project, 9443, "1m", "c"))
    refused(project, "port 8443 → 1", "It is not overwritten")
    project.run("refresh", "--yes")
    assert "port 1 → 9443" in project.up().text
    project.run("destroy", "--yes")
    assert instances(project) == []
    assert project.consul.call("GET", f"/v1/catalog/node/{project.name}") is None


def test_what_others_have_is_refused_and_imported(project: Project) -> None:
    name = project.name
    service = {"Service": name, "Port": 80}
    node = {"Node": name, "Address": "192.0.2.8", "NodeMeta": {"a": "b"}, "Service": service}
    project.consul.call("PUT", "/v1/catalog/register", node)
    own = f"n = consul.Node('n', name={name!r}, address='192.0.2.8', meta={{'a': 'b'}})"
    write(project, own)
    imports(project, refused(project, "already exists in Consul").text)
    failed = project.run("destroy", "--yes", check=False)
    assert f"still has the services {name}" in failed.text
    write(project, own, f"consul.Service('s', name={name!r}, node=n.name, port=80)")
    imports(project, refused(project, "already exists in Consul").text)
    assert UNCHANGED.search(project.up().text)
    project.run("destroy", "--yes")

    write(project, f"consul.Service('s', name={name!r}, node='caravan', port=80)")
    assert 'the node "caravan" has a Consul agent' in project.preview(check=False).text
    write(project, f"consul.Service('s', name={name!r}, node='nowhere', port=80)")
    assert 'there is no node "nowhere" in Consul' in project.preview(check=False).text


def test_look_ups(project: Project) -> None:
    name = project.name
    project.consul.call(
        "PUT",
        "/v1/catalog/register",
        {"Node": name, "Address": "192.0.2.9", "Service": {"Service": name, "Port": 81, "Tags": ["x"]}},
    )
    project.consul.call("PUT", f"/v1/kv/{name}/a", 1)
    write(
        project,
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
    project.up("--skip-preview")
    outputs = json.loads(project.run("stack", "output", "--json").text)
    assert outputs["datacenters"] == ["dc1"]
    assert {"caravan", name} <= set(outputs["nodes"])
    assert outputs["tags"] == "x"
    assert outputs["service"] == ["192.0.2.9", "81", ["x"]]
    assert outputs["keys"] == {"a": "1", "b": "d"}
    assert outputs["below"] == {"a": "1"}

    write(project, "consul.get_keys(keys=[{'name': 'a', 'path': 'no'}], error_on_missing_keys=True)")
    assert "getKeys: there is no key no." in project.preview(check=False).text
    project.consul.call("PUT", "/v1/catalog/deregister", {"Node": name})
    project.consul.call("DELETE", f"/v1/kv/{name}/a")
