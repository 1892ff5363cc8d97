"""Jobs of every kind, written by users with the pulumi_nomad SDK."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from providers.nomad.__main__ import NomadPlugin
from providers.official import NO_DOWNLOADS
from tests.cluster.programs import job, one_job, use, write_job
from tests.cluster.project import Project
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster

HCL = """
variable "count" {
  type    = number
  default = 1
}
variable "greeting" { type = string }
variable "datacenters" { type = list(string) }
job "NAME" {
  datacenters = var.datacenters
  group "g" {
    count = var.count
    update {
      min_healthy_time  = "1s"
      healthy_deadline  = "15s"
      progress_deadline = "20s"
    }
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/sleep"
        args    = ["600"]
      }
      env { GREETING = var.greeting }
      resources {
        cpu    = 20
        memory = 16
      }
    }
  }
}
"""
GREETING = 'say "hi" to ${node} %{if} \n next'


def hcl_program(stack: Stack, count: int, source: str = HCL) -> None:
    (stack.folder / "job.hcl").write_text(source.replace("NAME", stack.name))
    variables = {"count": str(count), "greeting": GREETING, "datacenters": '["dc1"]'}
    stack.write(
        f"nomad.Job('j', jobspec=open('job.hcl').read(), hcl2=nomad.JobHcl2Args(vars={variables!r}), "
        "purge_on_destroy=True)"
    )


def test_hcl_with_variables_of_any_type(stack: Stack) -> None:
    hcl_program(stack, 1)
    stack.up()
    task = stack.nomad.job(stack.name)["TaskGroups"][0]["Tasks"][0]
    assert task["Env"]["GREETING"] == GREETING
    before = {a["ID"] for a in stack.nomad.running(stack.name)}

    hcl_program(stack, 2)
    assert 'group g: Count "1" → "2"' in stack.preview().text
    stack.up()
    assert before < {a["ID"] for a in stack.nomad.running(stack.name)}


def test_hcl_in_another_order_and_format_is_no_change(stack: Stack) -> None:
    hcl_program(stack, 1)
    stack.up()

    rewritten = (
        HCL.replace("  ", "\t")
        .replace('      driver = "raw_exec"\n', "")
        .replace(
            "\t\t\tenv { GREETING = var.greeting }\n",
            '\t\t\t# a comment\n\t\t\tenv {\n GREETING = "${var.greeting}"\n }\n',
        )
    )
    rewritten = rewritten.replace('\t\ttask "t" {\n', '\t\ttask "t" {\n driver = "raw_exec"\n').replace(
        '\t\t\tdriver = "raw_exec"\n', ""
    )
    hcl_program(stack, 1, rewritten)
    assert stack.preview().unchanged


@pytest.mark.parametrize("kind", ["batch", "system", "sysbatch", "periodic", "parameterized", "count-0"])
def test_every_type_is_deployed_and_then_unchanged(stack: Stack, kind: str) -> None:
    runs_once = {"Config": {"command": "/bin/true"}}
    specs: dict[str, Callable[[], dict[str, Any]]] = {
        "batch": lambda: job(stack.name, "batch", **runs_once),
        "system": lambda: job(stack.name, "system"),
        "sysbatch": lambda: job(stack.name, "sysbatch", **runs_once),
        "periodic": lambda: {
            **job(stack.name, "batch", **runs_once),
            "Periodic": {"Enabled": True, "Specs": ["0 3 * * *"], "SpecType": "cron"},
        },
        "parameterized": lambda: {
            **job(stack.name, "batch", **runs_once),
            "ParameterizedJob": {"Payload": "optional"},
        },
        "count-0": lambda: _with_count(job(stack.name, "service"), 0),
    }
    spec = specs[kind]()
    one_job(stack, spec)

    stack.up()
    assert stack.nomad.job(stack.name)["Type"] == spec["Type"]
    assert stack.up().unchanged


def _with_count(spec: dict[str, Any], count: int) -> dict[str, Any]:
    spec["TaskGroups"][0]["Count"] = count
    return spec


def test_a_job_that_nomad_refuses_is_told_at_preview_with_every_reason(stack: Stack) -> None:
    wrong = job(stack.name, "service")
    wrong["TaskGroups"][0]["Update"] = {
        "MinHealthyTime": 60 * 10**9,
        "HealthyDeadline": 5 * 10**9,
        "ProgressDeadline": 10**9,
    }
    one_job(stack, wrong)

    failed = stack.preview(check=False)
    assert failed.code != 0
    assert "Minimum healthy time must be less than healthy deadline" in failed.text
    assert "Healthy deadline must be less than progress deadline" in failed.text


def test_hcl_that_does_not_parse_is_told_with_its_place(stack: Stack) -> None:
    stack.write("nomad.Job('j', jobspec='job \"x\" {\\n  grup \"g\" {}\\n}')")

    failed = stack.preview(check=False)
    assert failed.code != 0
    assert "Nomad cannot parse the jobspec" in failed.text
    assert 'Blocks of type "grup" are not expected here' in failed.text


def test_a_secret_jobspec_is_shown_nowhere(project: Project) -> None:
    secret = "correct-horse-battery"
    first = job(project.name, "service", Env={"SETTING": secret})
    second = job(
        project.name,
        "service",
        Env={"SETTING": secret + "-2"},
        Config={"command": "/bin/sh", "args": ["-c", "echo $SETTING; exit 4"]},
    )
    second["TaskGroups"][0]["RestartPolicy"] = {"Attempts": 0, "Mode": "fail"}
    texts = [write_job(project.folder, name, spec) for name, spec in (("a", first), ("b", second))]
    program = "nomad.Job('j', jobspec=pulumi.Output.secret({}), json=True, purge_on_destroy=True)\n"

    use(project, program.format(texts[0]))
    shown = project.up("--diff").text
    use(project, program.format(texts[1]))
    failed = project.up("--diff", check=False)
    assert failed.code != 0
    assert "exit code 4" in failed.text
    shown += failed.text + project.run("stack", "export").text
    assert secret not in shown
    assert "[secret]" in shown


def test_manual_promotion_ends_up_with_the_command_that_promotes(stack: Stack) -> None:
    spec = job(stack.name, "service")
    spec["TaskGroups"][0]["Update"] = {**spec["TaskGroups"][0]["Update"], "Canary": 1, "AutoPromote": False}
    one_job(stack, spec)
    stack.up()
    spec["TaskGroups"][0]["Tasks"][0]["Env"] = {"A": "2"}
    one_job(stack, spec)

    result = stack.up()

    promote = re.search(r"nomad deployment promote ([0-9a-f-]{36})", result.text)
    assert promote, result.text
    assert len(stack.nomad.running(stack.name)) == 2
    stack.nomad.call("POST", f"/v1/deployment/promote/{promote[1]}", {"DeploymentID": promote[1], "All": True})


def test_a_type_that_is_passed_on_says_where_the_official_plugin_was_looked_for(stack: Stack, tmp_path: Path) -> None:
    stack.write("nomad.SchedulerConfig('s', scheduler_algorithm='spread')")
    nowhere = {"HOME": str(tmp_path), "PULUMI_HOME": str(tmp_path), NO_DOWNLOADS: "true"}

    failed = stack.preview(check=False, **nowhere)
    assert failed.code != 0
    assert "nomad:index/schedulerConfig:SchedulerConfig is not served by this project's nomad plugin" in failed.text
    assert str(tmp_path / "plugins" / f"resource-nomad-v{NomadPlugin.version}") in failed.text


def test_another_id_replaces_the_job_once_the_new_one_is_healthy(stack: Stack) -> None:
    other = stack.name[:40] + "-2"
    one_job(stack, job(stack.name, "service"))
    stack.up()

    one_job(stack, job(other, "service"), ", deregister_on_id_change=False")
    refused = stack.preview(check=False)
    assert refused.code != 0
    assert "deregister_on_id_change off" in refused.text

    one_job(stack, job(other, "service"))
    assert "1 instance of the old one stops" in stack.preview().text
    stack.up()
    assert stack.nomad.job(stack.name) is None
    assert len(stack.nomad.running(other)) == 1
