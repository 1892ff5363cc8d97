"""`pulumi import`: the code that it writes is the program, with which the next preview shows no change."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.cluster.programs import job, use
from tests.cluster.project import Project

pytestmark = pytest.mark.cluster

UNCHANGED = re.compile(r"Resources:\n\s+\d+ unchanged\n")

HCL = """\
variable "seconds" {
  type = number
}

variable "note" {
  type    = string
  default = "none"
}

# What its author wrote stays.
job "NAME" {
  meta = { note = var.note }

  group "g" {
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "exec sleep ${var.seconds}"]
      }
      template {
        destination = "${NOMAD_TASK_DIR}/settings"
        data        = <<EOT
{{ env "NOMAD_JOB_NAME" }} {braces} 'quotes' 100%
EOT
      }
      resources {
        cpu    = 20
        memory = 16
      }
    }
    update {
      min_healthy_time = "1s"
      healthy_deadline = "15s"
      progress_deadline = "20s"
    }
  }
}
"""


def generated(project: Project, *resources: tuple[str, str, str]) -> str:
    """The code of an import of each type, name and ID; it is the program from then on."""
    use(project, "")
    wanted = project.folder / "wanted.json"
    listed = [{"type": f"nomad:index/{type_}", "name": name, "id": id_} for type_, name, id_ in resources]
    wanted.write_text(json.dumps({"resources": listed}))
    code = project.folder / "generated.py"
    project.run("import", "--file", str(wanted), "--yes", "--protect=false", "--out", str(code))
    use(project, code.read_text())
    return code.read_text()


def submit(project: Project, folder: Path, text: str, *options: str) -> None:
    """`nomad job run`."""
    file = folder / "job.nomad.hcl"
    file.write_text(text.replace("NAME", project.name))
    environment = {**project.environment, "NOMAD_ADDR": project.addresses.nomad}
    subprocess.run(["nomad", "job", "run", "-detach", *options, file], check=True, env=environment, timeout=60)


def owner(project: Project) -> str | None:
    return (project.nomad.job(project.name)["Meta"] or {}).get("caravan_owner")


def test_a_job_submitted_as_hcl_comes_as_it_was_written(project: Project, tmp_path: Path) -> None:
    variables = tmp_path / "more.hcl"
    variables.write_text('note = "a \\"b\\" {c}" # said by hand\n')
    submit(project, tmp_path, HCL, "-var", "seconds=600", "-var-file", str(variables))
    code = generated(project, ("job:Job", "web", project.name))
    assert HCL.replace("NAME", project.name) in code
    assert '"seconds": "600"' in code
    assert "json=" not in code
    assert UNCHANGED.search(project.preview("--diff").text)
    assert owner(project) is None

    use(project, code.replace('"600"', '"500"'))
    assert "sleep 600" in project.up().text
    assert str(owner(project)).endswith("::web")
    assert UNCHANGED.search(project.preview().text)


def test_jobs_of_any_kind_and_with_any_text(project: Project, tmp_path: Path) -> None:
    quoted = 'a "b" \\ \'c\' """ {d} ${e} %{f} \n\té'
    kinds = {"api": "service", "batch": "batch", "periodic": "batch", "parameterised": "batch", "system": "system"}
    specs = {kind: job(f"{project.name}-{kind}", type_) for kind, type_ in kinds.items()}
    specs["api"]["TaskGroups"][0] |= {"Count": 2, "Scaling": {"Enabled": False, "Min": 1, "Max": 3}}
    specs["batch"]["Meta"] = {"quoted": quoted}
    specs["periodic"]["Periodic"] = {"Enabled": True, "SpecType": "cron", "Spec": "0 0 1 1 *"}
    specs["parameterised"]["ParameterizedJob"] = {"Payload": "optional", "MetaRequired": ["who"]}
    specs["system"]["TaskGroups"][0]["Tasks"][0] |= {"Env": {"EMPTY": "", "TEXT": "${a} ä"}, "KillTimeout": 7 * 10**9}
    for spec in specs.values():
        project.nomad.register(spec)
    spoilt = HCL.replace("none", 'a \\"quoted\\" note').replace("NAME", f"{project.name}-hcl")
    submit(project, tmp_path, spoilt, "-var", "seconds=600")

    ids = [f"{project.name}-{kind}" for kind in (*specs, "hcl")]
    code = generated(project, *(("job:Job", id_, f"{id_}@default") for id_ in ids))
    assert f'"""{{\n  "ID": "{ids[0]}"' in code
    assert '"KillTimeout": 7000000000' in code
    assert code.count("json=True") == len(ids)
    for made_up in ("EphemeralDisk", "RestartPolicy", "JobModifyIndex", "detach", "modify_index"):
        assert made_up not in code
    assert UNCHANGED.search(project.preview("--diff").text)


def test_the_other_types(project: Project) -> None:
    name, path = project.name, f"tests/{project.name}"
    items = {"user": "a-horse", "script": 'line one\nline "two"\n'}
    capabilities = {"EnabledTaskDrivers": ["raw_exec"]}
    namespace = {"Name": name, "Description": "one", "Meta": {"team": "a"}, "Capabilities": capabilities}
    project.nomad.call("PUT", f"/v1/namespace/{name}", namespace)
    project.nomad.call("PUT", f"/v1/node/pool/{name}", {"Name": name, "Description": "a pool", "Meta": {"k": "v"}})
    project.nomad.call("PUT", f"/v1/var/{path}?namespace={name}", {"Path": path, "Namespace": name, "Items": items})
    code = generated(
        project,
        ("namespace:Namespace", "team", name),
        ("nodePool:NodePool", "pool", name),
        ("variable:Variable", "settings", f"{path}@{name}"),
    )
    assert '"enabled_task_drivers": ["raw_exec"]' in code
    assert UNCHANGED.search(project.preview("--diff").text)
    assert "horse" not in json.dumps(project.state())
