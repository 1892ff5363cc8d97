"""How a job ends, and what is told on the way: destroyed, stopped by others, never waited for."""

import json
import re

import pytest

from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster


def program(project: Project, spec: dict[str, object], more: str = "") -> None:
    text = write_job(project.folder, "job", spec)
    use(project, f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True{more})\n")


def test_destroy_says_how_many_instances_stop_and_leaves_what_is_not_ours(project: Project) -> None:
    spec = job(project.name, "service")
    spec["TaskGroups"][0]["Count"] = 2
    program(project, spec)
    project.up("--skip-preview")
    recorded = project.nomad.job(project.name)
    project.nomad.register({**recorded, "Priority": 70, "Meta": None})

    refused = project.run("destroy", "--yes", check=False)
    assert refused.code != 0
    assert 'Priority "50" → "70"' in refused.text
    assert not project.nomad.job(project.name)["Stop"]

    # The way out that the message names.
    project.run("refresh", "--yes")
    assert f'Job "{project.name}": 2 instances stop.' in project.run("destroy", "--yes").text
    assert project.nomad.job(project.name) is None


def test_a_batch_job_that_others_stopped_stays_in_the_state_and_is_started_again(project: Project) -> None:
    program(project, job(project.name, "batch"))
    project.up("--skip-preview")
    project.nomad.call("DELETE", f"/v1/job/{project.name}")

    project.run("refresh", "--yes")
    state = json.loads(project.run("stack", "export").text)
    assert [r["outputs"]["stop"] for r in state["deployment"]["resources"] if r["type"].endswith(":Job")] == [True]
    assert "was stopped outside this stack; it is started again" in project.preview().text
    project.up()
    assert len(project.nomad.running(project.name)) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"Periodic": {"Enabled": True, "Specs": ["0 3 * * *"], "SpecType": "cron"}},
        {"ParameterizedJob": {"Payload": "optional"}},
    ],
)
def test_a_refresh_of_a_job_that_only_starts_others_is_no_change(project: Project, more: dict[str, object]) -> None:
    program(project, {**job(project.name[:40], "batch"), **more})
    project.up("--skip-preview")
    if "ParameterizedJob" in more:
        project.nomad.call("POST", f"/v1/job/{project.name[:40]}/dispatch", {})
    assert re.search(r"Resources:\n\s+2 unchanged\n", project.run("refresh", "--yes").text)
    assert "2 unchanged" in project.preview().text
    project.run("destroy", "--yes")


def test_an_id_that_the_api_cannot_be_asked_about_is_refused(project: Project) -> None:
    program(project, job(f"{project.name[:30]}/plan", "service"))
    refused = project.preview(check=False)
    assert refused.code != 0
    assert 'takes the "/plan" at its end' in refused.text

    odd = f"{project.name[:30]}/eu #1?"
    program(project, job(odd.replace(" ", ""), "service"))
    project.up("--skip-preview")
    assert "2 unchanged" in project.preview().text
    project.run("destroy", "--yes")


def test_a_detached_job_is_not_waited_for_and_says_so(project: Project) -> None:
    spec = job(project.name, "service")
    spec["TaskGroups"][0]["Update"]["MinHealthyTime"] = 10 * 10**9
    program(project, spec, ", detach=True")
    assert "does not wait for its rollout" in project.preview().text
    text = project.up().text
    assert f'Job "{project.name}" version 0 is registered; detach is on' in text
    deployments = project.nomad.call("GET", f"/v1/job/{project.name}/deployments")
    assert [d["Status"] for d in deployments] in ([], ["running"])

    assert wait_until(lambda: project.nomad.job(project.name)["Stable"], 60)
    assert "2 unchanged" in project.preview().text
    # As the SDK says: a detached job's outputs name no deployment.
    project.run("refresh", "--yes")
    assert '"deploymentStatus": ""' in project.run("stack", "export").text


def test_what_only_the_update_knows_is_named_and_the_rest_checked(project: Project) -> None:
    first = write_job(project.folder, "first", job(f"{project.name[:40]}-1", "service"))
    second = write_job(project.folder, "second", job(f"{project.name[:40]}-2", "service"))
    both = (
        f"a = nomad.Job('a', jobspec={first}, json=True, purge_on_destroy=True)\n"
        f"nomad.Job('b', jobspec=a.modify_index.apply(lambda _: {second}), json=True, purge_on_destroy=True{{}})\n"
    )
    use(project, both.format(""))
    shown = project.preview().text
    assert "job: jobspec is known only during the update" in shown
    assert "3 to create" in shown
    project.preview("--save-plan", "plan.json")
    project.up("--plan", "plan.json")
    assert len(project.nomad.running(f"{project.name[:40]}-2")) == 1

    use(project, both.format(", hcl2=nomad.JobHcl2Args(vars={'a': '1'})"))
    assert "variables exist in HCL2 jobspecs only" in project.preview(check=False).text
