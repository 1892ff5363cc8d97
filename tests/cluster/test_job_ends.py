"""How a job ends, and what is told on the way: destroyed, stopped by others, never waited for."""

import pytest

from tests.cluster.programs import job, one_job, use, write_job
from tests.cluster.project import Project
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster


def test_destroy_says_how_many_instances_stop_and_leaves_what_is_not_ours(stack: Stack) -> None:
    spec = job(stack.name, "service")
    spec["TaskGroups"][0]["Count"] = 2
    one_job(stack, spec)
    stack.up()
    recorded = stack.nomad.job(stack.name)
    stack.nomad.register({**recorded, "Priority": 70, "Meta": None})

    refused = stack.destroy(check=False)
    assert refused.code != 0
    assert 'Priority "50" → "70"' in refused.text
    assert not stack.nomad.job(stack.name)["Stop"]

    # The way out that the message names.
    stack.refresh()
    assert f'Job "{stack.name}": 2 instances stop.' in stack.destroy().text
    assert stack.nomad.job(stack.name) is None


def test_a_batch_job_that_others_stopped_stays_in_the_state_and_is_started_again(stack: Stack) -> None:
    # Detached: a batch job has to run for 10 s to count, which is not what this is about.
    one_job(stack, job(stack.name, "batch"), ", detach=True")
    stack.up()
    stack.nomad.call("DELETE", f"/v1/job/{stack.name}")

    stack.refresh()
    assert stack.state("j")["stop"] is True
    assert "was stopped outside this stack; it is started again" in stack.preview().text
    stack.up()
    assert wait_until(lambda: len(stack.nomad.running(stack.name)) == 1, 60)


@pytest.mark.parametrize(
    "more",
    [
        {"Periodic": {"Enabled": True, "Specs": ["0 3 * * *"], "SpecType": "cron"}},
        {"ParameterizedJob": {"Payload": "optional"}},
    ],
)
def test_a_refresh_of_a_job_that_only_starts_others_is_no_change(stack: Stack, more: dict[str, object]) -> None:
    one_job(stack, {**job(stack.name[:40], "batch"), **more})
    stack.up()
    if "ParameterizedJob" in more:
        stack.nomad.call("POST", f"/v1/job/{stack.name[:40]}/dispatch", {})
    assert stack.refresh().unchanged
    assert stack.preview().unchanged
    stack.destroy()


def test_an_id_that_the_api_cannot_be_asked_about_is_refused(stack: Stack) -> None:
    one_job(stack, job(f"{stack.name[:30]}/plan", "service"))
    refused = stack.preview(check=False)
    assert refused.code != 0
    assert 'takes the "/plan" at its end' in refused.text

    odd = f"{stack.name[:30]}/eu#1?"
    one_job(stack, job(odd, "service"))
    stack.up()
    assert stack.preview().unchanged
    stack.destroy()


def test_a_detached_job_is_not_waited_for_and_says_so(stack: Stack) -> None:
    spec = job(stack.name, "service")
    spec["TaskGroups"][0]["Update"] |= {"MinHealthyTime": 4 * 10**9}
    one_job(stack, spec, ", detach=True")
    assert "does not wait for its rollout" in stack.preview().text
    text = stack.up().text
    assert f'Job "{stack.name}" version 0 is registered; detach is on' in text
    deployments = stack.nomad.call("GET", f"/v1/job/{stack.name}/deployments")
    assert [d["Status"] for d in deployments] in ([], ["running"])

    assert wait_until(lambda: stack.nomad.job(stack.name)["Stable"], 60)
    assert stack.preview().unchanged
    # As the SDK says: a detached job's outputs name no deployment.
    stack.refresh()
    assert stack.state("j")["deploymentStatus"] == ""


def both(first: str, second: str, more: str = "") -> str:
    """A second job whose text the first one's registration must come before."""
    return (
        f"a = nomad.Job('a', jobspec={first}, json=True, purge_on_destroy=True)\n"
        f"nomad.Job('b', jobspec=a.modify_index.apply(lambda _: {second}), json=True, purge_on_destroy=True{more})\n"
    )


def test_what_only_the_update_knows_is_named_and_the_rest_checked(stack: Stack) -> None:
    first = write_job(stack.folder, "first", job(f"{stack.name[:40]}-1", "service"))
    second = write_job(stack.folder, "second", job(f"{stack.name[:40]}-2", "service"))
    stack.write(both(first, second))
    shown = stack.preview()
    assert "job: jobspec is known only during the update" in shown.text
    assert (shown.steps["a"], shown.steps["b"]) == ("create", "create")
    stack.up()
    assert len(stack.nomad.running(f"{stack.name[:40]}-2")) == 1

    stack.write(both(first, second, ", hcl2=nomad.JobHcl2Args(vars={'a': '1'})"))
    assert "variables exist in HCL2 jobspecs only" in stack.preview(check=False).text


def test_a_saved_plan_of_what_only_the_update_knows_is_applied(project: Project) -> None:
    first = write_job(project.folder, "first", job(f"{project.name[:40]}-1", "service"))
    second = write_job(project.folder, "second", job(f"{project.name[:40]}-2", "service"))
    use(project, both(first, second))
    assert "3 to create" in project.preview("--save-plan", "plan.json").text
    project.up("--plan", "plan.json")
    assert len(project.nomad.running(f"{project.name[:40]}-2")) == 1
