"""`pulumi preview --save-plan`, then `pulumi up --plan`: applied to the cluster that was previewed, and to no other."""

from collections.abc import Callable
from typing import Any

import pytest

from providers.nomad.seen import SEEN
from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project
from tests.observation import Observation
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


def program(project: Project, **changes: Any) -> None:
    """One service, with `changes` at its top level."""
    text = write_job(project.folder, "job", {**job(project.name, "service"), **changes})
    use(project, f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True)\n")


def raised_priority(project: Any) -> None:
    running = project.nomad.job(project.name)
    project.nomad.register({**running, "Priority": 70})


def scaled(project: Any) -> None:
    body = {"Count": 2, "Target": {"Group": "g"}, "Message": "by hand"}
    project.nomad.call("POST", f"/v1/job/{project.name}/scale", body)


def stopped(project: Any) -> None:
    project.nomad.call("DELETE", f"/v1/job/{project.name}")


def purged(project: Any) -> None:
    project.nomad.purge(project.name)


@pytest.mark.fault(17, "since a saved plan")
@pytest.mark.parametrize(
    ("moved", "program_changes"), [(raised_priority, True), (scaled, True), (stopped, False), (purged, False)]
)
def test_a_cluster_that_has_moved_is_refused(
    project: Project, moved: Callable[[Project], None], program_changes: bool, seen: Observation
) -> None:
    program(project)
    project.up("--skip-preview")
    if program_changes:
        program(project, Priority=60)
    project.preview("--save-plan", "plan.json")
    moved(project)
    before = project.nomad.job(project.name)

    refused = project.up("--plan", "plan.json", check=False)
    assert refused.code != 0
    assert "violates plan" in refused.text
    seen.reads(refused.text, f'job "{project.name}" is')
    after = project.nomad.job(project.name)
    assert (before and before["JobModifyIndex"]) == (after and after["JobModifyIndex"])


@pytest.mark.fault(17, "a job of that name is made")
def test_a_job_that_somebody_else_made_meanwhile_is_refused(project: Project, seen: Observation) -> None:
    program(project)
    project.preview("--save-plan", "plan.json")
    project.nomad.register({**job(project.name, "service"), "Name": project.name})

    refused = project.up("--plan", "plan.json", check=False)
    assert refused.code != 0
    seen.reads(refused.text, "violates plan")
    assert project.nomad.job(project.name)["Version"] == 0


def test_a_plan_for_a_cluster_that_has_not_moved_is_applied(project: Project) -> None:
    program(project)
    project.preview("--save-plan", "plan.json")
    project.up("--plan", "plan.json")

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
def test_an_autoscaler_may_move_its_counts_meanwhile(project: Project) -> None:
    spec = job(project.name, "service")
    spec["TaskGroups"][0]["Scaling"] = {"Enabled": True, "Min": 1, "Max": 5}
    program(project, TaskGroups=spec["TaskGroups"])
    project.up("--skip-preview")
    program(project, TaskGroups=spec["TaskGroups"], Priority=60)
    project.preview("--save-plan", "plan.json")
    scaled(project)

    project.up("--plan", "plan.json")
    running = project.nomad.job(project.name)
    assert (running["Priority"], running["TaskGroups"][0]["Count"]) == (60, 2)


def test_a_state_without_what_was_seen_shows_no_change(project: Project) -> None:
    program(project)
    project.up("--skip-preview")
    exported = project.run("stack", "export").text
    assert f'"{SEEN}"' in exported
    older = project.folder / "older.json"
    older.write_text(exported.replace(f'"{SEEN}"', '"__other"').replace('"__job"', '"__another"'))
    project.run("stack", "import", "--file", "older.json")

    shown = project.preview("--diff").text
    assert "2 unchanged" in shown
    assert "the preview" not in shown


def test_a_stack_of_one_service(project: Project) -> None:
    """Its update asks Consul for the addresses, so its plan has to know that provider (F3)."""
    project.up("--strict")
    project.edit("Hello", "Hullo")
    project.preview("--save-plan", "plan.json")
    project.up("--plan", "plan.json")
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
