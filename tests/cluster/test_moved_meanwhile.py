"""A plain `pulumi up` at a terminal: what was shown is what is done, and what is put right is said."""

from typing import Any

import pytest

from tests.cluster.moves import Move, raised_priority, scaled, without_variable
from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project
from tests.cluster.terminal import UP, approved

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("no_variables")]


def program(project: Project, **changes: Any) -> None:
    text = write_job(project.folder, "job", {**job(project.name, "service"), **changes})
    # One after the other: of two that the engine updates side by side, one may be done when the other is refused.
    use(
        project,
        f"v = nomad.Variable('v', path='{project.name}', items={{'a': '1'}})\n"
        "after = pulumi.ResourceOptions(depends_on=[v])\n"
        f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True, opts=after)\n",
    )


def answer_after(project: Project, moved: Move, *arguments: str) -> str:
    """The whole of an `up` in which somebody moves the cluster before the yes."""
    terminal = approved(project, *arguments)
    moved(project)
    terminal.press(UP, "\r")
    result = terminal.result()
    assert result.code != 0, result.text
    return result.text


@pytest.mark.parametrize("moved", [scaled, without_variable])
def test_what_moves_between_the_preview_and_yes_stops_the_update(project: Project, moved: Move) -> None:
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


def test_refresh_and_update_in_one_command(project: Project) -> None:
    program(project)
    project.up("--skip-preview")
    raised_priority(project)
    shown = project.up("--skip-preview", "--refresh").diagnostics
    assert 'Priority "50" → "70"' in shown
    assert "this very one with --refresh, puts back what the program says" in shown
    assert project.nomad.job(project.name)["Priority"] == 50
