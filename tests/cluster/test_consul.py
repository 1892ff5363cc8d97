"""Config entries in Consul through the real CLI: what is shown, what is refused, and what Consul then has."""

import json
import re
from typing import Any

import pytest

from tests.cluster.programs import use
from tests.cluster.project import Project, Result

pytestmark = pytest.mark.cluster

HEAD = "import pulumi_consul as consul\nafter = lambda *them: pulumi.ResourceOptions(depends_on=list(them))\n"
UNCHANGED = re.compile(r"Resources:\n\s+\d+ unchanged\n")


def write(project: Project, *lines: str) -> None:
    use(project, HEAD + "\n".join(lines) + "\n")


def entry(project: Project, kind: str, name: str) -> Any:
    return project.consul.call("GET", f"/v1/config/{kind}/{name}")


def refused(project: Project, *texts: str) -> Result:
    """The program is refused at preview, and by an `up` without one."""
    for result in (project.preview(check=False), project.up("--skip-preview", check=False)):
        assert result.code != 0, result.text
        for text in texts:
            assert text in result.text
    return result


def imports(project: Project, text: str) -> None:
    """Runs the command that a refusal names."""
    command = re.search(r"pulumi (import (?:\S+ ){2,3}\S+)\. ", text)
    assert command, text
    project.run(*command[1].split(), "--yes", "--protect=false")


def config_entry(kind: str, name: str, **fields: Any) -> str:
    return f"e = consul.ConfigEntry('e', kind={kind!r}, name={name!r}, config_json=json.dumps({fields!r}))"


def test_the_life_of_a_config_entry(project: Project) -> None:
    name = project.name
    write(project, config_entry("service-defaults", name, protocol="HTTP", Meta={"team": "a"}))
    project.preview()
    assert entry(project, "service-defaults", name) is None
    project.up("--skip-preview")
    found = entry(project, "service-defaults", name)
    assert (found["Protocol"], found["Meta"]["team"]) == ("http", "a")
    assert UNCHANGED.search(project.up().text)
    assert UNCHANGED.search(project.run("refresh", "--yes").text)
    written_otherwise = config_entry("service-defaults", name, Protocol="http", Meta={"team": "a"}, Mode="")
    write(project, written_otherwise)
    assert UNCHANGED.search(project.preview().text)

    write(
        project, config_entry("service-defaults", name, Protocol="http", LocalRequestTimeoutMs=500, Meta={"team": "b"})
    )
    preview = project.preview().text
    assert "configJson.LocalRequestTimeoutMs none → 500" in preview
    assert 'configJson.Meta.team "a" → "b"' in preview
    project.up()
    assert entry(project, "service-defaults", name)["LocalRequestTimeoutMs"] == 500

    theirs = {**entry(project, "service-defaults", name), "LocalRequestTimeoutMs": 900}
    project.consul.call("PUT", "/v1/config", theirs)
    assert "Nothing is changed now" in project.up().text
    write(project, config_entry("service-defaults", name, Protocol="grpc"))
    told = "configJson.LocalRequestTimeoutMs 500 → 900"
    refused(project, told, "It is not overwritten")
    failed = project.run("destroy", "--yes", check=False)
    assert failed.code != 0
    assert told in failed.text
    assert "It is not deleted" in failed.text
    assert "900" in project.run("refresh", "--yes", "--diff").text
    assert 'configJson.Protocol "http" → "grpc"' in project.up().text
    project.run("destroy", "--yes")
    assert entry(project, "service-defaults", name) is None


def test_an_entry_of_others_is_refused_and_then_imported(project: Project) -> None:
    theirs = {"Kind": "service-resolver", "Name": project.name, "ConnectTimeout": "7s"}
    project.consul.call("PUT", "/v1/config", theirs)
    write(project, f"consul.ConfigEntryServiceResolver('r', name={project.name!r}, connect_timeout='7s')")
    imports(project, refused(project, "already exists in Consul", "It is not overwritten").text)
    assert UNCHANGED.search(project.preview().text)
    project.run("destroy", "--yes")
    assert entry(project, "service-resolver", project.name) is None

    project.consul.call("PUT", "/v1/config", theirs)
    write(project, config_entry("service-resolver", project.name, ConnectTimeout="7000ms"))
    imports(project, refused(project, f"ConfigEntry e service-resolver/{project.name}. ").text)
    assert UNCHANGED.search(project.preview().text)
    project.run("destroy", "--yes")


def mesh(name: str, weight: int = 90, **more: str) -> list[str]:
    """Defaults, resolver, splitter, router and intentions of one service, each after what it needs."""
    permissions = "[{'action': 'allow', 'https': [{'path_prefix': '/public', 'methods': ['get']}]}]"
    return [
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
        *more.values(),
    ]


def test_a_mesh_of_entries_that_need_one_another(project: Project) -> None:
    name = project.name
    write(project, *mesh(name))
    project.preview()
    project.up("--skip-preview")
    assert [split["Weight"] for split in entry(project, "service-splitter", name)["Splits"]] == [90, 10]
    sources = entry(project, "service-intentions", name)["Sources"]
    assert [(source["Name"], source.get("Action")) for source in sources] == [
        ("web", "allow"),
        ("batch", None),
        ("*", "deny"),
    ]
    assert UNCHANGED.search(project.up().text)
    assert UNCHANGED.search(project.run("refresh", "--yes").text)

    write(project, *mesh(name, 50))
    preview = project.preview().text
    assert "Splits[0].Weight 90 → 50" in preview
    assert "Splits[1].Weight 10 → 50" in preview
    assert "~ 1 to update" in preview

    theirs = entry(project, "service-intentions", name)
    theirs["Sources"] = [source for source in theirs["Sources"] if source["Name"] != "web"]
    project.consul.call("PUT", "/v1/config", theirs)
    write(
        project,
        *mesh(name, tcp="consul.ConfigEntryServiceResolver('x', name='x-of-tests', redirects=[{'service': 'y'}])"),
    )
    told = project.up().text
    assert 'Sources.web.Action "allow" → none' in told
    assert "Nothing is changed now" in told
    project.run("refresh", "--yes")
    assert 'Sources.web.Action none → "allow"' in project.preview().text
    project.up()
    project.run("destroy", "--yes")
    assert all(entry(project, kind, name) is None for kind in ("service-splitter", "service-intentions"))


def test_every_kind_of_entry_comes_back_as_it_was_written(project: Project) -> None:
    name = project.name
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
    write(
        project,
        f"last = None\nfor kind, name, text in {listed!r}:",
        "    opts = after(*filter(None, [last]))",
        "    last = consul.ConfigEntry(kind, kind=kind, name=name, config_json=text, opts=opts)",
    )
    project.up("--skip-preview")
    assert UNCHANGED.search(project.run("refresh", "--yes").text)
    assert UNCHANGED.search(project.preview().text)
    project.run("destroy", "--yes")
    assert entry(project, "proxy-defaults", "global") is None
