"""Least rights: the policies of docs/policies are enough, each right in them is needed, and a missing one is named."""

import json
import re
import sys

import pytest

from tests.cluster.programs import use
from tests.cluster.project import Project
from tests.faults.policies import capabilities, policy, without
from tests.faults.secured import Secured
from tests.faults.services import SERVER
from tests.observation import Observation
from tests.quick_engine.stack import Result, Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

PLANTED = "planted-in-a-variable"
EXPIRES_S = 30.0
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


def deploys(target: Project | Stack, command: list[str], protocol: str = "http", health_check: str = "checks") -> None:
    """A stack with a job, its secret, and in Consul a config entry, intentions and keys."""
    name = target.name
    program = (
        f"variable = nomad.Variable('variable', path='nomad/jobs/{name}', items={{'TOKEN': {PLANTED!r}}})\n"
        f"nomad.Job('job', jobspec={hcl(name, command, health_check)!r}, purge_on_destroy=True,"
        " opts=pulumi.ResourceOptions(depends_on=[variable]))\n"
        f"consul.Keys('keys', keys=[{{'path': '{name}/limit', 'value': '10', 'delete': True}}])\n"
        f"defaults = consul.ConfigEntryServiceDefaults('defaults', name={name!r}, protocol={protocol!r}, exposes=[])\n"
        f"consul.ConfigEntryServiceIntentions('intentions', name={name!r},"
        " sources=[consul.ConfigEntryServiceIntentionsSourceArgs(name='front', action='allow')],"
        " opts=pulumi.ResourceOptions(depends_on=[defaults]))\n"
    )
    if isinstance(target, Stack):
        target.write(program)
    else:
        use(target, f"import pulumi_consul as consul\n{program}")


def as_holder_of(target: Project | Stack, cluster: Secured, nomad: str, consul: str) -> None:
    """From now on the commands have tokens with just these policies."""
    target.environment |= {
        "NOMAD_TOKEN": cluster.nomad_token_for(nomad),
        "CONSUL_HTTP_TOKEN": cluster.consul_token_for(consul),
    }


def test_the_policies_are_enough(guarded_stack: Stack, secured: Secured) -> None:
    stack, name = guarded_stack, guarded_stack.name
    as_holder_of(stack, secured, policy("nomad-deploy"), policy("consul-deploy", name))
    deploys(stack, serving("one"))
    assert "will be refused" not in stack.preview().text + stack.up().text
    assert len(stack.consul.healthy(f"{name}-web")) == 1

    deploys(stack, NO_DATABASE)
    failed = stack.up(check=False)
    assert failed.code != 0
    assert "exit code 3" in failed.text.lower()
    assert "    no database" in failed.text
    assert re.search(r"its deployment was ended at once|Failed due to unhealthy allocations", failed.text)
    assert "Nomad went back to version 0" in failed.text

    deploys(stack, serving("two"), protocol="http2")
    stack.up()
    stack.refresh()
    stack.forget("job")
    stack.import_("nomad:index/job:Job", "job", name)
    # An import knows nothing of what becomes of the job in the end, which is an input of the program.
    stack.up()

    version = stack.nomad.job(name)["Version"]
    # Who only previews needs less, can do nothing more, and is told so.
    as_holder_of(stack, secured, policy("nomad-preview"), policy("consul-preview", name))
    assert stack.preview().unchanged
    stack.refresh()
    deploys(stack, serving("three"), protocol="tcp")
    preview = stack.preview()
    assert "1 canary, 1 ignore" in preview.text
    for missing in ('register-job (or submit-job) in namespace "default"', f'service "{name}" {{ policy = "write" }}'):
        assert missing in preview.text
    assert preview.text.count("`pulumi up` will be refused") == 2
    deploys(stack, serving("three"), protocol="http2")
    fails(stack.up(check=False), "register-job")
    assert stack.nomad.job(name)["Version"] == version

    as_holder_of(stack, secured, policy("nomad-deploy"), policy("consul-deploy", name))
    stack.destroy()
    assert stack.nomad.job(name) is None
    assert stack.nomad.call("GET", f"/v1/var/nomad%2Fjobs%2F{name}") is None
    assert stack.consul.call("GET", f"/v1/kv/{name}/limit") is None
    assert PLANTED not in "\n".join(stack.history)


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


def weakened(target: Project | Stack, cluster: Secured, *rights: str) -> None:
    """From now on the commands have tokens with all rights but these."""
    policies = {"nomad-deploy": policy("nomad-deploy"), "consul-deploy": policy("consul-deploy", target.name)}
    for right in rights:
        of = "nomad-deploy" if right in capabilities(policies["nomad-deploy"]) else "consul-deploy"
        policies[of] = without(policies[of], right)
    as_holder_of(target, cluster, policies["nomad-deploy"], policies["consul-deploy"])


def fails(result: Result, *sentences: str) -> None:
    assert result.code != 0, result.text
    for sentence in sentences:
        assert sentence in result.text


@pytest.mark.fault(24, "each right of the policies taken away")
def test_a_missing_right_is_named(guarded_stack: Stack, secured: Secured, seen: Observation) -> None:
    """Each in a preview: of the rights to read none is left that is not told, and of those to write most are."""
    deploys(guarded_stack, serving("one"))
    for right, sentence in BEFORE_ANYTHING.items():
        weakened(guarded_stack, secured, right)
        preview = guarded_stack.preview(check=False)
        seen.reads(preview.text, sentence.replace("NAME", guarded_stack.name))
        seen.tries = len(BEFORE_ANYTHING)
        assert "docs/security.md lists what deploying needs" in preview.text
        for variable in ("NOMAD_TOKEN", "CONSUL_HTTP_TOKEN"):
            assert str(guarded_stack.environment[variable]) not in preview.text


@pytest.mark.fault(24, "a right that is missing and an unknown token, through the CLI")
def test_what_the_cli_shows_of_a_token(guarded: Project, secured: Secured, seen: Observation) -> None:
    deploys(guarded, serving("one"))
    weakened(guarded, secured, "read-job")
    refused = guarded.preview(check=False)
    assert refused.code != 0
    seen.reads(refused.diagnostics, BEFORE_ANYTHING["read-job"])
    assert guarded.environment["NOMAD_TOKEN"] not in refused.text

    unknown = "00000000-0000-0000-0000-000000000000"
    refused = guarded.preview(check=False, NOMAD_TOKEN=unknown)
    assert refused.code != 0
    assert "Nomad does not know the token in NOMAD_TOKEN" in refused.diagnostics
    assert unknown not in refused.text


def test_a_right_that_is_missed_on_the_way(guarded_stack: Stack, secured: Secured) -> None:
    """Those that no preview can ask for: they are needed only if something fails, or when the stack is destroyed."""
    stack, name = guarded_stack, guarded_stack.name
    deploys(stack, serving("one"))
    weakened(stack, secured, "write")
    fails(stack.up(check=False), f'the capability write on the variables path "nomad/jobs/{name}"')
    assert stack.nomad.job(name) is None

    weakened(stack, secured, "fail-deployment", "read-logs")
    stack.up()
    deploys(stack, ["/no/such/program"], health_check="manual")
    failed = stack.up(check=False)
    fails(failed, "Nomad went back to version 0")
    # Nomad may be the first to end it; then nothing was lacking.
    if "Failed due to unhealthy allocations" not in failed.text:
        fails(failed, "Its deployment could not be ended at once", "the capability fail-deployment (or submit-job)")
    deploys(stack, NO_DATABASE)
    fails(stack.up(check=False), "cannot be shown", "the capability read-logs")
    assert len(stack.consul.healthy(f"{name}-web")) == 1

    weakened(stack, secured, "deregister-job", "purge-job")
    deploys(stack, serving("one"))
    stack.up()
    fails(stack.destroy(check=False), "the capability deregister-job (or submit-job)")
    assert len(stack.consul.healthy(f"{name}-web")) == 1

    weakened(stack, secured, "purge-job", "destroy")
    fails(stack.destroy(check=False), "the capability purge-job (or submit-job)")
    weakened(stack, secured, "destroy")
    fails(stack.destroy(check=False), f'the capability destroy on the variables path "nomad/jobs/{name}"')


@pytest.mark.fault(24, "no token, an unknown one, one that has expired")
def test_a_token_that_does_not_count_is_told_from_one_that_may_not(
    guarded_stack: Stack, secured: Secured, seen: Observation
) -> None:
    stack = guarded_stack
    deploys(stack, serving("one"))
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
        refused = refused_by(stack, variable, token, sentence)
        seen.reads(refused, sentence)
        assert not token or token not in refused
    assert stack.nomad.job(stack.name) is None


def refused_by(stack: Stack, variable: str, token: str, sentence: str) -> str:
    """What previews with this token say in the end: one that expires counts for a moment still."""
    said = ""

    def refused() -> bool:
        nonlocal said
        result = stack.preview(check=False, **{variable: token})
        said = result.text
        return result.code != 0 and sentence in said

    assert wait_until(refused, EXPIRES_S), said
    return said
