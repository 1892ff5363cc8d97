"""Tokens of a Consul with ACLs: what one may not do is named, and nothing changes."""

import pytest

from tests.cluster.test_consul import config_entry
from tests.faults.secured import Secured
from tests.observation import Observation
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


@pytest.mark.fault(24, "Consul: a capability is missing")
def test_a_missing_capability_is_named_and_nothing_changes(
    guarded_stack: Stack, secured: Secured, seen: Observation
) -> None:
    stack, name = guarded_stack, guarded_stack.name
    keys = f"consul.Keys('k', keys=[{{'path': '{name}/a', 'value': '1', 'delete': True}}])"
    node = f"consul.Node('n', name={name!r}, address='192.0.2.1')"
    entry = config_entry("service-defaults", name, Protocol="http")
    read = "\n".join(f'{kind}_prefix "" {{ policy = "read" }}' for kind in ("service", "key", "node"))
    reader = secured.consul_token_for(read)
    for program, capability in ((entry, "service:write"), (keys, "key:write"), (node, "node:write")):
        stack.write(program)
        failed = stack.up(check=False, CONSUL_HTTP_TOKEN=reader)
        assert failed.code != 0
        seen.reads(failed.text, capability)
        assert reader not in failed.text
    assert stack.consul.call("GET", f"/v1/config/service-defaults/{name}") is None
    assert stack.consul.call("GET", f"/v1/kv/{name}/a") is None
    assert stack.consul.call("GET", f"/v1/catalog/node/{name}") is None
    stack.write(keys)
    failed = stack.preview(check=False, CONSUL_HTTP_TOKEN="")
    assert failed.code != 0
    assert "key:read" in failed.text

    writer = secured.consul_token_for(read.replace('"read"', '"write"'))
    stack.write(entry, keys, node)
    stack.up(CONSUL_HTTP_TOKEN=writer)
    assert stack.preview(CONSUL_HTTP_TOKEN=writer).unchanged
    own = stack.environment["CONSUL_HTTP_TOKEN"]
    stack.environment["CONSUL_HTTP_TOKEN"] = reader
    failed = stack.destroy(check=False)
    assert failed.code != 0
    assert "write' on" in failed.text
    stack.environment["CONSUL_HTTP_TOKEN"] = own
    stack.destroy()
    shown = "\n".join(stack.history)
    assert reader not in shown
    assert writer not in shown
