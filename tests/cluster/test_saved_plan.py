"""`pulumi preview --save-plan`, then `pulumi up --plan`: applied to the cluster that was previewed, and to no other."""

from typing import Any

import pytest

from providers.nomad.seen import JOB, SEEN
from tests.cluster.load import Load
from tests.cluster.moves import Move, purged, raised_priority, scaled, stopped
from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project
from tests.observation import Observation
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


def program(target: Project | Stack, **changes: Any) -> None:
    """One service, with `changes` at its top level."""
    text = write_job(target.folder, "job", {**job(target.name, "service"), **changes})
    line = f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True)"
    if isinstance(target, Stack):
        target.write(line)
    else:
        use(target, f"{line}\n")


@pytest.mark.fault(17, "since a saved plan")
@pytest.mark.parametrize(
    ("moved", "program_changes"), [(raised_priority, True), (scaled, True), (stopped, False), (purged, False)]
)
def test_a_cluster_that_has_moved_is_refused(
    stack: Stack, moved: Move, program_changes: bool, seen: Observation
) -> None:
    program(stack)
    stack.up()
    if program_changes:
        program(stack, Priority=60)
    stack.preview()
    moved(stack)
    before = stack.nomad.job(stack.name)

    refused = stack.up_with_plan(check=False)
    assert refused.code != 0
    assert "violates plan" in refused.text
    seen.reads(refused.text, f'job "{stack.name}" is')
    after = stack.nomad.job(stack.name)
    assert (before and before["JobModifyIndex"]) == (after and after["JobModifyIndex"])


@pytest.mark.fault(17, "since a saved plan, by the CLI")
def test_the_cli_refuses_what_moved_since_its_plan(project: Project, seen: Observation) -> None:
    program(project)
    project.up("--skip-preview")
    program(project, Priority=60)
    project.preview("--save-plan", "plan.json")
    raised_priority(project)

    refused = project.up("--plan", "plan.json", check=False)
    assert refused.code != 0
    assert "violates plan" in refused.text
    seen.reads(refused.text, f'job "{project.name}" is')
    assert project.nomad.job(project.name)["Priority"] == 70


@pytest.mark.fault(17, "a job of that name is made")
def test_a_job_that_somebody_else_made_meanwhile_is_refused(stack: Stack, seen: Observation) -> None:
    program(stack)
    stack.preview()
    stack.nomad.register({**job(stack.name, "service"), "Name": stack.name})

    refused = stack.up_with_plan(check=False)
    assert refused.code != 0
    seen.reads(refused.text, "violates plan")
    assert stack.nomad.job(stack.name)["Version"] == 0


def test_a_plan_for_a_cluster_that_has_not_moved_is_applied(project: Project) -> None:
    program(project)
    project.up("--strict")

    program(project, Priority=60)
    shown = project.preview("--diff", "--save-plan", "plan.json")
    assert "the preview" not in shown.text
    project.up("--plan", "plan.json")
    assert project.nomad.job(project.name)["Priority"] == 60

    project.preview("--save-plan", "plan.json")
    assert "the preview" not in project.up("--plan", "plan.json").text
    program(project, Priority=61)
    project.up("--strict")
    assert project.nomad.job(project.name)["Priority"] == 61


@pytest.mark.fault(18, "counts under an autoscaler are left")
def test_an_autoscaler_may_move_its_counts_meanwhile(stack: Stack) -> None:
    spec = job(stack.name, "service")
    spec["TaskGroups"][0]["Scaling"] = {"Enabled": True, "Min": 1, "Max": 5}
    program(stack, TaskGroups=spec["TaskGroups"])
    stack.up()
    program(stack, TaskGroups=spec["TaskGroups"], Priority=60)
    stack.preview()
    scaled(stack)

    stack.up_with_plan()
    running = stack.nomad.job(stack.name)
    assert (running["Priority"], running["TaskGroups"][0]["Count"]) == (60, 2)


def test_a_state_without_what_was_seen_shows_no_change(stack: Stack) -> None:
    program(stack)
    stack.up()
    recorded = stack.states[stack.urn("j")].inputs
    for key in (SEEN, JOB):
        del recorded.fields[key]

    shown = stack.preview()
    assert shown.unchanged
    assert "the preview" not in shown.text


@pytest.mark.fault(35, "under load")
def test_a_stack_of_one_service(project: Project, seen: Observation) -> None:
    """Its update asks Consul for the addresses, so its plan has to know that provider (F3)."""
    project.up("--strict")
    project.edit("Hello", "Hullo")
    project.preview("--save-plan", "plan.json")
    with Load(project.consul, project.name) as load:
        updated = project.up("--plan", "plan.json")
    load.lost_none()
    seen.reads(updated.text, f"nomad:index:Job {project.name}-job updated")
    assert project.outputs()["version"] == 1


@pytest.mark.parametrize("jobspec", ['job "x" {\n  group "g" {\n    cuont = 3\n  }\n}', "", "{}"])
def test_what_is_wrong_with_a_job_is_read_without_a_preview_too(stack: Stack, jobspec: str) -> None:
    """X1: notes about a job that cannot be parsed made the engine drop the reason."""
    (stack.folder / "job.hcl").write_text(jobspec)
    stack.write("nomad.Job('known', jobspec=open('job.hcl').read())")
    previewed = stack.preview(check=False)
    refused = stack.up(check=False)
    assert refused.code == 1
    assert refused.failures == previewed.failures
    assert "unknown property" not in refused.text

    variable = f"v = nomad.Variable('v', path='nomad/jobs/{stack.name}', items={{'a': '1'}})"
    stack.write(variable, "nomad.Job('later', jobspec=v.id.apply(lambda _: open('job.hcl').read()))")
    stack.preview()
    assert stack.up(check=False).failures == previewed.failures
