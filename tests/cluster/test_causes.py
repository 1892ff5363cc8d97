"""Every cause of a failure, from a real cluster to the words that the user reads."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.private_registry import private_registry
from tests.cluster.programs import job, one_job, use, write_job
from tests.cluster.project import Project, Result
from tests.observation import Observation
from tests.quick_engine.stack import Stack
from toolchain.cluster import Addresses

# One process: the jobs of one `up` are looked at by several tests.
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("causes")]

SECOND = 10**9
NOTHING = "127.0.0.1:9"
"""Discard: nobody listens there."""

ANSWERS_503 = """
import http.server as h
class No(h.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503); self.end_headers(); self.wfile.write(b"no database")
h.HTTPServer(("", PORT), No).serve_forever()
"""

# A tag that only the node knows: what is asked at preview cannot see it, so that the node meets the fault.
UNSEEN = {"Meta": {"tag": "1"}}
TAG = "${NOMAD_META_tag}"


def sh(script: str) -> dict[str, Any]:
    return {"Config": {"command": "/bin/sh", "args": ["-c", script]}}


def docker(image: str, *command: str, **more: Any) -> dict[str, Any]:
    config: dict[str, Any] = {"image": image, **more}
    if command:
        config |= {"command": command[0], "args": list(command[1:])}
    return {"Driver": "docker", "Config": config, **UNSEEN}


def checked(spec: dict[str, Any], to: int = 0) -> dict[str, Any]:
    """The job with a port and an HTTP check on it in Consul."""
    group = spec["TaskGroups"][0]
    group["Networks"] = [{"DynamicPorts": [{"Label": "http", **({"To": to} if to else {})}]}]
    check = {"Name": "up", "Type": "http", "Path": "/health", "Interval": SECOND, "Timeout": SECOND}
    group["Services"] = [{"Name": spec["ID"], "PortLabel": "http", "Provider": "consul", "Checks": [check]}]
    return spec


def fails_fast(spec: dict[str, Any], restarts: int = 0) -> dict[str, Any]:
    group = spec["TaskGroups"][0]
    group["RestartPolicy"] = {"Attempts": restarts, "Delay": SECOND // 2, "Interval": 300 * SECOND, "Mode": "fail"}
    group["ReschedulePolicy"] = {"Attempts": 0, "Unlimited": False}
    return spec


def met_by_the_node(prefix: str, base: str, registry: str, private: str) -> dict[str, dict[str, Any]]:
    """Jobs whose fault nobody can see before; by the name of the fault."""

    def service(name: str, **task: Any) -> dict[str, Any]:
        return fails_fast(job(f"{prefix}-{name}", "service", **task))

    def listening(name: str, port: int, to: int) -> dict[str, Any]:
        task = docker(base, "python3", "-c", ANSWERS_503.replace("PORT", str(port)), ports=["http"])
        return checked(service(name, **task, Resources={"CPU": 50, "MemoryMB": 64}), to)

    login = [{"username": "user", "password": "not-the-one"}]
    hog = "x = bytearray(300 << 20)\nimport time; time.sleep(60)"
    missing = f'{{{{ with nomadVar "nomad/jobs/{prefix}-template" }}}}{{{{ .key }}}}{{{{ end }}}}'
    return {
        "image-unknown": service("image-unknown", **docker(f"{registry}/nothing:{TAG}")),
        "registry-unreachable": service("registry-unreachable", **docker(f"{NOTHING}/nothing:{TAG}")),
        "credentials": service("credentials", **docker(f"{private}/nothing:{TAG}", auth=login)),
        "no-login": service("no-login", **docker(f"{private}/nothing:{TAG}")),
        "exit-1": service("exit-1", **sh("echo cannot read /etc/app.conf >&2; exit 1")),
        "crash-loop": fails_fast(job(f"{prefix}-crash-loop", "service", **sh("sleep 0.2; exit 3")), restarts=2),
        "oom": service("oom", **docker(base, "python3", "-c", hog), Resources={"CPU": 50, "MemoryMB": 32}),
        "check-503": listening("check-503", 3000, 3000),
        "wrong-port": listening("wrong-port", 9000, 3000),
        "check-refused": checked(service("check-refused")),
        "command-missing": service("command-missing", **docker(base, "/no/such/program")),
        "permission-denied": service("permission-denied", **docker(base, "/etc/hostname")),
        "driver-config": service("driver-config", **docker(base, "true", no_such_key=[])),
        "bad-volume": service(
            "bad-volume",
            **docker(base, "true", mount=[{"type": "bind", "source": "/no/such/folder", "target": "/data"}]),
        ),
        "artifact": service("artifact", Artifacts=[{"GetterSource": f"http://{NOTHING}/app.tar.gz"}]),
        "template": service("template", Templates=[{"EmbeddedTmpl": missing, "DestPath": "local/app.conf"}]),
    }


TOLD = {
    "image-unknown": r"the registry has no such image or tag: Failed to pull `\S+/nothing:1`",
    "registry-unreachable": r"the node cannot reach the registry: Failed to pull .* connection refused",
    "credentials": r"the registry refuses the credentials: Failed to pull `\S+/nothing:1`",
    "no-login": r"the registry refuses the credentials: Failed to pull `\S+/nothing:1`",
    "exit-1": r"task t, allocation \w+ on node caravan: it ended with exit code 1\n(.*\n)*?.*cannot read /etc/app.conf",
    "crash-loop": r"it ended with exit code 3, 3 times",
    "oom": r"it .* for using more memory than resources.memory allows",
    "check-503": r"is critical in Consul: up: HTTP GET http://\S+/health: 503 Service Unavailable Output: no database",
    "wrong-port": r"the port is open, but the program does not listen behind it",
    "check-refused": r"is critical in Consul: nothing listens on the port \(up: .* connection refused\)",
    "command-missing": r"the command does not exist in the image: .*no/such/program",
    "permission-denied": r"the command in the image may not be executed: .*permission denied",
    "driver-config": r"the driver refuses the task's config: .*no_such_key",
    "bad-volume": r"the node does not give this volume: .*/no/such/folder",
    "artifact": r"artifact: failed to download artifact .*connection refused",
    "template": r"the task waits for its template: Missing: nomad.var.block\(nomad/jobs/\S+-template",
}


FAULT = {
    "image-unknown": 1,
    "registry-unreachable": 13,
    "credentials": 2,
    "no-login": 2,
    "check-503": 3,
    "check-refused": 3,
    "wrong-port": 3,
    "driver": 19,
    "host-volume": 19,
    "memory": 19,
    "cpu": 19,
    "disk": 19,
    "device": 19,
    "static-port": 19,
    "constraint": 19,
}
"""Where such a cause stands in the catalogue. All others: the new version crashes or cannot start."""


def cases(causes: Iterable[str], how: str) -> list[Any]:
    return [pytest.param(cause, marks=pytest.mark.fault(FAULT.get(cause, 4), f"{cause}, {how}")) for cause in causes]


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry that wants a user."""
    with private_registry(tmp_path_factory.mktemp("registry")) as address:
        yield address


@pytest.fixture(scope="module")
def failed(
    private: str, addresses: Addresses, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Project, Result]]:
    """One `up` with a job for each fault."""
    folder = tmp_path_factory.mktemp("causes")
    project = Project(folder, addresses, "cause")
    assert addresses.base_image is not None
    jobs = met_by_the_node(project.name, addresses.base_image, addresses.registry, private)
    use(project, _program(folder, jobs))
    yield project, project.up("--skip-preview", "--continue-on-error", "--parallel", "32", check=False)
    project.clean_up()


def _program(folder: Path, jobs: dict[str, dict[str, Any]]) -> str:
    return "".join(
        f"nomad.Job({name!r}, jobspec={write_job(folder, name, spec)}, json=True, purge_on_destroy=True)\n"
        for name, spec in jobs.items()
    )


@pytest.mark.parametrize("fault", cases(TOLD, "met by the node at a first deployment"))
def test_what_a_node_meets_is_told(failed: tuple[Project, Result], fault: str, seen: Observation) -> None:
    project, result = failed
    assert result.code != 0
    told = result.block(f"nomad:index:Job ({fault})")
    found = re.search(TOLD[fault], told)
    assert found, told
    seen.reads(told, found[0].splitlines()[0])
    assert f'Job "{project.name}-{fault}" version 0 failed: ' in told
    assert "there is no earlier version that it could go back to" in told


def refused_before(prefix: str, registry: str, private: str) -> dict[str, dict[str, Any]]:
    """Jobs whose fault is seen before they are registered; by the name of the fault."""
    jobs = {
        "memory": job(f"{prefix}-memory", "service", Resources={"CPU": 20, "MemoryMB": 900_000}),
        "cpu": job(f"{prefix}-cpu", "service", Resources={"CPU": 900_000, "MemoryMB": 16}),
        "disk": job(f"{prefix}-disk", "service"),
        "device": job(
            f"{prefix}-device", "service", Resources={"CPU": 20, "MemoryMB": 16, "Devices": [{"Name": "nvidia/gpu"}]}
        ),
        "static-port": job(f"{prefix}-static-port", "service"),
        "constraint": job(f"{prefix}-constraint", "service"),
        "driver": job(f"{prefix}-driver", "service", Driver="qemu", Config={"image_path": "local/image"}),
        "host-volume": job(f"{prefix}-host-volume", "service"),
        "image-unknown": job(f"{prefix}-image-unknown", "service", **docker(f"{registry}/nothing:1")),
        "credentials": job(
            f"{prefix}-credentials",
            "service",
            **docker(f"{private}/nothing:1", auth=[{"username": "user", "password": "not-the-one"}]),
        ),
        "registry-unreachable": job(f"{prefix}-registry-unreachable", "service", **docker(f"{NOTHING}/nothing:1")),
    }
    # One more than the node's loopback has addresses: 127.0.0.1, and ::1 where there is IPv6.
    jobs["static-port"]["TaskGroups"][0] |= {
        "Count": 3,
        "Networks": [{"ReservedPorts": [{"Label": "p", "Value": 23456}]}],
        "Update": {**jobs["static-port"]["TaskGroups"][0]["Update"], "MaxParallel": 3},
    }
    jobs["disk"]["TaskGroups"][0]["EphemeralDisk"] = {"SizeMB": 900_000_000}
    constraint = {"LTarget": "${attr.kernel.name}", "RTarget": "windows", "Operand": "="}
    jobs["constraint"]["Constraints"] = [constraint]
    jobs["host-volume"]["TaskGroups"][0]["Volumes"] = {"v": {"Name": "v", "Type": "host", "Source": "nothing"}}
    return jobs


REFUSED = {
    "memory": r"1 instance cannot be placed: memory is exhausted on 1 node",
    "cpu": r"1 instance cannot be placed: cpu is exhausted on 1 node",
    "disk": r"1 instance cannot be placed: disk is exhausted on 1 node",
    "device": r"1 instance cannot be placed: .*device",
    "static-port": r'cannot be placed: static port 23456 \("p"\) is taken on 1 node',
    "constraint": r'cannot be placed: constraint "\$\{attr.kernel.name\} = windows" is not met by node caravan',
    "driver": r'1 instance cannot be placed: task "t" needs the driver "qemu", which node caravan lacks',
    "host-volume": r'1 instance cannot be placed: volume "v" needs the host volume "nothing", which node caravan lacks',
    "image-unknown": r"cannot be pulled: the registry \S+ has no nothing:1",
    "credentials": r"cannot be pulled: the registry \S+ refuses nothing \(the user user, HTTP 401\)",
    "registry-unreachable": r"cannot be pulled: the registry 127.0.0.1:9 cannot be reached: connection refused",
}


@pytest.mark.parametrize("fault", cases(REFUSED, "seen at preview"))
def test_what_can_be_seen_before_is_refused_at_preview(
    stack: Stack, private: str, fault: str, seen: Observation
) -> None:
    spec = refused_before("refused", stack.addresses.registry, private)[fault]
    one_job(stack, spec)
    result = stack.preview(check=False)
    assert result.code != 0
    told = "\n".join(result.failures)
    found = re.search(REFUSED[fault], told)
    assert found, told
    seen.reads(told, found[0])
    assert "Nothing was registered" in told
    assert stack.nomad.job(spec["ID"]) is None
