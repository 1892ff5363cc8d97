"""A preview without Nomad: only for those who ask for it, and never more than a preview."""

import pytest

from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project

pytestmark = pytest.mark.cluster

NOBODY = "http://127.0.0.1:9"
ON = "true"


def program(project: Project, name: str, **task: str) -> None:
    text = write_job(project.folder, "job", job(name, "service", Env=task))
    use(project, f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True)\n")


def test_an_offline_preview_says_that_it_is_one_and_applies_nothing(project: Project) -> None:
    program(project, project.name, SETTING="1")
    project.up("--skip-preview")
    program(project, project.name, SETTING="2")

    refused = project.preview(check=False, NOMAD_ADDR=NOBODY)
    assert refused.code != 0
    assert f"Nomad cannot be reached at {NOBODY}" in refused.text

    shown = project.preview("--save-plan", "plan.json", NOMAD_ADDR=NOBODY, CARAVAN_OFFLINE_PREVIEW=ON)
    assert "This is an offline preview" in shown.text
    assert 'group g, task t: Env[SETTING] "1" → "2"' in shown.text
    assert "1 to update" in shown.text

    refused = project.up("--skip-preview", check=False, NOMAD_ADDR=NOBODY, CARAVAN_OFFLINE_PREVIEW=ON)
    assert refused.code != 0
    assert "nothing is registered" in refused.text
    refused = project.up("--plan", "plan.json", check=False)
    assert refused.code != 0
    assert "violates plan" in refused.text
    assert project.nomad.job(project.name)["Version"] == 0

    project.up()
    assert project.nomad.job(project.name)["Version"] == 1
    assert "2 unchanged" in project.preview(NOMAD_ADDR=NOBODY, CARAVAN_OFFLINE_PREVIEW=ON).text
