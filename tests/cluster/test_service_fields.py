"""What the fields of service.yaml do on a cluster."""

import copy
import hashlib
import json
import re
import subprocess
import sys
import urllib.request
from typing import Any

import pytest
import yaml

from tests.cluster.load import Load
from tests.cluster.project import Project
from tests.ports import free_ports
from tests.quick_engine.services import StackServices
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

SECRET = 'sown-in-a-file "secret" #1 {{ with }} ${HOME} \\n\nsecond line <&>'
TEXT = "greeting = \"{{ .Name }}\" [[ x ]]\n'single' ${HOME} ${NOMAD_ALLOC_ID} %{ if } \\ \t é\n"
CHECK = """
import hashlib, os
def same(text, digest):
    assert hashlib.sha256(text.encode()).hexdigest() == digest, text
same(open("/local/app.conf", encoding="utf-8").read(), TEXT)
same(os.environ["API_TOKEN"], SECRET)
same(open(os.environ["TLS_KEY_FILE"]).read(), SECRET)
assert open("/alloc/prepared").read() == "by the init task"
assert os.path.ismount("/scratch")
open("/scratch/written", "w").close()
"""


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write(project: Project, name: str, service: dict[str, Any]) -> None:
    """A service.yaml, in place of the example's; JSON, which is YAML without aliases."""
    folder = project.folder / "services" / name
    folder.mkdir(exist_ok=True)
    (folder / "service.yaml").write_text(json.dumps({"version": "1.0.0", **service}))


def group(project: Project) -> Any:
    return project.nomad.job(project.name)["TaskGroups"][0]


def set_secrets(project: Project, **values: str) -> None:
    path = f"caravan:secrets.{project.name}"
    given = (("--secret", f"{path}.{name}={value}") for name, value in values.items())
    project.run("config", "set-all", "--path", *(part for pair in given for part in pair))


def everything_that_others_can_read(project: Project) -> str:
    allocations = project.nomad.call("GET", f"/v1/job/{project.name}/allocations")
    parts = [
        json.dumps(project.nomad.job(project.name)),
        json.dumps(project.nomad.call("GET", f"/v1/job/{project.name}/versions")),
        *(json.dumps(project.nomad.call("GET", f"/v1/allocation/{allocation['ID']}")) for allocation in allocations),
        subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout,
        *(path.read_text() for path in (project.folder / "stacks").iterdir()),
        *(path.read_text(errors="replace") for path in (project.folder / "state").rglob("*") if path.is_file()),
    ]
    return "\n".join(parts)


def test_files_secrets_and_tasks_arrive_and_no_secret_is_readable(project: Project) -> None:
    """The script check passes only if everything that the process is given is what was written."""
    check = CHECK.replace("TEXT", repr(digest(TEXT))).replace("SECRET", repr(digest(SECRET)))
    prepare = "open('/alloc/prepared', 'w').write('by the init task')"
    small = {"cpu_mhz": 20, "memory_mb": 32}
    (project.service / "app.conf").write_text(TEXT, encoding="utf-8")
    write(
        project,
        project.name,
        {
            "ports": {"http": {"to": 3000}},
            "checks": {
                "ready": {"path": "/health", "interval_s": 1},
                "given": {"type": "script", "command": "python3", "args": ["-c", check], "interval_s": 2},
            },
            "secrets": {"API_TOKEN": None, "TLS_KEY": {"file": "tls/key.pem"}},
            "files": {"local/app.conf": {"source": "app.conf"}},
            "volumes": {"scratch": {"type": "ephemeral", "mount": "/scratch"}},
            "tasks": {
                "prepare": {"command": "python3", "args": ["-c", prepare], "resources": small},
                "beside": {"command": "sleep", "args": ["600"], "sidecar": True, "resources": small},
            },
        },
    )
    project.override({"check": None})
    refused = project.preview(check=False)
    assert "has no value in this stack" in refused.text, refused.text
    set_secrets(project, API_TOKEN=SECRET, TLS_KEY=SECRET)

    # With the preview before it.
    shown = project.up("--diff").text

    assert len(project.consul.healthy(project.name)) == 1
    allocation = project.nomad.running(project.name)[0]
    states = {name: state["State"] for name, state in allocation["TaskStates"].items()}
    assert states == {project.name: "running", "prepare": "dead", "beside": "running"}
    shown += everything_that_others_can_read(project)
    for form in (SECRET, json.dumps(SECRET)[1:-1], "sown-in-a-file"):
        assert form not in shown
    assert re.search(r"Resources:\n\s+\d+ unchanged\n", project.preview().text)


def test_a_rotated_secret_previews_as_its_service_and_goes_through_a_canary(project: Project) -> None:
    write(project, project.name, {"ports": {"http": {"to": 3000}}, "secrets": {"GREETING": None}})
    project.edit('f"Hello from', "f\"{os.environ['GREETING']} from")
    set_secrets(project, GREETING="first-value")
    project.up("--skip-preview")
    set_secrets(project, GREETING="second-value")

    # With the preview before it.
    with Load(project.consul, project.name) as load:
        up = project.up()
    load.lost_none()
    lines = up.block(f'job "{project.name}", version 0 in Nomad now:').splitlines()
    assert "the values of its secrets" in lines[1]
    assert f"scheduler: group {project.name}: 1 canary, 1 ignore" in up.text
    assert re.search(r"Resources:\n\s+~ 2 to update\n", up.text), up.text
    assert {answer.partition(" ")[0] for answer in load.answers} == {"first-value", "second-value"}
    assert "-value" not in up.text + everything_that_others_can_read(project)


def raw_exec(command: str, *args: str, **more: Any) -> dict[str, Any]:
    return {"driver": "raw_exec", "command": command, "args": list(args), **more}


SERVE = ("-m", "http.server", "${PORT}", "--bind", "${NOMAD_IP_http}", "--directory", "${NOMAD_TASK_DIR}")


def read(address: str, path: str) -> str:
    with urllib.request.urlopen(f"http://{address}/{path}", timeout=10) as response:
        text: str = response.read().decode()
    return text


def described(stack: Stack, service: dict[str, Any], **override: Any) -> StackServices:
    """One service of the stack's name, as its service.yaml says and with what the stack changes."""
    services = StackServices(stack, "")
    services.written[stack.name] = {"version": "1.0.0", **service}
    services.overrides[stack.name] = override
    services.write()
    return services


RUNS_ONCE: dict[str, Any] = {"check": None, "rollout": {"health_check": "task_states"}}
KINDS: dict[str, dict[str, Any]] = {
    "batch": {"type": "batch"},
    "periodic": {"type": "batch", "periodic": {"crons": ["0 3 1 1 *"]}},
    "parameterized": {"type": "batch", "parameterized": {"meta_required": ["customer"]}},
    "system": {"type": "system", "args": ["600"], "command": "/bin/sleep"},
    "sysbatch": {"type": "sysbatch"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_of_job_is_deployed_and_then_unchanged(stack: Stack, kind: str) -> None:
    described(stack, {**raw_exec("/bin/true"), **KINDS[kind]}, **(RUNS_ONCE if kind == "system" else {"check": None}))

    stack.up()

    assert stack.nomad.job(stack.name)["Type"] == KINDS[kind]["type"]
    if kind in ("batch", "sysbatch"):
        (allocation,) = stack.nomad.call("GET", f"/v1/job/{stack.name}/allocations")
        assert allocation["ClientStatus"] == "complete"
    assert stack.up().unchanged


def test_a_new_version_of_a_system_job_replaces_the_old_one(stack: Stack) -> None:
    system = raw_exec("/bin/sleep", "600", type="system")
    services = described(stack, system, **RUNS_ONCE)
    stack.up()
    services.overrides[stack.name] = {**RUNS_ONCE, "env": {"LEVEL": "debug"}}
    services.write()

    stack.up()

    (allocation,) = stack.nomad.running(stack.name)
    assert allocation["JobVersion"] == 1
    assert stack.preview().unchanged


def test_arguments_reach_a_process_as_they_are_written(stack: Stack) -> None:
    plain = ["${HOME}", "${HOME:-x}", "%{ if x }", "$$", "$${HOME}", "\"quoted\" 'too' \\ \n", "{{ x }}", "${", "100%"]
    dump = "import json, os, sys; json.dump(sys.argv[1:], open(os.environ['NOMAD_TASK_DIR'] + '/argv', 'w'))"
    batch = raw_exec(sys.executable, "-c", dump, *plain, "${LEVEL}", type="batch", env={"LEVEL": "debug"})
    described(stack, batch, check=None)

    stack.up()

    (allocation,) = stack.nomad.call("GET", f"/v1/job/{stack.name}/allocations")
    found = stack.nomad.call("GET", f"/v1/client/fs/cat/{allocation['ID']}?path={stack.name}/local/argv")
    assert found == [*plain, "debug"]


def test_a_process_without_a_container_serves_on_a_static_port(stack: Stack) -> None:
    [port] = free_ports(1)
    served = raw_exec(sys.executable, *SERVE, ports={"http": {"static": port}})
    described(stack, served, check={"path": "/"}, rollout={"canary": 0})

    stack.up()

    (address,) = stack.consul.healthy(stack.name)
    assert address.endswith(f":{port}")
    assert "Directory listing" in read(address, "")


def test_a_caller_finds_the_healthy_instances_of_what_it_calls(project: Project) -> None:
    callee = f"{project.name[:40]}-callee"
    served = raw_exec(sys.executable, *SERVE, ports={"http": {}})
    write(project, callee, served)
    delivered = {callee: None, "not-there": {"deliver": "env"}, "consul": {"deliver": "env"}}
    write(project, project.name, {**served, "calls": delivered})
    project.override({"check": {"path": "/"}})
    stack = project.folder / "stacks" / "Pulumi.dev.yaml"
    written = yaml.safe_load(stack.read_text())
    services = written["config"]["caravan:services"]
    services[callee] = copy.deepcopy(services[project.name])
    written["config"]["caravan:external_services"] = {"not-there": {}, "consul": {}}
    stack.write_text(yaml.safe_dump(written))

    project.up("--skip-preview")

    (address,) = project.consul.healthy(project.name)
    assert read(address, f"calls/{callee}").splitlines() == [f"http://{it}" for it in project.consul.healthy(callee)]
    assert read(address, "calls/not-there.env") == "NOT_THERE_URL=\n"
    assert re.fullmatch(r"CONSUL_URL=http://127\.0\.0\.1:\d+\n", read(address, "calls/consul.env"))

    services[callee] = {**services[callee], "count": 2}
    stack.write_text(yaml.safe_dump(written))
    before = {a["ID"] for a in project.nomad.running(project.name)}
    project.up("--skip-preview")
    addresses = sorted(f"http://{it}" for it in project.consul.healthy(callee))
    assert len(addresses) == 2
    assert wait_until(lambda: sorted(read(address, f"calls/{callee}").splitlines()) == addresses, timeout_s=60)
    assert {a["ID"] for a in project.nomad.running(project.name)} == before
