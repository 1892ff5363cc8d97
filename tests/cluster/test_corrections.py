"""What others have changed: each correction by an update, and each change that a refresh takes over, is said."""

import pytest

from tests.cluster.moves import Move, purged, raised_priority, scaled, stopped, with_another_value, without_variable
from tests.cluster.programs import job, write_job
from tests.quick_engine.stack import Stack

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("no_variables")]


CORRECTED: list[tuple[Move, str]] = [
    (scaled, 'was scaled outside this stack:\n  group g: Count "1" → "2"'),
    (stopped, "was stopped outside this stack; it is started again"),
    (purged, "is not in Nomad any more: it was removed outside this stack and is registered again"),
    (without_variable, "is not in Nomad any more: it was removed outside this stack and is made again"),
]


REFRESHED: list[tuple[Move, str]] = [
    (scaled, 'What was changed (recorded → running):\n  group g: Count "1" → "2"'),
    (raised_priority, 'What was changed (recorded → running):\n  Priority "50" → "70"'),
    (purged, "was removed outside this stack. The refresh forgets it"),
    (without_variable, "was removed outside this stack. The refresh forgets it"),
    (with_another_value, "What was changed (recorded → in Nomad):\n  items.a: changed"),
]


def on_stack(stack: Stack) -> None:
    text = write_job(stack.folder, "job", job(stack.name, "service"))
    stack.write(
        f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True)",
        f"nomad.Variable('v', path='{stack.name}', items={{'a': '1'}})",
    )


def assert_put_right(stack: Stack) -> None:
    running = stack.nomad.job(stack.name)
    assert (running["Priority"], running["TaskGroups"][0]["Count"], running["Stop"]) == (50, 1, False)
    assert stack.nomad.call("GET", f"/v1/var/{stack.name}")["Items"] == {"a": "1"}


@pytest.mark.parametrize(("moved", "said"), CORRECTED)
def test_each_correction_is_in_the_output_of_the_update(stack: Stack, moved: Move, said: str) -> None:
    on_stack(stack)
    stack.up()
    moved(stack)
    assert said in stack.up().text
    assert_put_right(stack)


@pytest.mark.parametrize(("moved", "said"), REFRESHED)
def test_what_a_refresh_takes_from_others_is_said(stack: Stack, moved: Move, said: str) -> None:
    """RW-47: `up --refresh` put a hotfix back that nobody had seen."""
    on_stack(stack)
    stack.up()
    moved(stack)
    assert said in stack.refresh().text
    stack.up()
    assert_put_right(stack)
    assert "outside this stack" not in stack.refresh().text
