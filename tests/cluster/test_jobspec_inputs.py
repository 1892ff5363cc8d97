"""What users write in a jobspec and its variables."""

import json
import random
import re
import subprocess
from typing import Any

import pytest

from providers.nomad.jobspec_keys import unknown
from tests.cluster.generated_jobs import rewritten
from tests.cluster.job_hcl import hcl
from tests.cluster.programs import job, one_job
from tests.quick_engine.stack import Stack
from toolchain import paths

pytestmark = pytest.mark.cluster
SECOND = 10**9

JOB: dict[str, Any] = {
    "Type": "service",
    "Datacenters": ["dc1"],
    "Spreads": [{"Attribute": "${node.datacenter}", "SpreadTarget": [{"Value": "dc1", "Percent": 30}]}],
    "TaskGroups": [
        {
            "Name": "web",
            "Count": 0,
            "Constraints": [{"LTarget": "${attr.kernel.name}", "Operand": "=", "RTarget": "linux"}],
            "Networks": [
                {
                    "Mode": "host",
                    "DynamicPorts": [{"Label": "http", "To": 8080}, {"Label": "admin", "To": 9090}],
                }
            ],
            "Services": [
                {
                    "Name": "alpha",
                    "PortLabel": "8080",
                    "Tags": ["a", "b"],
                    "Checks": [
                        {"Name": "up", "Type": "http", "Path": "/", "Interval": 5 * SECOND, "Timeout": SECOND},
                        {"Name": "in", "Type": "http", "Path": "/in", "Interval": 5 * SECOND, "Timeout": SECOND},
                    ],
                }
            ],
            "Tasks": [
                {
                    "Name": "app",
                    "Driver": "raw_exec",
                    "Config": {"command": "/bin/sleep", "args": ["600"]},
                    "Env": {"A": "1", "B": "2"},
                    "Resources": {"CPU": 20, "MemoryMB": 16},
                    "Lifecycle": {"Hook": "prestart"},
                    "RestartPolicy": {"Attempts": 1},
                },
                {"Name": "main", "Driver": "raw_exec", "Config": {"command": "/bin/sleep", "args": ["600"]}},
            ],
        }
    ],
}
CHANGES: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("TaskGroups", 0, "Networks", 0, "DynamicPorts", 0, "To"), 8081,
     'group web: Network.Dynamic Port(http).To "8080" → "8081"'),
    (("TaskGroups", 0, "Services", 0, "Checks", 1, "Interval"), 7 * SECOND,
     "group web: Service(alpha).Check(in).Interval 5s → 7s"),
    (("TaskGroups", 0, "Tasks", 0, "Lifecycle", "Hook"), "poststart",
     'group web, task app: Lifecycle.Hook "prestart" → "poststart"'),
    (("Spreads", 0, "SpreadTarget", 0, "Percent"), 40,
     'Spread(${node.datacenter}).SpreadTarget(dc1).Percent "30" → "40"'),
]  # fmt: skip


def write(stack: Stack, text: str, more: str) -> None:
    (stack.folder / "jobspec").write_text(text)
    stack.write(f"nomad.Job('j', jobspec=open('jobspec').read(), purge_on_destroy=True{more})")


def shown(text: str) -> list[str]:
    """The lines of a preview that name a changed field, once each."""
    return sorted({line[1] for line in re.finditer(r'(?m)^\s+~ (.*(?:→|[+-] ").*)$', text)})


def inspected(stack: Stack) -> str:
    """What `nomad job inspect` prints: a JSON jobspec as people copy it."""
    nomad = str(paths.ROOT / ".caravan" / "bin" / "nomad")
    command = [nomad, "job", "inspect", "-address", stack.addresses.nomad, stack.name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_same_job_in_any_words_is_no_change_and_one_field_is_one_line(stack: Stack) -> None:
    chance = random.Random(7)
    as_json = {**JOB, "ID": stack.name}
    write(stack, json.dumps(as_json), ", json=True")
    stack.up()

    in_another_order = {"Job": {**rewritten("service", JOB, chance), "ID": stack.name}}
    write(stack, json.dumps(in_another_order), ", json=True")
    assert stack.preview().unchanged
    write(stack, hcl(stack.name, "service", JOB, chance), "")
    assert stack.preview().unchanged

    for path, value, line in CHANGES:
        changed = json.loads(json.dumps(as_json))
        holder = changed
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = value
        write(stack, json.dumps(changed), ", json=True")
        assert shown(stack.preview().text) == [line]
    # A change that Nomad's own diff does not show is registered, and then there is none left.
    stack.up()
    assert stack.nomad.job(stack.name)["Spreads"][0]["SpreadTarget"][0]["Percent"] == 40
    assert unknown(inspected(stack)) == []
    assert stack.up().unchanged


def test_misspelt_keys_are_told_all_at_once_and_nothing_is_registered(stack: Stack) -> None:
    spec = job(stack.name, "service", Resuorces={"CPU": 20}, Enviroment={"A": "1"})
    spec["TaskGroups"][0]["Cuont"] = 0
    one_job(stack, spec)

    failed = stack.preview(check=False)
    assert failed.code != 0
    assert '"TaskGroups[0].Cuont" is not a key of Nomad' in failed.text
    assert 'Did you mean "Count"?' in failed.text
    assert '"TaskGroups[0].Tasks[0].Resuorces" is not a key of Nomad' in failed.text
    assert '"TaskGroups[0].Tasks[0].Enviroment" is not a key of Nomad' in failed.text
    assert stack.nomad.job(stack.name) is None

    with_escape = stack.preview(CARAVAN_NOMAD_KEYS="Cuont,Resuorces,Enviroment")
    assert with_escape.steps["j"] == "create"


VARIABLES = """
variable "count" { type = number }
variable "datacenters" { type = list(string) }
variable "settings" {
  type = object({ level = string, on = bool, sizes = map(number) })
}
variable "enabled" { type = bool }
variable "untyped" {}
variable "password" { type = string }
job "NAME" {
  datacenters = var.datacenters
  group "g" {
    count = var.count
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/sleep"
        args    = ["600"]
      }
      env {
        LEVEL    = var.settings.level
        ON       = var.settings.on
        SMALL    = var.settings.sizes["small"]
        ENABLED  = var.enabled
        UNTYPED  = var.untyped
        PASSWORD = var.password
      }
    }
  }
}
"""


def test_variables_of_any_type_from_outputs_and_secrets_among_them(stack: Stack) -> None:
    secret = "correct-horse-battery"

    def with_password(password: str) -> None:
        values = (
            "{'count': pulumi.Output.from_input(0), "
            "'datacenters': pulumi.Output.json_dumps([pulumi.Output.from_input('dc1')]), "
            "'settings': pulumi.Output.json_dumps({'level': 'a ${b}', 'on': True, 'sizes': {'small': 3}}), "
            f"'enabled': False, 'untyped': 'as it is', 'password': pulumi.Output.secret({password!r})}}"
        )
        write(stack, VARIABLES.replace("NAME", stack.name), f", hcl2={{'vars': {values}}}")

    with_password(secret)
    stack.preview()
    stack.up()
    assert stack.nomad.job(stack.name)["TaskGroups"][0]["Tasks"][0]["Env"] == {
        "LEVEL": "a ${b}",
        "ON": "true",
        "SMALL": "3",
        "ENABLED": "false",
        "UNTYPED": "as it is",
        "PASSWORD": secret,
    }
    assert stack.preview().unchanged

    with_password(secret + "-2")
    assert "group g, task t: Env[PASSWORD] [secret] → [secret]" in stack.preview().text
    stack.up()
    assert secret not in "\n".join(stack.history)


def test_counts_of_an_autoscaler_are_left_alone(stack: Stack) -> None:
    def scaled(greeting: str) -> None:
        spec = job(stack.name, "service", Env={"GREETING": greeting})
        spec["TaskGroups"][0] |= {"Count": 1, "Scaling": {"Enabled": True, "Min": 1, "Max": 3}}
        one_job(stack, spec)

    scaled("one")
    stack.up()
    body = {"Count": 2, "Target": {"Group": "g"}, "Message": "more load"}
    stack.nomad.call("POST", f"/v1/job/{stack.name}/scale", body)

    assert stack.up().unchanged
    assert stack.nomad.job(stack.name)["TaskGroups"][0]["Count"] == 2
    scaled("two")
    assert shown(stack.preview().text) == ['group g, task t: Env[GREETING] "one" → "two"']
    stack.up()
    assert stack.nomad.job(stack.name)["TaskGroups"][0]["Count"] == 2
    stack.refresh()
    assert stack.preview().unchanged
