"""A plain `pulumi up` at a terminal: what was shown is what is done, and what is put right is said."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cluster.api import Api
from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project, service_name
from tests.cluster.terminal import UP, approved
from tests.cluster.test_saved_plan import purged, raised_priority, scaled, stopped
from tests.quick_engine.stack import Stack
from toolchain.cluster import Addresses

pytestmark = pytest.mark.cluster


def program(project: Project, **changes: Any) -> None:
    text = write_job(project.folder, "job", {**job(project.name, "service"), **changes})
    # One after the other: of two that the engine updates side by side, one may be done when the other is refused.
    use(
        project,
        f"v = nomad.Variable('v', path='{project.name}', items={{'a': '1'}})\n"
        "after = pulumi.ResourceOptions(depends_on=[v])\n"
        f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True, opts=after)\n",
    )


def without_variable(project: Any) -> None:
    project.nomad.call("DELETE", f"/v1/var/{project.name}")


def with_another_value(project: Any) -> None:
    body = {"Path": project.name, "Namespace": "default", "Items": {"a": "2"}}
    project.nomad.call("PUT", f"/v1/var/{project.name}", body)


@pytest.fixture(autouse=True)
def _no_variables(addresses: Addresses, request: pytest.FixtureRequest) -> Iterator[None]:
    """Jobs of a test end with it; its variable is deleted here."""
    yield
    Api(addresses.nomad).call("DELETE", f"/v1/var/{service_name(request.node.name)}")


def answer_after(project: Project, moved: Callable[[Project], None], *arguments: str) -> str:
    """The whole of an `up` in which somebody moves the cluster before the yes."""
    terminal = approved(project, *arguments)
    moved(project)
    terminal.press(UP, "\r")
    result = terminal.result()
    assert result.code != 0, result.text
    return result.text


@pytest.mark.parametrize("moved", [scaled, without_variable])
def test_what_moves_between_the_preview_and_yes_stops_the_update(
    project: Project, moved: Callable[[Project], None]
) -> None:
    """F4: the scaling was set back without a word."""
    program(project)
    project.up("--skip-preview")
    program(project, Priority=60)
    shown = answer_after(project, moved, "up")
    assert "Somebody changed this since the preview of this command: the preview" in shown
    running = project.nomad.job(project.name)
    assert (running["Priority"], running["TaskGroups"][0]["Count"]) == (50, 2 if moved is scaled else 1)

    # The next one shows it, is approved, and does it.
    terminal = approved(project, "up")
    terminal.press(UP, "\r")
    result = terminal.result()
    assert result.code == 0, result.text
    running = project.nomad.job(project.name)
    assert (running["Priority"], running["TaskGroups"][0]["Count"]) == (60, 1)
    expected = "was scaled outside this stack" if moved is scaled else "was removed outside this stack"
    # In the update's own summary, not only in the preview's.
    assert expected in result.text[result.text.rindex("Diagnostics:") :]


def test_with_refresh_too(project: Project) -> None:
    program(project)
    project.up("--skip-preview")
    program(project, Priority=60)
    shown = answer_after(project, raised_priority, "up", "--refresh")
    assert "Somebody changed this since the preview of this command" in shown
    assert project.nomad.job(project.name)["Priority"] == 70


CORRECTED: list[tuple[Callable[[Any], None], str]] = [
    (scaled, 'was scaled outside this stack:\n  group g: Count "1" → "2"'),
    (stopped, "was stopped outside this stack; it is started again"),
    (purged, "is not in Nomad any more: it was removed outside this stack and is registered again"),
    (without_variable, "is not in Nomad any more: it was removed outside this stack and is made again"),
]
REFRESHED: list[tuple[Callable[[Any], None], str]] = [
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
def test_each_correction_is_in_the_output_of_the_update(stack: Stack, moved: Callable[[Any], None], said: str) -> None:
    on_stack(stack)
    stack.up()
    moved(stack)
    assert said in stack.up().text
    assert_put_right(stack)


@pytest.mark.parametrize(("moved", "said"), REFRESHED)
def test_what_a_refresh_takes_from_others_is_said(stack: Stack, moved: Callable[[Any], None], said: str) -> None:
    """RW-47: `up --refresh` put a hotfix back that nobody had seen."""
    on_stack(stack)
    stack.up()
    moved(stack)
    assert said in stack.refresh().text
    stack.up()
    assert_put_right(stack)
    assert "outside this stack" not in stack.refresh().text


def test_refresh_and_update_in_one_command(project: Project) -> None:
    program(project)
    project.up("--skip-preview")
    raised_priority(project)
    shown = project.up("--skip-preview", "--refresh").diagnostics
    assert 'Priority "50" → "70"' in shown
    assert "this very one with --refresh, puts back what the program says" in shown
    assert project.nomad.job(project.name)["Priority"] == 50
