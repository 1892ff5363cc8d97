"""A registered job keeps its source in Nomad; an inspected one is a source."""

import json
from typing import Any

import pytest

from tests.cluster.programs import job
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

HCL = """variable "seconds" {{
  type = number
}}
variable "words" {{
  type    = list(string)
  default = []
}}
job "{name}" {{
  type = "batch"
  meta = {{ words = join(",", var.words) }}
  group "g" {{
    task "t" {{
      driver = "raw_exec"
      config {{
        command = "/bin/sleep"
        args    = ["${{var.seconds}}"]
      }}
      resources {{
        cpu    = 20
        memory = 16
      }}
    }}
  }}
}}
"""


def source(stack: Stack, name: str) -> Any:
    version = stack.nomad.job(name)["Version"]
    return stack.nomad.call("GET", f"/v1/job/{name}/submission?version={version}")


def program(stack: Stack, variables: str, more: str = "") -> None:
    (stack.folder / "j.hcl").write_text(HCL.format(name=stack.name))
    stack.write(
        f"nomad.Job('j', jobspec=open({str(stack.folder / 'j.hcl')!r}).read(), hcl2={{'vars': {variables}}}{more})"
    )


def test_nomad_shows_the_source_and_the_variables_of_what_runs(stack: Stack) -> None:
    """RW-70, RW-35: also of a version that follows one with another source."""
    program(stack, "{'seconds': '600', 'words': pulumi.Output.json_dumps(['a', 'b'])}", ", detach=True")
    stack.up()
    kept = source(stack, stack.name)
    assert kept["Source"] == HCL.format(name=stack.name)
    assert (kept["Format"], kept["VariableFlags"]) == ("hcl2", {"seconds": "600", "words": '["a", "b"]'})
    assert stack.preview().unchanged

    stack.forget("j")
    stack.import_("nomad:index/job:Job", "j", stack.name)
    assert '"words": "[\\"a\\", \\"b\\"]"' in stack.recorded()
    program(stack, "{'seconds': '600', 'words': pulumi.Output.json_dumps(['a', 'b'])}")
    assert stack.preview().unchanged

    program(stack, "{'seconds': '500'}", ", detach=True")
    stack.up()
    assert source(stack, stack.name)["VariableFlags"] == {"seconds": "500"}


def test_nothing_of_a_secret_source_is_kept_nor_the_source_of_the_version_before(stack: Stack) -> None:
    program(stack, "{'seconds': '600'}", ", detach=True")
    stack.up()
    program(stack, "{'seconds': pulumi.Output.secret('601')}", ", detach=True")
    stack.up()
    kept = source(stack, stack.name)
    assert "is a secret of the Pulumi stack" in kept["Source"]
    assert (kept["VariableFlags"], kept["Variables"]) == (None, "")
    assert "seconds" not in kept["Source"]


@pytest.mark.parametrize("wrapped", [True, False])
def test_an_unedited_inspect_is_the_job(stack: Stack, wrapped: bool) -> None:
    """RW-06: with and without the wrapper, with everything that Nomad prints."""
    name = stack.name
    spec = job(name, "service")
    group = spec["TaskGroups"][0]
    group["Scaling"] = {"Min": 1, "Max": 3, "Policy": {}}
    group["Count"] = 1
    group["Networks"] = [{"DynamicPorts": [{"Label": "http"}]}]
    check = {"Type": "tcp", "Interval": 10**9, "Timeout": 10**9}
    group["Services"] = [{"Name": name, "PortLabel": "http", "Provider": "nomad", "Checks": [check]}]
    group["Tasks"][0]["Templates"] = [{"EmbeddedTmpl": "x", "DestPath": "local/x"}]
    stack.nomad.register(spec)
    # By another name: Nomad 1.11.3 does not survive a job that is purged while it is scheduled.
    inspected = json.loads(json.dumps(stack.nomad.job(name)).replace(name, f"{name[:40]}-2"))
    stack.write(
        f"nomad.Job('j', jobspec={json.dumps({'Job': inspected} if wrapped else inspected)!r}, json=True, "
        "purge_on_destroy=True, detach=True)"
    )
    stack.up()
    assert stack.preview().unchanged
    assert wait_until(lambda: bool(stack.nomad.running(f"{name[:40]}-2")), 30)
    stack.refresh()
    assert stack.preview().unchanged
    stack.destroy()


@pytest.mark.parametrize("where", ["Job.Stop", "Stop", "stop"])
def test_a_job_that_was_saved_after_its_stop_is_refused(stack: Stack, where: str) -> None:
    """RW-06: it would be created, and nothing would run."""
    outer, _, inner = where.rpartition(".")
    spec = {**job(stack.name, "service"), inner: True}
    stack.write(f"nomad.Job('j', jobspec={json.dumps({outer: spec} if outer else spec)!r}, json=True)")
    refused = stack.preview(check=False)
    assert refused.code != 0
    assert "Remove Stop to run the job" in refused.text
    assert not stack.nomad.job(stack.name)
