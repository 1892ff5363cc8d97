"""Config entries in Consul: those that need one another, and what each kind has of its own.

What they have in common with other types is in test_lives.py.
"""

import json
from typing import Any

import pytest

from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster

AFTER = "after = lambda *them: pulumi.ResourceOptions(depends_on=list(them))"


def entry(stack: Stack, kind: str, name: str) -> Any:
    return stack.consul.call("GET", f"/v1/config/{kind}/{name}")


def config_entry(kind: str, name: str, **fields: Any) -> str:
    return f"e = consul.ConfigEntry('e', kind={kind!r}, name={name!r}, config_json=json.dumps({fields!r}))"


def test_an_entry_that_is_written_otherwise_is_no_change(stack: Stack) -> None:
    name = stack.name
    stack.write(config_entry("service-defaults", name, protocol="HTTP", Meta={"team": "a"}))
    stack.up()
    found = entry(stack, "service-defaults", name)
    assert (found["Protocol"], found["Meta"]["team"]) == ("http", "a")
    assert stack.refresh().unchanged
    stack.write(config_entry("service-defaults", name, Protocol="http", Meta={"team": "a"}, Mode=""))
    assert stack.preview().unchanged

    changed = {"Protocol": "grpc", "LocalRequestTimeoutMs": 500, "Meta": {"team": "b"}}
    stack.write(config_entry("service-defaults", name, **changed))
    preview = stack.preview().text
    assert "configJson.LocalRequestTimeoutMs none → 500" in preview
    assert 'configJson.Meta.team "a" → "b"' in preview
    assert 'configJson.Protocol "http" → "grpc"' in preview
    stack.up()
    assert entry(stack, "service-defaults", name)["LocalRequestTimeoutMs"] == 500
    stack.destroy()


def test_an_entry_is_imported_by_either_type(stack: Stack) -> None:
    theirs = {"Kind": "service-resolver", "Name": stack.name, "ConnectTimeout": "7s"}
    for program in (
        f"consul.ConfigEntryServiceResolver('e', name={stack.name!r}, connect_timeout='7s')",
        config_entry("service-resolver", stack.name, ConnectTimeout="7000ms"),
    ):
        stack.consul.call("PUT", "/v1/config", theirs)
        stack.write(program)
        refused = stack.preview(check=False)
        assert refused.code != 0
        assert "already exists in Consul" in refused.text
        stack.imports(refused.text)
        assert stack.preview().unchanged
        stack.destroy()
        assert entry(stack, "service-resolver", stack.name) is None
    assert f"ConfigEntry e service-resolver/{stack.name}. " in refused.text


def mesh(name: str, weight: int = 90, *more: str) -> list[str]:
    """Defaults, resolver, splitter, router and intentions of one service, each after what it needs."""
    permissions = "[{'action': 'allow', 'https': [{'path_prefix': '/public', 'methods': ['get']}]}]"
    return [
        AFTER,
        f"d = consul.ConfigEntryServiceDefaults('d', name={name!r}, protocol='http', exposes=[],",
        "    max_inbound_connections=9,",
        "    upstream_configs=[{'defaults': [{'passive_health_checks': [{'interval': '10s', 'max_failures': 3}],",
        "        'limits': [{'max_connections': 5}]}]}])",
        f"r = consul.ConfigEntryServiceResolver('r', name={name!r}, default_subset='v1', connect_timeout='1m',",
        "    subsets=[dict(name=v, filter=f'Service.Meta.version == {v}', only_passing=True) for v in ('v1', 'v2')],",
        "    failovers=[{'subset_name': 'v2', 'service_subset': 'v1'}], load_balancers=[{'policy': 'ring_hash',",
        "    'ring_hash_configs': [{'minimum_ring_size': 10}], 'hash_policies': [{'field': 'cookie',",
        "    'field_value': 'id', 'cookie_configs': [{'ttl': '90s'}]}]}], opts=after(d))",
        f"s = consul.ConfigEntryServiceSplitter('s', name={name!r}, splits=[",
        f"    {{'weight': {weight}, 'service_subset': 'v1', 'service': {name!r},",
        "     'request_headers': {'set': {'x-v': '1'}, 'removes': ['x-w']}},",
        f"    {{'weight': {100 - weight}, 'service_subset': 'v2', 'service': {name!r}}}], opts=after(r))",
        f"o = consul.ConfigEntryServiceRouter('o', name={name!r}, routes=[{{",
        "    'match': {'http': {'path_prefix': '/old', 'headers': [{'name': 'x-debug', 'exact': '1'}],",
        "                       'methods': ['GET']}},",
        "    'destination': {'prefix_rewrite': '/new', 'request_timeout': '5s', 'num_retries': 2,",
        "                    'retry_on_status_codes': [503]}}], opts=after(s))",
        f"i = consul.ConfigEntryServiceIntentions('i', name={name!r}, sources=[",
        "    {'name': 'web', 'action': 'allow', 'description': 'calls'},",
        f"    {{'name': 'batch', 'permissions': {permissions}}}, {{'name': '*', 'action': 'deny'}}], opts=after(d))",
        *more,
    ]


def test_a_mesh_of_entries_that_need_one_another(stack: Stack) -> None:
    name = stack.name
    stack.write(*mesh(name))
    stack.preview()
    stack.up()
    assert [split["Weight"] for split in entry(stack, "service-splitter", name)["Splits"]] == [90, 10]
    sources = entry(stack, "service-intentions", name)["Sources"]
    assert [(source["Name"], source.get("Action")) for source in sources] == [
        ("web", "allow"),
        ("batch", None),
        ("*", "deny"),
    ]
    assert stack.up().unchanged
    assert stack.refresh().unchanged

    stack.write(*mesh(name, 50))
    preview = stack.preview()
    assert "Splits[0].Weight 90 → 50" in preview.text
    assert "Splits[1].Weight 10 → 50" in preview.text
    assert [it for it, step in preview.steps.items() if step != "same"] == ["s"]

    theirs = entry(stack, "service-intentions", name)
    theirs["Sources"] = [source for source in theirs["Sources"] if source["Name"] != "web"]
    stack.consul.call("PUT", "/v1/config", theirs)
    tcp = f"consul.ConfigEntryServiceResolver('x', name='x-of-{name[:20]}', redirects=[{{'service': 'y'}}])"
    stack.write(*mesh(name, 90, tcp))
    told = stack.up().text
    assert 'Sources.web.Action "allow" → none' in told
    assert "Nothing is changed now" in told
    stack.refresh()
    assert 'Sources.web.Action none → "allow"' in stack.preview().text
    stack.up()
    stack.destroy()
    kinds = ("defaults", "resolver", "splitter", "router", "intentions")
    assert all(entry(stack, f"service-{kind}", name) is None for kind in kinds)


def test_every_kind_of_entry_comes_back_as_it_was_written(stack: Stack) -> None:
    name = stack.name
    kinds: dict[str, dict[str, Any]] = {
        "proxy-defaults": {
            "Config": {"protocol": "http"},
            "AccessLogs": {"Enabled": True},
            "MeshGateway": {"Mode": "local"},
        },
        "mesh": {"TransparentProxy": {"MeshDestinationsOnly": True}, "TLS": {"Incoming": {"TLSMinVersion": "TLSv1_2"}}},
        "exported-services": {"Services": [{"Name": "web", "Consumers": [{"peer_name": "east"}]}]},
        "ingress-gateway": {
            "Listeners": [{"Port": 8080, "Protocol": "http", "Services": [{"Name": "web", "Hosts": ["a.b"]}]}]
        },
        "terminating-gateway": {"Services": [{"Name": "legacy", "SNI": "legacy.example.com"}]},
        "api-gateway": {"Listeners": [{"Name": "a", "Port": 8443, "Protocol": "http"}]},
        "http-route": {
            "Parents": [{"Kind": "api-gateway", "Name": f"{name[:20]}-api-gateway", "SectionName": "a"}],
            "Rules": [{"Matches": [{"Path": {"Match": "prefix", "Value": "/"}}], "Services": [{"Name": "web"}]}],
        },
        "tcp-route": {
            "Parents": [{"Kind": "api-gateway", "Name": f"{name[:20]}-api-gateway"}],
            "Services": [{"Name": "web"}],
        },
        "jwt-provider": {
            "Issuer": "https://issuer.example.com",
            "JSONWebKeySet": {"Remote": {"URI": "https://keys.example.com", "CacheDuration": "10s"}},
        },
    }
    names = {"proxy-defaults": "global", "mesh": "mesh", "exported-services": "default"}
    listed = [(kind, names.get(kind, f"{name[:20]}-{kind}"), json.dumps(fields)) for kind, fields in kinds.items()]
    stack.write(
        AFTER,
        f"last = None\nfor kind, name, text in {listed!r}:",
        "    opts = after(*filter(None, [last]))",
        "    last = consul.ConfigEntry(kind, kind=kind, name=name, config_json=text, opts=opts)",
    )
    stack.up()
    assert stack.refresh().unchanged
    assert stack.preview().unchanged
    stack.destroy()
    assert entry(stack, "proxy-defaults", "global") is None
