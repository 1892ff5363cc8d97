"""`python -m components import`: from a job that somebody else runs to a service, without a change."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.project import Project
from toolchain import paths
from toolchain.cluster import Addresses

pytestmark = pytest.mark.cluster

UNCHANGED = re.compile(r"Resources:\n\s+\d+ unchanged\n")

DOCKER = """\
variable "greeting" {
  type    = string
  default = "hello"
}

job "JOB" {
  meta = { team = "a" }

  constraint {
    attribute = "${attr.kernel.name}"
    value     = "linux"
  }

  group "front" {
    count = 2

    network {
      port "http" {
        to = 3000
      }
    }

    service {
      name = "JOB"
      port = "http"
      tags = ["urlprefix-/"]

      check {
        type     = "http"
        path     = "/health"
        interval = "2s"
        timeout  = "1s"
      }
    }

    task "server" {
      driver = "docker"

      config {
        image = "IMAGE"
        ports = ["http"]
        args  = ["python3", "-m", "http.server", "3000"]
      }

      env {
        GREETING = var.greeting
        AT       = "${NOMAD_ALLOC_ID}"
      }

      template {
        destination = "local/settings.ini"
        data        = <<EOT
{{ env "NOMAD_DC" }} = 'quotes' 100%
EOT
      }

      resources {
        cpu    = 50
        memory = 64
      }
    }

    update {
      min_healthy_time  = "1s"
      healthy_deadline  = "30s"
      progress_deadline = "40s"
    }
  }
}
"""

RAW_EXEC = """\
job "JOB" {
  type = "batch"

  periodic {
    cron             = "0 3 1 1 *"
    prohibit_overlap = true
  }

  group "JOB" {
    restart {
      attempts = 1
      mode     = "fail"
    }

    task "JOB" {
      driver = "raw_exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "echo $NOMAD_ALLOC_ID"]
      }

      logs {
        max_files = 3
      }
    }
  }
}
"""


def run_import(project: Project, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """`python -m components import ARGUMENTS` in the project."""
    done = subprocess.run(
        [paths.VENV / "bin" / "python", "-m", "components", "import", *arguments],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def submit(project: Project, text: str) -> Path:
    """`nomad job run`; the file."""
    file = project.folder / "job.nomad.hcl"
    file.write_text(text)
    command: list[str | Path] = ["nomad", "job", "run", "-detach", file]
    subprocess.run(command, check=True, env=project.environment, timeout=60, stdout=subprocess.DEVNULL)
    return file


def forget_the_example(project: Project) -> None:
    for file in project.service.iterdir():
        file.unlink()
    project.service.rmdir()


def take_over(project: Project, said: str) -> None:
    """What the command says is next."""
    entry = said.partition("    caravan:services:\n")[2].partition("and ")[0]
    stack = project.folder / "stacks" / "Pulumi.dev.yaml"
    written = yaml.safe_load(stack.read_text())
    written["config"]["caravan:services"] = yaml.safe_load(entry)
    stack.write_text(yaml.safe_dump(written))
    for command in said.partition("in Nomad:\n")[2].splitlines():
        subprocess.run(["sh", "-c", command], check=True, cwd=project.folder, env=project.environment, timeout=300)


def described(project: Project) -> Any:
    return yaml.safe_load((project.service / "service.yaml").read_text())


@pytest.mark.parametrize("hcl", [DOCKER, RAW_EXEC], ids=["docker", "raw-exec"])
def test_a_running_job_becomes_a_service_without_a_change(project: Project, addresses: Addresses, hcl: str) -> None:
    forget_the_example(project)
    (project.folder / "services" / "defaults.yaml").write_text("resources: {memory_mb: 32}\nenv: {TEAM: a}\n")
    stack = project.folder / "stacks" / "Pulumi.dev.yaml"
    config = {"caravan:defaults": {"kill_timeout_s": 30}}
    stack.write_text(yaml.safe_dump({**yaml.safe_load(stack.read_text()), "config": config}))
    submit(project, hcl.replace("JOB", project.name).replace("IMAGE", str(addresses.base_image)))
    before = project.nomad.job(project.name)

    done = run_import(project, project.name, "--write")
    take_over(project, done.stderr)

    # With the preview before it.
    up = project.up("--diff").text
    assert len(UNCHANGED.findall(up)) == 2, up
    after = project.nomad.job(project.name)
    assert (after["Version"], after["JobModifyIndex"]) == (before["Version"], before["JobModifyIndex"])
    service = described(project)
    assert service.pop("kill_timeout_s") == 5
    if hcl is DOCKER:
        assert service["env"]["TEAM"] is None
        assert (service["group_name"], service["task_name"], service["count"]) == ("front", "server", 2)
        assert service["files"]["local/settings.ini"]["text"].endswith("= 'quotes' 100%\n")
    else:
        assert service["env"] is None
        assert service["args"] == ["-c", "echo $NOMAD_ALLOC_ID"]
        assert service["logs"] == {"max_files": 3}
    assert "job" not in service

    again = run_import(project, project.name, "--write", code=1)
    assert "exists already" in again.stderr


def test_a_job_file_becomes_the_service_that_is_deployed_as_that_job(project: Project, addresses: Addresses) -> None:
    forget_the_example(project)
    file = project.folder / "web.nomad.hcl"
    file.write_text(DOCKER.replace("JOB", project.name).replace("IMAGE", str(addresses.base_image)))
    values = project.folder / "values.hcl"
    values.write_text('greeting = "good day"\n')
    done = run_import(project, str(file), "--var-file", str(values), "--write")
    take_over(project, done.stderr)
    assert described(project)["env"]["GREETING"] == "good day"
    assert "caravan:index:Microservice" in project.preview().text
    refused = run_import(project, "no-such-job", code=1)
    assert refused.stderr.startswith('The job "no-such-job" is not in namespace default')
