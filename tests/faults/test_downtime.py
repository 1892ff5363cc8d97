"""Changes that would take a service down: said before they are made and while they are, refused where that is asked."""

import json
import re
import sys
from typing import Any

import pytest

from tests.cluster.load import Load
from tests.faults.services import SERVER, declared, service
from tests.observation import Observation
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster


PLAIN = """
job "NAME" {
  group "web" {
    shutdown_delay = "2s"
    network {
      port "http" {}
    }
    service {
      name = "NAME"
      port = "http"
    }
    task "server" {
      driver = "raw_exec"
      config {
        command = "PYTHON"
        args    = ["SERVER", "${NOMAD_PORT_http}", "GREETING"]
      }
      resources {
        cpu    = 20
        memory = 32
      }
    }
  }
}
"""
"""As most first jobs are: no update block, no check."""


def plain(stack: Stack, greeting: str, **additions: str) -> str:
    """The line of a program that declares PLAIN; `additions` are put into its blocks of that name."""
    text = PLAIN.replace("NAME", stack.name).replace("PYTHON", sys.executable).replace("SERVER", str(SERVER))
    text = text.replace("GREETING", greeting)
    for block, added in additions.items():
        before, opening, after = re.split(rf"(\n *{block}\b[^\n]*\{{\n)", text, maxsplit=1)
        text = f"{before}{opening}{added}\n{after}"
    return f"nomad.Job({stack.name!r}, jobspec={text!r}, purge_on_destroy=True)"


@pytest.mark.fault(31, "its first job, as it is")
def test_what_takes_the_service_down_is_said_with_what_makes_it_safe(stack: Stack, seen: Observation) -> None:
    """Findings F5, RW-20: the update said nothing, and the preview not what to add."""
    stack.write(plain(stack, "one"))
    stack.up()
    stack.write(plain(stack, "two"))
    told = f'job "{stack.name}", group web: instances are replaced 1 at a time, each stopped before its successor'
    shown = stack.preview().text
    assert told in shown
    seen.reads(shown, "0 keep serving meanwhile")

    update = re.search(r"\n  update \{\n(?:    .*\n)+  \}", shown)
    check = re.search(r"\n  check \{\n(?:    .*\n)+  \}", shown)
    assert update, shown
    assert check, shown
    assert told in stack.up().text

    # What the preview has printed, put where it says.
    stack.write(plain(stack, "two", group=update[0], service=check[0].replace('path     = "/"', 'path = "/health"')))
    stack.up()
    stack.write(plain(stack, "three", group=update[0], service=check[0].replace('path     = "/"', 'path = "/health"')))
    assert "keeps serving until 1 canary is healthy" in stack.preview().text
    with Load(stack.consul, stack.name) as load:
        assert "stopped before" not in stack.up().text
        load.goes_on()
    load.lost_none()
    assert load.answers == {"two", "three"}


@pytest.mark.fault(31, "nomad:refuseDowntime, under load")
def test_what_takes_the_service_down_is_refused_where_that_is_asked(stack: Stack, seen: Observation) -> None:
    stack.config["nomad:refuseDowntime"] = "true"
    stack.write(plain(stack, "one"))
    stack.up()
    stack.write(plain(stack, "two"))

    with Load(stack.consul, stack.name) as load:
        refused = stack.preview(check=False)
        assert refused.code != 0
        seen.reads(refused.text, "nomad:refuseDowntime refuses such a change")
        assert "canary       = 1" in refused.text
        assert stack.up(check=False).code != 0
        load.goes_on()
    load.lost_none()
    assert stack.nomad.job(stack.name)["Version"] == 0

    stack.config["nomad:refuseDowntime"] = json.dumps(["another"])
    stack.up()
    assert stack.nomad.job(stack.name)["Version"] == 1


@pytest.mark.fault(31, "nomad:refuseDowntime, of a service that is down already")
def test_what_is_down_already_can_be_repaired(stack: Stack) -> None:
    stack.config["nomad:refuseDowntime"] = json.dumps([stack.name])

    def version(greeting: str, **task: Any) -> str:
        spec = service(stack.name, greeting, **task)
        spec["TaskGroups"][0]["Update"] |= {"Canary": 0, "AutoPromote": False}
        return declared(spec)

    stack.write(version("one", Env={"CRASH_AFTER_S": "0.2"}))
    assert stack.up(check=False).code != 0
    stack.write(version("two"))
    stack.up()
    assert len(stack.consul.healthy(stack.name)) == 1
