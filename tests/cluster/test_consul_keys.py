"""Keys in Consul: read ones, kept ones, many. What they have in common with other types is in test_lives.py."""

from collections.abc import Mapping

import pytest

from tests.cluster.consul_lives import key, put_key
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


def keys(stack: Stack, *items: Mapping[str, object]) -> str:
    listed = [{**item, "path": f"{stack.name}/{item['path']}"} for item in items]
    return f"k = consul.Keys('k', keys={listed!r})\npulumi.export('var', k.var)"


def test_some_are_only_read_and_some_stay(stack: Stack) -> None:
    name = stack.name
    put_key(stack, f"{name}/read", "theirs")
    read = {"path": "read", "name": "r"}
    one = {"path": "a", "name": "a", "value": "1", "delete": True}
    stack.write(keys(stack, read, one, {"path": "b", "value": "2"}))
    stack.preview()
    assert key(stack, f"{name}/a") is None
    stack.up()
    assert (key(stack, f"{name}/a"), key(stack, f"{name}/b")) == ("1", "2")
    assert stack.outputs()["var"] == {"r": "theirs", "a": "1"}
    assert stack.refresh().unchanged
    assert stack.preview().unchanged

    stack.write(keys(stack, read, {**one, "value": "one"}, {"path": "b", "value": "2", "flags": 7}))
    preview = stack.preview().text
    assert f'keys.{name}/a.value "1" → "one"' in preview
    assert f"keys.{name}/b.flags none → 7" in preview
    stack.up()
    put_key(stack, f"{name}/a", "other")
    assert "Nothing is changed now" in stack.preview().text
    stack.write(keys(stack, {**one, "value": "mine"}))
    stack.refused(f'keys.{name}/a.value "one" → "other"', "It is not overwritten")
    stack.refresh()
    stack.up()
    assert key(stack, f"{name}/a") == "mine"
    # Taken out without `delete`: it stays.
    assert key(stack, f"{name}/b") == "2"
    stack.write(keys(stack, {**one, "value": "mine"}, {"path": "b", "value": "3"}))
    stack.refused(f'keys.{name}/b.value none → "2"')
    stack.write(keys(stack, {**one, "value": "mine"}))
    stack.destroy()
    assert (key(stack, f"{name}/a"), key(stack, f"{name}/b")) == (None, "2")
    stack.consul.call("DELETE", f"/v1/kv/{name}/?recurse")


def test_a_secret_value_is_secret_in_var_too(stack: Stack) -> None:
    name = stack.name
    put_key(stack, f"{name}/s", "their-horse")
    program = (
        f"k = consul.Keys('k', keys=[{{'path': '{name}/s', 'name': 's', 'value': pulumi.Output.secret('VALUE')}}])"
    )
    export = "pulumi.export('var', k.var)"
    stack.write(program.replace("VALUE", "first-horse"), export)
    stack.refused("already exists in Consul", "It is not overwritten")
    stack.consul.call("DELETE", f"/v1/kv/{name}/s")
    stack.up()
    assert stack.outputs()["var"] == {"s": "first-horse"}
    stack.write(program.replace("VALUE", "second-horse"), export)
    assert f"keys.{name}/s.value: changed" in stack.preview().text
    stack.up()
    put_key(stack, f"{name}/s", "their-horse")
    stack.write(program.replace("VALUE", "third-horse"), export)
    stack.refused(f"keys.{name}/s.value: changed")
    stack.refresh()
    stack.up()
    assert key(stack, f"{name}/s") == "third-horse"
    assert "horse" not in "\n".join(stack.history)
    stack.consul.call("DELETE", f"/v1/kv/{name}/s")


def test_a_prefix_has_what_is_below_it_and_nothing_else(stack: Stack) -> None:
    prefix = f"{stack.name}/"
    put_key(stack, f"{prefix}a", "1")
    program = f"consul.KeyPrefix('p', path_prefix={prefix!r}, subkeys=SUBKEYS)"
    stack.write(program.replace("SUBKEYS", repr({"a": "2"})))
    stack.imports(stack.refused("already exists in Consul").text)
    stack.write(program.replace("SUBKEYS", repr({"a": "1"})))
    assert stack.preview().unchanged

    many = {"a": "1", **{f"n/{number}": "x" * 2000 for number in range(300)}}
    stack.write(program.replace("SUBKEYS", repr(many)))
    stack.up()
    assert key(stack, f"{prefix}n/299") == "x" * 2000
    assert stack.preview().unchanged
    put_key(stack, f"{prefix}stray", "s")
    stack.write(program.replace("SUBKEYS", repr({"a": "2"})))
    stack.refused('subkeys.stray.value none → "s"', "It is not overwritten")
    assert "It is not deleted" in stack.destroy(check=False).text
    stack.refresh()
    assert 'subkeys.stray.value "s" → none' in stack.preview().text
    stack.up()
    assert stack.consul.call("GET", f"/v1/kv/{prefix}?keys") == [f"{prefix}a"]
    stack.destroy()
    assert key(stack, f"{prefix}a") is None
