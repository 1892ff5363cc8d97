"""Tokens of a Consul with ACLs: what one may not do is named, and nothing changes."""

from pathlib import Path

import pytest

from tests.cluster.acl_consul import TOKEN, acl_consul
from tests.cluster.project import Project
from tests.cluster.test_consul import UNCHANGED, config_entry, write

pytestmark = pytest.mark.cluster


@pytest.mark.fault(24, "Consul: a capability is missing")
def test_a_missing_capability_is_named_and_nothing_changes(project: Project, tmp_path: Path) -> None:
    keys = "consul.Keys('k', keys=[{'path': 'app/a', 'value': '1', 'delete': True}])"
    node = "consul.Node('n', name='db', address='192.0.2.1')"
    entry = config_entry("service-defaults", "web", Protocol="http")
    (tmp_path / "acl").mkdir()
    with acl_consul(tmp_path / "acl") as consul:
        project.environment["CONSUL_HTTP_ADDR"] = consul.address
        kinds = ("service", "key", "node")
        read = "\n".join(f'{kind}_prefix "" {{ policy = "read" }}' for kind in kinds)
        reader = consul.token_for("reader", read)
        for program, capability in ((entry, "service:write"), (keys, "key:write"), (node, "node:write")):
            write(project, program)
            failed = project.up(check=False, CONSUL_HTTP_TOKEN=reader)
            assert failed.code != 0
            assert capability in failed.text
            assert reader not in failed.text
        write(project, keys)
        failed = project.preview(check=False, CONSUL_HTTP_TOKEN="")
        assert failed.code != 0
        assert "key:read" in failed.text

        writer = consul.token_for("writer", read.replace('"read"', '"write"'))
        write(project, entry, keys, node)
        project.up(CONSUL_HTTP_TOKEN=writer)
        assert UNCHANGED.search(project.preview(CONSUL_HTTP_TOKEN=writer).text)
        assert writer not in project.run("stack", "export").text
        failed = project.run("destroy", "--yes", check=False, CONSUL_HTTP_TOKEN=reader)
        assert failed.code != 0
        assert "write' on" in failed.text
        project.run("destroy", "--yes", CONSUL_HTTP_TOKEN=TOKEN)
