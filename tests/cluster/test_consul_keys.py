"""Keys in Consul through the real CLI; values that the program calls secret are shown nowhere."""

import base64
import json
from collections.abc import Mapping

import pytest

from tests.cluster.project import Project
from tests.cluster.test_consul import UNCHANGED, imports, refused, write

pytestmark = pytest.mark.cluster


def value(project: Project, key: str) -> str | None:
    found = project.consul.call("GET", f"/v1/kv/{key}")
    return base64.b64decode(found[0]["Value"] or "").decode() if found else None


def put(project: Project, key: str, text: str) -> None:
    """Writes a key as somebody else would: base64 keeps JSON's quotes out of it."""
    pair = {"Verb": "set", "Key": key, "Value": base64.b64encode(text.encode()).decode()}
    project.consul.call("PUT", "/v1/txn", [{"KV": pair}])


def keys(project: Project, *items: Mapping[str, object]) -> str:
    listed = [{**item, "path": f"{project.name}/{item['path']}"} for item in items]
    return f"k = consul.Keys('k', keys={listed!r})\npulumi.export('var', k.var)"


def test_the_life_of_keys(project: Project) -> None:
    name = project.name
    put(project, f"{name}/read", "theirs")
    read = {"path": "read", "name": "r"}
    one = {"path": "a", "name": "a", "value": "1", "delete": True}
    write(project, keys(project, read, one, {"path": "b", "value": "2"}))
    project.preview()
    assert value(project, f"{name}/a") is None
    project.up("--skip-preview")
    assert (value(project, f"{name}/a"), value(project, f"{name}/b")) == ("1", "2")
    outputs = json.loads(project.run("stack", "output", "--json").text)
    assert outputs["var"] == {"r": "theirs", "a": "1"}
    assert UNCHANGED.search(project.run("refresh", "--yes").text)
    assert UNCHANGED.search(project.preview().text)

    changed = keys(project, read, {**one, "value": "one"}, {"path": "b", "value": "2", "flags": 7})
    write(project, changed)
    preview = project.preview().text
    assert f'keys.{name}/a.value "1" → "one"' in preview
    assert f"keys.{name}/b.flags none → 7" in preview
    project.up()
    put(project, f"{name}/a", "other")
    assert "Nothing is changed now" in project.preview().text
    write(project, keys(project, {**one, "value": "mine"}))
    refused(project, f'keys.{name}/a.value "one" → "other"', "It is not overwritten")
    project.run("refresh", "--yes")
    project.up()
    assert value(project, f"{name}/a") == "mine"
    # Taken out without `delete`: it stays.
    assert value(project, f"{name}/b") == "2"
    write(project, keys(project, {**one, "value": "mine"}, {"path": "b", "value": "3"}))
    refused(project, f'keys.{name}/b.value none → "2"')
    write(project, keys(project, {**one, "value": "mine"}))
    project.run("destroy", "--yes")
    assert (value(project, f"{name}/a"), value(project, f"{name}/b")) == (None, "2")


def test_keys_of_others_are_refused_and_secret_values_are_shown_nowhere(project: Project) -> None:
    name = project.name
    put(project, f"{name}/s", "their-horse")
    program = (
        f"k = consul.Keys('k', keys=[{{'path': '{name}/s', 'name': 's', 'value': pulumi.Output.secret('VALUE')}}])"
    )
    export = "pulumi.export('var', k.var)"
    write(project, program.replace("VALUE", "first-horse"), export)
    shown = refused(project, "already exists in Consul", "It is not overwritten").text
    project.consul.call("DELETE", f"/v1/kv/{name}/s")
    shown += project.up("--diff").text
    write(project, program.replace("VALUE", "second-horse"), export)
    preview = project.preview("--diff").text
    assert f"keys.{name}/s.value: changed" in preview
    shown += preview + project.up("--diff").text + project.run("stack", "output", "--json").text
    put(project, f"{name}/s", "their-horse")
    write(project, program.replace("VALUE", "third-horse"), export)
    shown += refused(project, f"keys.{name}/s.value: changed").text
    shown += project.run("refresh", "--yes", "--diff").text + project.up("--diff").text
    assert value(project, f"{name}/s") == "third-horse"
    shown += project.run("stack", "export").text
    assert "horse" not in shown


def test_the_life_of_a_key_prefix(project: Project) -> None:
    prefix = f"{project.name}/"
    put(project, f"{prefix}a", "1")
    program = f"consul.KeyPrefix('p', path_prefix={prefix!r}, subkeys=SUBKEYS)"
    write(project, program.replace("SUBKEYS", repr({"a": "2"})))
    imports(project, refused(project, "already exists in Consul").text)
    write(project, program.replace("SUBKEYS", repr({"a": "1"})))
    assert UNCHANGED.search(project.preview().text)

    many = {"a": "1", **{f"n/{number}": "x" * 2000 for number in range(300)}}
    write(project, program.replace("SUBKEYS", repr(many)))
    project.up("--skip-preview")
    assert value(project, f"{prefix}n/299") == "x" * 2000
    assert UNCHANGED.search(project.preview().text)
    put(project, f"{prefix}stray", "s")
    write(project, program.replace("SUBKEYS", repr({"a": "2"})))
    refused(project, 'subkeys.stray.value none → "s"', "It is not overwritten")
    assert "It is not deleted" in project.run("destroy", "--yes", check=False).text
    project.run("refresh", "--yes")
    assert 'subkeys.stray.value "s" → none' in project.preview().text
    project.up()
    assert project.consul.call("GET", f"/v1/kv/{prefix}?keys") == [f"{prefix}a"]
    project.run("destroy", "--yes")
    assert value(project, f"{prefix}a") is None
