"""The life of objects through the real CLI: of each provider one type, and one whose values are secret.

All types, without the CLI: test_lives.py.
"""

import json
import re

import pytest

from tests.cluster.consul_lives import CONSUL
from tests.cluster.life import Life
from tests.cluster.nomad_lives import NOMAD
from tests.cluster.programs import use
from tests.cluster.project import Project

pytestmark = pytest.mark.cluster

UNCHANGED = re.compile(r"Resources:\n\s+\d+ unchanged\n")
HEAD = "import pulumi_consul as consul\n"
OTHER_TYPES = ("consul:index/configEntry:ConfigEntry", "consul:index/keyPrefix:KeyPrefix")
"""Types for what other types of the same program stand for already."""


def of(lives: list[Life], type_: str, *, secret: bool) -> Life:
    return next(life for life in lives if life.token.endswith(f":{type_}") and bool(life.secret) == secret)


@pytest.mark.parametrize(
    ("plain", "secret"),
    [
        pytest.param(of(NOMAD, "Namespace", secret=False), of(NOMAD, "Variable", secret=True), id="Nomad"),
        pytest.param(of(CONSUL, "ConfigEntry", secret=False), of(CONSUL, "Keys", secret=True), id="Consul"),
    ],
)
def test_a_life_and_a_secret_that_is_shown_nowhere(project: Project, plain: Life, secret: Life) -> None:
    def write(value: int, secret_value: int) -> None:
        after = ", opts=pulumi.ResourceOptions(depends_on=[hidden]))"
        first = secret.program(project.name, secret.values[secret_value])
        then = plain.program(project.name, plain.values[value]).removesuffix(")")
        use(project, f"{HEAD}hidden = {first}\n{then}{after}\n")

    one, two, three, theirs = plain.values
    write(0, 0)
    shown = project.preview("--diff").text
    assert (plain.read(project), secret.read(project)) == (None, None)
    shown += project.up("--skip-preview", "--diff").text
    assert (plain.read(project), secret.read(project)) == (one, secret.values[0])
    again = project.up("--diff").text
    assert UNCHANGED.search(again)

    write(1, 1)
    changed = project.up("--diff").text
    assert plain.told(project.name, one, two) in changed
    assert secret.told(project.name, None, None) in changed
    assert (plain.read(project), secret.read(project)) == (two, secret.values[1])
    shown += again + changed

    plain.put(project, theirs)
    secret.put(project, secret.values[3])
    write(2, 1)
    refused = project.preview("--diff", check=False)
    assert refused.code != 0
    assert plain.told(project.name, two, theirs) in refused.text
    assert "It is not overwritten" in refused.text
    assert secret.told(project.name, None, None) in refused.text
    assert "Nothing is changed now" in refused.text
    shown += refused.text
    assert (plain.read(project), secret.read(project)) == (theirs, secret.values[3])
    refreshed = project.run("refresh", "--yes", "--diff").text
    assert str(theirs) in refreshed
    put_back = project.up("--diff").text
    assert plain.told(project.name, theirs, three) in put_back
    assert (plain.read(project), secret.read(project)) == (three, secret.values[1])

    shown += refreshed + put_back + project.run("stack", "export").text
    shown += project.run("destroy", "--yes", "--diff").text
    assert (plain.read(project), secret.read(project)) == (None, None)
    assert secret.secret not in shown


@pytest.mark.parametrize("lives", [NOMAD, CONSUL], ids=["Nomad", "Consul"])
def test_what_exists_is_imported_with_its_program(guarded: Project, lives: list[Life]) -> None:
    # Two types may stand for one object, which is one resource's.
    imported = [life for life in lives if not life.secret and life.token not in OTHER_TYPES]
    for life in imported:
        life.before(guarded)
    for life in imported:
        life.put(guarded, life.values[0])
    there = [life.read(guarded) for life in imported]
    first = imported[0]
    use(guarded, HEAD + first.program(guarded.name, first.values[1]) + "\n")
    refused = guarded.preview(check=False)
    assert refused.code != 0
    command = f"pulumi import {first.token} it {first.id(guarded)}. "
    assert command in refused.text

    def name(life: Life) -> str:
        return life.token.rpartition(":")[2].lower()

    listed = [{"type": life.token, "name": name(life), "id": life.id(guarded)} for life in imported]
    (guarded.folder / "imports.json").write_text(json.dumps({"resources": listed}))
    generated = guarded.folder / "generated.py"
    guarded.run("import", "--file", "imports.json", "--yes", "--protect=false", "--out", str(generated))
    use(guarded, generated.read_text())
    assert UNCHANGED.search(guarded.preview().text)
    assert [life.read(guarded) for life in imported] == there
