"""What the types beside Job have of their own. What they have in common is in test_lives.py."""

import pytest

from tests.cluster.programs import job
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


def test_a_namespace_has_its_capabilities(stack: Stack) -> None:
    path = f"/v1/namespace/{stack.name}"
    drivers = "capabilities=nomad.NamespaceCapabilitiesArgs(enabled_task_drivers=['raw_exec', 'docker'])"
    stack.write(f"nomad.Namespace('n', name={stack.name!r}, meta={{'team': 'a'}}, {drivers})")
    stack.up()
    found = stack.nomad.call("GET", path)
    assert found["Meta"] == {"team": "a"}
    assert found["Capabilities"]["EnabledTaskDrivers"] == ["raw_exec", "docker"]
    assert stack.preview().unchanged
    stack.write(f"nomad.Namespace('n', name={stack.name!r})")
    stack.up()
    found = stack.nomad.call("GET", path)
    assert found["Meta"] in (None, {})
    assert not (found["Capabilities"] or {}).get("EnabledTaskDrivers")
    stack.destroy()


def test_wrong_inputs_are_all_told_at_preview(stack: Stack) -> None:
    stack.write("nomad.Namespace('n', name='a b', meta={'k': 'v'}, quota='q')")
    failed = stack.preview(check=False)
    assert failed.code != 0
    assert "name is 'a b'; it must be 1 to 128 letters" in failed.text
    assert "quota needs Nomad Enterprise" in failed.text


def variable(stack: Stack, **items: str) -> str:
    return f"nomad.Variable('v', path='tests/{stack.name}', items={items!r})"


def test_every_item_of_a_variable_is_told_without_its_value(stack: Stack) -> None:
    path = f"/v1/var/tests/{stack.name}"
    stack.write(variable(stack, user="ada-horse", key="first-horse"))
    stack.up()
    stack.write(variable(stack, key="second-horse", more="third-horse"))
    preview = stack.preview().text
    for line in ("items.key: changed", "items.more: added", "items.user: removed"):
        assert line in preview
    stack.up()
    found = stack.nomad.call("GET", path)
    assert found["Items"] == {"key": "second-horse", "more": "third-horse"}

    stack.nomad.call("PUT", path, {**found, "Items": {"key": "their-horse"}})
    stack.write(variable(stack, key="fourth-horse"))
    for refused in (stack.preview(check=False), stack.up(check=False)):
        assert refused.code != 0
        assert "items.key: changed" in refused.text
        assert "items.more: removed" in refused.text
    stack.refresh()
    stack.up()
    assert stack.nomad.call("GET", path)["Items"] == {"key": "fourth-horse"}
    stack.destroy()
    assert "horse" not in "\n".join(stack.history)


def test_a_variable_moves_with_its_path(stack: Stack) -> None:
    stack.write(variable(stack, key="a"))
    stack.up()
    stack.write(variable(stack, key="a").replace("path='tests/", "path='tests/other-"))
    assert stack.preview().steps["v"] == "replace"
    stack.up()
    assert stack.nomad.call("GET", f"/v1/var/tests/{stack.name}") is None
    assert stack.nomad.call("GET", f"/v1/var/tests/other-{stack.name}")["Items"] == {"key": "a"}
    stack.destroy()
    assert stack.nomad.call("GET", f"/v1/var/tests/other-{stack.name}") is None


def test_a_node_pool_has_its_ttl_and_its_meta(stack: Stack) -> None:
    path = f"/v1/node/pool/{stack.name}"
    stack.write(f"nomad.NodePool('p', name={stack.name!r}, node_identity_ttl='36h')")
    stack.up()
    found = stack.nomad.call("GET", path)
    assert found["NodeIdentityTTL"] == 36 * 3600 * 10**9
    stack.nomad.call("PUT", path, {**found, "Meta": {"k": "theirs"}})
    stack.write(f"nomad.NodePool('p', name={stack.name!r}, node_identity_ttl='24h')")
    refused = stack.up(check=False)
    assert refused.code != 0
    assert 'meta.k none → "theirs"' in refused.text
    stack.refresh()
    stack.up()
    assert stack.nomad.call("GET", path)["Meta"] in (None, {})
    stack.destroy()


def test_a_namespace_and_a_job_in_it_are_made_by_one_update(stack: Stack) -> None:
    stack.write(
        f"team = nomad.Namespace('n', name={stack.name!r})",
        f"spec = {job(stack.name, 'service')!r}",
        "text = team.name.apply(lambda name: json.dumps({**spec, 'Namespace': name}))",
        "nomad.Job('j', jobspec=text, json=True, purge_on_destroy=True)",
    )
    path = f"/v1/job/{stack.name}/allocations?namespace={stack.name}"
    assert f'namespace "{stack.name}" is made by this same update' in stack.preview().text
    stack.up()
    assert [allocation["ClientStatus"] for allocation in stack.nomad.call("GET", path)] == ["running"]
    assert stack.preview().unchanged
    stack.destroy()
    assert stack.nomad.call("GET", f"/v1/namespace/{stack.name}") is None
