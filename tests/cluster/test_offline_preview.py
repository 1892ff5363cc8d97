"""A preview without Nomad: only for those who ask for it, and never more than a preview."""

import pytest

from tests.cluster.programs import job, one_job, use, write_job
from tests.cluster.project import Project
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster

NOBODY = "http://127.0.0.1:9"
ON = "true"


def test_an_offline_preview_says_that_it_is_one_and_applies_nothing(stack: Stack) -> None:
    one_job(stack, job(stack.name, "service", Env={"SETTING": "1"}))
    stack.up()
    one_job(stack, job(stack.name, "service", Env={"SETTING": "2"}))

    refused = stack.preview(check=False, NOMAD_ADDR=NOBODY)
    assert refused.code != 0
    assert f"Nomad cannot be reached at {NOBODY}" in refused.text

    shown = stack.preview(NOMAD_ADDR=NOBODY, CARAVAN_OFFLINE_PREVIEW=ON)
    assert "This is an offline preview" in shown.text
    assert 'group g, task t: Env[SETTING] "1" → "2"' in shown.text
    assert shown.steps["j"] == "update"

    refused = stack.up(check=False, NOMAD_ADDR=NOBODY, CARAVAN_OFFLINE_PREVIEW=ON)
    assert refused.code != 0
    assert "nothing is registered" in refused.text
    assert stack.nomad.job(stack.name)["Version"] == 0

    stack.up()
    assert stack.nomad.job(stack.name)["Version"] == 1
    assert stack.preview(NOMAD_ADDR=NOBODY, CARAVAN_OFFLINE_PREVIEW=ON).unchanged


def test_a_plan_that_is_saved_offline_is_not_applied(project: Project) -> None:
    text = write_job(project.folder, "job", job(project.name, "service"))
    use(project, f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True)\n")
    project.up("--skip-preview")
    write_job(project.folder, "job", job(project.name, "service", Env={"SETTING": "2"}))
    shown = project.preview("--save-plan", "plan.json", NOMAD_ADDR=NOBODY, CARAVAN_OFFLINE_PREVIEW=ON)
    assert "This is an offline preview" in shown.text
    assert "1 to update" in shown.text
    refused = project.up("--plan", "plan.json", check=False)
    assert refused.code != 0
    assert "violates plan" in refused.text
    assert project.nomad.job(project.name)["Version"] == 0
