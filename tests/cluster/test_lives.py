"""The life of an object of every simple type: what is shown, what is refused, and what the server then has."""

from collections.abc import Iterator

import pytest

from providers.consul.__main__ import SERVED
from providers.nomad.__main__ import RECORDS
from tests.cluster.consul_lives import CONSUL
from tests.cluster.life import Life, rows
from tests.cluster.nomad_lives import NOMAD
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster

Lived = tuple[Stack, Life]


@pytest.fixture(params=rows([*NOMAD, *CONSUL]))
def lived(request: pytest.FixtureRequest) -> Iterator[Lived]:
    """A stack of the test's own with what objects of a type need."""
    life: Life = request.param
    stack: Stack = request.getfixturevalue("guarded_stack" if life.secured else "stack")
    life.before(stack)
    yield stack, life
    if life.read(stack) is not None:
        life.drop(stack)
    life.after(stack)
    assert not life.secret or life.secret not in "\n".join(stack.history)


def write(lived: Lived, value: object) -> None:
    stack, life = lived
    stack.write(life.program(stack.name, value))


def test_every_type_is_lived_through() -> None:
    served = {type_.token for type_ in RECORDS} | {type_.token for type_ in SERVED}
    assert {life.token for life in (*NOMAD, *CONSUL)} == served


def test_made_changed_and_deleted(lived: Lived) -> None:
    stack, life = lived
    one, two, *_ = life.values
    write(lived, one)
    assert stack.preview().steps["it"] == "create"
    assert life.read(stack) is None
    stack.up()
    assert life.read(stack) == one
    assert stack.up().unchanged
    assert stack.refresh().unchanged
    assert stack.preview().unchanged

    write(lived, two)
    preview = stack.preview()
    assert preview.steps["it"] == "update"
    assert life.told(stack.name, one, two) in preview.text
    assert life.read(stack) == one
    stack.up()
    assert life.read(stack) == two
    assert stack.preview().unchanged
    stack.destroy()
    assert life.read(stack) is None
    stack.destroy()


def test_changed_by_somebody_else(lived: Lived) -> None:
    stack, life = lived
    one, two, _, theirs = life.values
    write(lived, one)
    stack.up()
    life.put(stack, theirs)
    for warned in (stack.preview(), stack.up()):
        assert life.told(stack.name, one, theirs) in warned.text
        assert "Nothing is changed now" in warned.text
    write(lived, two)
    stack.refused(life.told(stack.name, one, theirs), "It is not overwritten")
    failed = stack.destroy(check=False)
    assert failed.code != 0
    assert life.told(stack.name, one, theirs) in failed.text
    assert "It is not deleted" in failed.text
    assert life.read(stack) == theirs

    refreshed = stack.refresh()
    assert refreshed.steps["it"] == "update"
    assert life.secret or str(theirs) in refreshed.text
    assert life.told(stack.name, theirs, two) in stack.preview().text
    stack.up()
    assert life.read(stack) == two
    assert stack.preview().unchanged
    stack.destroy()
    assert life.read(stack) is None


def test_deleted_by_somebody_else(lived: Lived) -> None:
    stack, life = lived
    one, *_ = life.values
    write(lived, one)
    stack.up()
    life.drop(stack)
    preview = stack.preview()
    assert preview.steps["it"] == ("replace" if life.named_by_server else "update")
    assert life.named_by_server or f"is not in {life.server} any more" in preview.text
    assert life.read(stack) is None
    stack.up()
    assert life.read(stack) == one
    assert stack.preview().unchanged

    life.drop(stack)
    assert stack.refresh().steps["it"] == "delete"
    stack.up()
    assert life.read(stack) == one
    life.drop(stack)
    stack.destroy()


def test_existing_and_imported(lived: Lived) -> None:
    stack, life = lived
    one, two, *_ = life.values
    life.put(stack, one)
    write(lived, two)
    if life.alike:
        stack.import_(life.token, "it", life.id(stack))
    else:
        named = f"{life.token} it {life.id(stack)}. Or give this one another "
        stack.imports(stack.refused(f"already exists in {life.server}", "It is not overwritten", named).text)
    assert life.read(stack) == one
    preview = stack.preview()
    assert preview.steps["it"] == "update"
    assert life.told(stack.name, one, two) in preview.text
    write(lived, one)
    # What becomes of keys at the end is not in Consul: it is recorded only now.
    assert life.by_parts or stack.preview().unchanged
    write(lived, two)
    stack.up()
    assert life.read(stack) == two
    if life.says_secret:
        stack.history.clear()
    assert stack.up().unchanged
    stack.destroy()
    assert life.read(stack) is None


def test_existing_and_alike(lived: Lived) -> None:
    stack, life = lived
    if life.alike:
        # Nothing says which of those that are alike it would be.
        return
    one, *_ = life.values
    write(lived, one)
    life.put(stack, one)
    if life.marked:
        stack.refused(f"already exists in {life.server}", "It is not overwritten")
        life.drop(stack)
        stack.up()
        # One with the mark of this very resource is what a killed command has left.
        stack.forget("it")
    taken = stack.up()
    assert taken.steps["it"] == "create"
    assert life.by_parts or "It is taken over" in taken.text
    assert stack.up().unchanged
    stack.destroy()
    assert life.read(stack) is None
