"""Pulumi's other commands and options: what they do to a part of a stack must not leave the rest untrue."""

import urllib.request
from collections.abc import Iterator

import pytest

from providers.properties import decode
from tests.cluster.api import Api
from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project, service_name
from tests.quick_engine.stack import Stack
from toolchain.cluster import Addresses
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

SECRET_SERVICE = """
from components import Microservice
Microservice("{name}", {{
    "version": "1", "driver": "raw_exec", "command": "/bin/sh", "args": ["-c", "echo got $TOKEN; exec sleep 600"],
    "secrets": {{"TOKEN": os.environ["TOKEN"]}}, "resources": {{"cpu_mhz": 20, "memory_mb": 16}},
    "rollout": {{
        "health_check": "task_states", "min_healthy_s": 1, "healthy_deadline_s": 15, "progress_deadline_s": 20,
    }},
    "kill_timeout_s": 1,
}})
"""


@pytest.fixture(autouse=True)
def _no_secrets(addresses: Addresses, request: pytest.FixtureRequest) -> Iterator[None]:
    """Jobs of a test end with it; its secrets are deleted here."""
    yield
    Api(addresses.nomad).call("DELETE", f"/v1/var/nomad/jobs/{service_name(request.node.name)}")


def log(project: Project, allocation_id: str) -> str:
    url = f"{project.addresses.nomad}/v1/client/fs/logs/{allocation_id}?task={project.name}&type=stdout&plain=true"
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode()).strip()


def said(project: Project) -> list[str]:
    """What the running instances have printed: the value that each has started with."""
    running = [allocation["ID"] for allocation in project.nomad.running(project.name)]
    assert wait_until(lambda: all(log(project, id_) for id_ in running), 30)
    return [log(project, id_) for id_ in running]


def test_a_rotated_secret_arrives_whatever_the_targets(project: Project) -> None:
    """RW-42: after an update of a part, the process kept the old secret for good, and all was "unchanged"."""
    use(project, SECRET_SERVICE.format(name=project.name))
    project.up("--skip-preview", TOKEN="one")
    assert said(project) == ["got one"]

    # The job without its variable keeps the values that it has.
    project.up("--skip-preview", "--target", f"**{project.name}-job", TOKEN="two")
    assert said(project) == ["got one"]
    assert project.nomad.job(project.name)["Version"] == 0
    project.up("--skip-preview", TOKEN="two")
    assert said(project) == ["got two"]

    # The variable without its job: the next preview shows what is still to come.
    project.up("--skip-preview", "--target", f"**{project.name}-secrets", TOKEN="three")
    assert said(project) == ["got two"]
    shown = project.preview(TOKEN="three").text
    assert "the values of its secrets" in shown
    project.up("--skip-preview", TOKEN="three")
    assert said(project) == ["got three"]
    assert project.run("preview", "--expect-no-changes", TOKEN="three").code == 0


HCL = """job "{name}" {{
  group "g" {{
    task "t" {{
      driver = "raw_exec"
      config {{
        command = "/bin/sleep"
        args    = ["600"]
      }}
      env {{
        BUILD = "1"
      }}
      resources {{
        cpu    = 20
        memory = 16
      }}
    }}
  }}
}}
"""


def build(stack: Stack) -> str:
    return str(stack.nomad.job(stack.name)["TaskGroups"][0]["Tasks"][0]["Env"]["BUILD"])


def test_what_others_run_stays_where_the_program_ignores_the_jobspec(stack: Stack) -> None:
    """RW-43: a refresh of a changed HCL job writes JSON, and `ignore_changes` keeps it beside the program's `json`."""
    (stack.folder / "job").write_text(HCL.format(name=stack.name))
    stack.write("nomad.Job('ci', jobspec=open('job').read())")
    stack.up()
    others = stack.nomad.job(stack.name)
    others["TaskGroups"][0]["Tasks"][0]["Env"] = {"BUILD": "2"}
    stack.nomad.register({**others, "Meta": None})
    assert "was changed outside this stack" in stack.preview().text
    stack.up()
    assert stack.refresh().steps["ci"] == "update"

    # As the engine gives it with ignore_changes=["jobspec"].
    (stack.folder / "job").write_text(decode(stack.states[stack.urn("ci")].inputs).values["jobspec"])
    assert (stack.folder / "job").read_text().startswith("{")
    assert stack.preview().unchanged
    stack.up()
    version = stack.nomad.job(stack.name)["Version"]
    stack.write("nomad.Job('ci', jobspec=open('job').read(), detach=True)")
    shown = stack.preview().text
    assert "is in Nomad as it is wanted: it is not registered again" in shown
    assert "create/destroy" not in shown
    stack.up()
    assert (build(stack), stack.nomad.job(stack.name)["Version"]) == ("2", version)


def test_renames_change_nothing_in_nomad(project: Project) -> None:
    """The mark of ownership names the stack and the resource; the job stays this stack's own."""
    text = write_job(project.folder, "job", job(project.name, "service"))
    program = "nomad.Job('{name}', jobspec={text}, json=True, purge_on_destroy=True, opts={opts})\n"
    use(project, program.format(name="j", text=text, opts=None))
    project.up("--skip-preview")
    before = project.nomad.job(project.name)["JobModifyIndex"]

    project.run("stack", "rename", "other")
    aliased = "pulumi.ResourceOptions(aliases=[pulumi.Alias(name='j')])"
    use(project, program.format(name="renamed", text=text, opts=aliased))
    shown = project.preview().text
    assert "3 unchanged" in shown or "2 unchanged" in shown, shown
    project.up("--skip-preview")
    assert project.nomad.job(project.name)["JobModifyIndex"] == before

    write_job(project.folder, "job", {**job(project.name, "service"), "Priority": 60})
    project.up("--skip-preview")
    assert project.nomad.job(project.name)["Priority"] == 60
    project.run("destroy", "--yes", "--skip-preview")
    assert project.nomad.job(project.name) is None
    project.run("stack", "rm", "other", "--yes")
    assert (project.folder / "stacks" / "Pulumi.other.yaml").exists()


def test_the_project_may_have_another_name(project: Project) -> None:
    """B4: it did not load, for a key in Pulumi.yaml that was not of the new name."""
    file = project.folder / "Pulumi.yaml"
    text = file.read_text().replace("name: caravan\n", "name: mycompany\n")
    file.unlink()
    file.write_text(text)
    project.run("stack", "init", "dev")
    assert "to create" in project.preview().text

    project.run("config", "set", "services.x.count", "3")
    refused = project.preview(check=False).text
    assert "mycompany:services.x.count" in refused, refused
    stack = project.folder / "stacks" / "Pulumi.dev.yaml"
    stack.write_text(stack.read_text().replace("caravan:services:", "caravan:service:"))
    refused = project.preview(check=False).text
    assert "caravan:services must list the services to deploy" in refused
    assert "program exited" not in refused
