"""Manual promotion is a change like any other: previewed, applied, and then there is nothing left to do."""

import pytest

from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project

pytestmark = pytest.mark.cluster


def program(project: Project, setting: str, *, auto_promote: bool) -> None:
    spec = job(project.name, "service", Env={"SETTING": setting})
    spec["TaskGroups"][0]["Update"].update(Canary=1, AutoPromote=auto_promote)
    text = write_job(project.folder, "job", spec)
    use(project, f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True)\n")


def with_waiting_canary(project: Project) -> str:
    """A second version whose canary waits; the ID of its deployment."""
    program(project, "1", auto_promote=False)
    project.up("--skip-preview")
    program(project, "2", auto_promote=False)
    project.up()
    return str(project.nomad.call("GET", f"/v1/job/{project.name}/deployment")["ID"])


def test_up_promotes_the_canaries_where_the_program_asks_for_it(project: Project) -> None:
    deployment = with_waiting_canary(project)
    (canary,) = (a["ID"] for a in project.nomad.running(project.name) if a["JobVersion"] == 1)

    unchanged = project.preview()
    assert "1 canary of group g waits for promotion" in unchanged.text
    assert f"nomad deployment promote {deployment}" in unchanged.text
    assert "2 unchanged" in unchanged.text

    program(project, "2", auto_promote=True)
    assert f"promotes 1 canary of group g (deployment {deployment})" in project.preview().text
    project.up()
    assert project.nomad.call("GET", f"/v1/deployment/{deployment}")["Status"] == "successful"
    assert [a["ID"] for a in project.nomad.running(project.name)] == [canary]
    assert project.nomad.job(project.name)["TaskGroups"][0]["Update"]["AutoPromote"]
    assert "2 unchanged" in project.preview().text


def test_what_somebody_promoted_by_hand_is_no_change(project: Project) -> None:
    deployment = with_waiting_canary(project)
    project.nomad.call("POST", f"/v1/deployment/promote/{deployment}", {"DeploymentID": deployment, "All": True})

    shown = project.preview()
    assert "2 unchanged" in shown.text
    assert "promotion" not in shown.text
    assert "2 unchanged" in project.up().text
    project.run("refresh", "--yes")
    assert '"deploymentStatus": "successful"' in project.run("stack", "export").text


def test_another_version_says_that_the_waiting_canary_goes(project: Project) -> None:
    with_waiting_canary(project)
    program(project, "3", auto_promote=True)
    assert "1 canary of group g still waiting for promotion; this change stops" in project.preview().text
    project.up()
    assert [a["JobVersion"] for a in project.nomad.running(project.name)] == [2]
