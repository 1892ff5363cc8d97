"""Least rights: the policies of docs/policies are enough, each right in them is needed, and a missing one is named."""

import json
import re
import sys

import pytest

from tests.cluster.programs import use
from tests.cluster.project import Project, Result
from tests.faults.policies import capabilities, policy, without
from tests.faults.secured import Secured
from tests.faults.services import SERVER
from tests.observation import Observation

pytestmark = pytest.mark.cluster

PLANTED = "planted-in-a-variable"
NO_DATABASE = ["/bin/sh", "-c", "echo no database; exit 3"]


def hcl(name: str, command: list[str], health_check: str) -> str:
    """A service with a check, a canary and a secret from its variable, on the driver that the secured cluster has."""
    return f"""
job "{name}" {{
  group "web" {{
    network {{
      port "http" {{}}
    }}
    update {{
      health_check      = "{health_check}"
      canary            = 1
      auto_promote      = true
      auto_revert       = true
      min_healthy_time  = "1s"
      healthy_deadline  = "15s"
      progress_deadline = "20s"
    }}
    restart {{
      attempts = 0
      mode     = "fail"
    }}
    reschedule {{
      attempts  = 0
      unlimited = false
    }}
    service {{
      name     = "{name}-web"
      port     = "http"
      check {{
        type     = "http"
        path     = "/health"
        interval = "1s"
        timeout  = "3s"
      }}
    }}
    task "server" {{
      driver = "raw_exec"
      config {{
        command = {json.dumps(command[0])}
        args    = {json.dumps(command[1:])}
      }}
      template {{
        data        = "{{{{ with nomadVar \\"nomad/jobs/{name}\\" }}}}TOKEN={{{{ .TOKEN }}}}{{{{ end }}}}"
        destination = "secrets/env"
        env         = true
      }}
      resources {{
        cpu    = 20
        memory = 32
      }}
    }}
  }}
}}
"""


def serving(greeting: str) -> list[str]:
    return [sys.executable, str(SERVER), "${NOMAD_PORT_http}", greeting]


def deploys(project: Project, command: list[str], protocol: str = "http", health_check: str = "checks") -> None:
    """A stack with a job, its secret, and in Consul a config entry, intentions and keys."""
    name = project.name
    use(
        project,
        "import pulumi_consul as consul\n"
        f"variable = nomad.Variable('variable', path='nomad/jobs/{name}', items={{'TOKEN': {PLANTED!r}}})\n"
        f"nomad.Job('job', jobspec={hcl(name, command, health_check)!r}, purge_on_destroy=True,"
        " opts=pulumi.ResourceOptions(depends_on=[variable]))\n"
        f"consul.Keys('keys', keys=[{{'path': '{name}/limit', 'value': '10', 'delete': True}}])\n"
        f"defaults = consul.ConfigEntryServiceDefaults('defaults', name={name!r}, protocol={protocol!r}, exposes=[])\n"
        f"consul.ConfigEntryServiceIntentions('intentions', name={name!r},"
        " sources=[consul.ConfigEntryServiceIntentionsSourceArgs(name='front', action='allow')],"
        " opts=pulumi.ResourceOptions(depends_on=[defaults]))\n",
    )


def as_holder_of(project: Project, cluster: Secured, nomad: str, consul: str) -> None:
    """From now on the project's commands have tokens with just these policies."""
    project.environment["NOMAD_TOKEN"] = cluster.nomad_token_for(nomad)
    project.environment["CONSUL_HTTP_TOKEN"] = cluster.consul_token_for(consul)


def test_the_policies_are_enough(guarded: Project, secured: Secured) -> None:
    name = guarded.name
    as_holder_of(guarded, secured, policy("nomad-deploy"), policy("consul-deploy", name))
    deploys(guarded, serving("one"))
    shown = guarded.preview().text + guarded.up().text
    assert "will be refused" not in shown
    assert len(guarded.consul.healthy(f"{name}-web")) == 1

    deploys(guarded, NO_DATABASE)
    failed = guarded.up(check=False)
    assert failed.code != 0
    assert "exit code 3" in failed.diagnostics.lower()
    assert "    no database" in failed.diagnostics
    assert re.search(r"its deployment was ended at once|Failed due to unhealthy allocations", failed.diagnostics)
    assert "Nomad went back to version 0" in failed.diagnostics

    deploys(guarded, serving("two"), protocol="http2")
    shown += failed.text + guarded.up().text + guarded.run("refresh", "--yes").text

    guarded.run("state", "delete", "urn:pulumi:dev::caravan::nomad:index/job:Job::job", "--yes")
    shown += guarded.run("import", "nomad:index/job:Job", "job", name, "--yes", "--protect=false").text
    # An import knows nothing of what becomes of the job in the end, which is an input of the program.
    shown += guarded.up().text

    version = guarded.nomad.job(name)["Version"]
    # Who only previews needs less, can do nothing more, and is told so.
    as_holder_of(guarded, secured, policy("nomad-preview"), policy("consul-preview", name))
    guarded.preview("--expect-no-changes")
    guarded.run("refresh", "--yes")
    deploys(guarded, serving("three"), protocol="tcp")
    preview = guarded.preview()
    assert "1 canary, 1 ignore" in preview.text
    for missing in ('register-job (or submit-job) in namespace "default"', f'service "{name}" {{ policy = "write" }}'):
        assert missing in preview.diagnostics
    assert preview.diagnostics.count("`pulumi up` will be refused") == 2
    refused = guarded.up("--skip-preview", "--continue-on-error", check=False)
    assert refused.code != 0
    assert "register-job" in refused.text
    assert guarded.nomad.job(name)["Version"] == version

    as_holder_of(guarded, secured, policy("nomad-deploy"), policy("consul-deploy", name))
    shown += preview.text + refused.text + guarded.run("destroy", "--yes").text
    assert guarded.nomad.job(name) is None
    assert guarded.nomad.call("GET", f"/v1/var/nomad%2Fjobs%2F{name}") is None
    assert guarded.consul.call("GET", f"/v1/kv/{name}/limit") is None
    assert PLANTED not in shown


BEFORE_ANYTHING = {
    "parse-job": 'the capability parse-job in namespace "default"',
    "read-job": 'the capability read-job in namespace "default"',
    "plan-job": 'the capability plan-job (or submit-job) in namespace "default"',
    "register-job": "`pulumi up` will be refused",
    "read": 'the capability read on the variables path "nomad/jobs/NAME"',
    "node_prefix": 'node_prefix "" { policy = "read" }',
    "service_prefix": 'service "NAME-web" { policy = "read" }',
    "policy     =": 'service "NAME" { policy = "write" }',
    "intentions =": 'service "NAME" { intentions = "write" }',
    "key_prefix": "lacks permission 'key:read' on \"NAME/limit\"",
}


@pytest.mark.fault(24, "each right of the policies taken away")
def test_a_missing_right_is_named(guarded: Project, secured: Secured, seen: Observation) -> None:
    """Each in a preview: of the rights to read none is left that is not told, and of those to write most are."""
    deploys(guarded, serving("one"))
    for right, sentence in BEFORE_ANYTHING.items():
        weak_at_nomad = right in capabilities(policy("nomad-deploy"))
        nomad, consul = policy("nomad-deploy"), policy("consul-deploy", guarded.name)
        as_holder_of(
            guarded,
            secured,
            without(nomad, right) if weak_at_nomad else nomad,
            consul if weak_at_nomad else without(consul, right),
        )
        preview = guarded.preview(check=False)
        seen.reads(preview.diagnostics, sentence.replace("NAME", guarded.name))
        seen.tries = len(BEFORE_ANYTHING)
        assert "docs/security.md lists what deploying needs" in preview.diagnostics
        assert guarded.environment["NOMAD_TOKEN"] not in preview.text
        assert guarded.environment["CONSUL_HTTP_TOKEN"] not in preview.text


def weakened(project: Project, cluster: Secured, *rights: str) -> None:
    nomad = policy("nomad-deploy")
    for right in rights:
        nomad = without(nomad, right)
    as_holder_of(project, cluster, nomad, policy("consul-deploy", project.name))


def fails(result: Result, *sentences: str) -> None:
    assert result.code != 0, result.text
    for sentence in sentences:
        assert sentence in result.diagnostics, result.text


def test_a_right_that_is_missed_on_the_way(guarded: Project, secured: Secured) -> None:
    """Those that no preview can ask for: they are needed only if something fails, or when the stack is destroyed."""
    name = guarded.name
    deploys(guarded, serving("one"))
    weakened(guarded, secured, "write")
    fails(guarded.up(check=False), f'the capability write on the variables path "nomad/jobs/{name}"')
    assert guarded.nomad.job(name) is None

    weakened(guarded, secured, "fail-deployment", "read-logs")
    guarded.up()
    # With health by hand Nomad itself does not end the deployment before the deadline.
    deploys(guarded, ["/no/such/program"], health_check="manual")
    fails(
        guarded.up(check=False),
        "Its deployment could not be ended at once",
        "the capability fail-deployment (or submit-job)",
        "Nomad went back to version 0",
    )
    deploys(guarded, NO_DATABASE)
    fails(guarded.up(check=False), "cannot be shown", "the capability read-logs")
    assert len(guarded.consul.healthy(f"{name}-web")) == 1

    weakened(guarded, secured, "deregister-job", "purge-job")
    deploys(guarded, serving("one"))
    guarded.up()
    fails(guarded.run("destroy", "--yes", check=False), "the capability deregister-job (or submit-job)")
    assert len(guarded.consul.healthy(f"{name}-web")) == 1

    weakened(guarded, secured, "purge-job", "destroy")
    fails(guarded.run("destroy", "--yes", check=False), "the capability purge-job (or submit-job)")
    weakened(guarded, secured, "destroy")
    fails(
        guarded.run("destroy", "--yes", check=False),
        f'the capability destroy on the variables path "nomad/jobs/{name}"',
    )


@pytest.mark.fault(24, "no token, an unknown one, one that has expired")
def test_a_token_that_does_not_count_is_told_from_one_that_may_not(
    guarded: Project, secured: Secured, seen: Observation
) -> None:
    deploys(guarded, serving("one"))
    expired = secured.nomad_token_for(policy("nomad-deploy"), ExpirationTTL="1s")
    tokens = {
        ("NOMAD_TOKEN", ""): "No token is given.",
        ("NOMAD_TOKEN", "00000000-0000-0000-0000-000000000000"): "Nomad does not know the token in NOMAD_TOKEN",
        ("NOMAD_TOKEN", "not a token"): "Nomad does not know the token in NOMAD_TOKEN",
        ("CONSUL_HTTP_TOKEN", ""): "key:read",
        ("CONSUL_HTTP_TOKEN", "00000000-0000-0000-0000-000000000000"): "Consul does not know the token in CONSUL_HTTP_",
        ("NOMAD_TOKEN", expired): "or it has expired. Take a new one.",
    }
    for (variable, token), sentence in tokens.items():
        refused = guarded.preview(check=False, **{variable: token})
        fails(refused)
        seen.reads(refused.diagnostics, sentence)
        assert not token or token not in refused.text
    assert guarded.nomad.job(guarded.name) is None
