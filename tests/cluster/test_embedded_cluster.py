"""The embedded cluster's own life: started, stopped, killed, started again. On a cluster of its own."""

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from toolchain import cluster, paths, versions
from toolchain.cluster import Addresses
from toolchain.docker_api import Docker
from toolchain.embedded import leftovers, processes
from toolchain.embedded.local_http import get_json
from toolchain.waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("embedded")]

JOB = "survivor"
# A process that is its container's first one ignores SIGTERM unless it handles it.
SERVER = """
import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cluster's folder; whatever a test leaves running there is ended."""
    folder = tmp_path_factory.mktemp("embedded") / "cluster"
    yield folder
    cluster.reset(folder)


def test_a_second_start_changes_nothing(folder: Path) -> None:
    first = cluster.start(folder)
    running = pids(folder)

    assert cluster.start(folder) == first
    assert pids(folder) == running


def test_status_tells_whether_all_is_up(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    addresses = cluster.start(folder)
    capsys.readouterr()

    assert cluster.main(["status", "--dir", str(folder)]) == 0
    table = capsys.readouterr().out
    for expected in ("docker", addresses.registry, addresses.consul, addresses.nomad, str(folder / "logs")):
        assert expected in table

    os.kill(processes_of(folder)["consul"].pid, signal.SIGKILL)
    assert wait_until(lambda: "consul" not in processes_of(folder), 10)
    assert cluster.main(["status", "--dir", str(folder)]) == 1
    assert "down" in capsys.readouterr().out


def test_it_does_not_take_the_ports_of_the_checkouts_own_cluster(folder: Path) -> None:
    addresses = cluster.start(folder)

    assert addresses.nomad != "http://127.0.0.1:4646"
    assert addresses.registry != "127.0.0.1:5000"


def test_every_server_listens_on_loopback_only(folder: Path) -> None:
    cluster.start(folder)
    addresses = [address for process in processes_of(folder).values() for address in listening(process.pid)]

    assert len(addresses) >= 11
    # 127.0.0.1, and the same within IPv6, as the kernel writes it.
    assert set(addresses) <= {"0100007F", "0000000000000000FFFF00000100007F"}


def test_a_job_and_an_image_come_back_after_stop_and_start(folder: Path) -> None:
    addresses = cluster.start(folder)
    run_job(addresses)
    url = service_url(addresses)
    assert "Directory listing" in read(url)
    docker = Docker(addresses.docker_host)
    assert len(leftovers.containers(folder, docker)) == 1

    cluster.stop(folder)

    assert processes.marked(folder) == []
    # A daemon that only this cluster used is gone too.
    assert not docker.answers() or leftovers.containers(folder, docker) == []
    assert str(folder) not in Path("/proc/self/mountinfo").read_text()

    assert cluster.start(folder) == addresses
    assert "Directory listing" in read(service_url(addresses))
    if addresses.base_image:
        name, _, tag = addresses.base_image.removeprefix(addresses.registry + "/").rpartition(":")
        assert get_json(addresses.registry, f"/v2/{name}/tags/list") == {"name": name, "tags": [tag]}


def test_it_starts_again_after_everything_was_killed(folder: Path) -> None:
    addresses = cluster.start(folder)
    run_job(addresses)
    service_url(addresses)
    killed = processes.marked(folder)
    for process in killed:
        process.signal(signal.SIGKILL)
    assert wait_until(lambda: not any(process.alive() for process in killed), 20)

    assert cluster.start(folder) == addresses
    assert "Directory listing" in read(service_url(addresses))


def test_a_taken_port_is_named_with_the_way_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    addresses = cluster.start(folder)
    cluster.stop(folder)
    port = addresses.registry.rpartition(":")[2]
    squatter = subprocess.Popen(
        ["python3", "-m", "http.server", "--bind", "127.0.0.1", port], stderr=subprocess.DEVNULL
    )
    try:
        assert wait_until(lambda: "Directory" in read(f"http://{addresses.registry}/"), 20)
        assert cluster.main(["up", "--dir", str(folder)]) == 1
    finally:
        squatter.kill()
        squatter.wait()

    message = capsys.readouterr().err
    assert f"{port} (registry)" in message
    assert "make cluster-reset" in message


def test_a_reset_leaves_nothing_in_the_docker_daemon(folder: Path) -> None:
    addresses = cluster.start(folder)
    run_job(addresses)
    service_url(addresses)

    cluster.reset(folder)

    docker = Docker(addresses.docker_host)
    if docker.answers():  # one that only this cluster used is gone
        assert not (addresses.base_image and docker.has_image(addresses.base_image))
        assert [it for it in docker.containers() if it["Labels"].get(leftovers.LABEL + "job_name") == JOB] == []
    assert not folder.exists()


def test_a_cluster_with_a_damaged_record_can_be_reset(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.start(folder)
    (folder / "cluster.json").write_text("{")

    assert cluster.main(["stop", "--dir", str(folder)]) == 1
    assert "cluster.json is damaged" in capsys.readouterr().err
    assert cluster.main(["reset", "--dir", str(folder)]) == 0

    assert processes.marked(folder) == []
    assert not folder.exists()


def run_job(addresses: Addresses) -> None:
    """Register a service that lists its folder over HTTP."""
    image = addresses.base_image or versions.load().base_image
    command = {"image": image, "command": "python3", "args": ["-c", SERVER, "${NOMAD_PORT_http}"], "ports": ["http"]}
    job: dict[str, Any] = {
        "ID": JOB,
        "Name": JOB,
        "Type": "service",
        "Datacenters": ["dc1"],
        "TaskGroups": [
            {
                "Name": JOB,
                "Count": 1,
                "Networks": [{"DynamicPorts": [{"Label": "http"}]}],
                "RestartPolicy": {"Attempts": 5, "Interval": 60_000_000_000, "Delay": 1_000_000_000, "Mode": "delay"},
                "Services": [
                    {
                        "Name": JOB,
                        "PortLabel": "http",
                        "Provider": "consul",
                        "Checks": [
                            {"Type": "http", "Path": "/", "Interval": 1_000_000_000, "Timeout": 1_000_000_000},
                        ],
                    }
                ],
                "Tasks": [
                    {
                        "Name": JOB,
                        "Driver": "docker",
                        "Config": command,
                        "Resources": {"CPU": 100, "MemoryMB": 64},
                    }
                ],
            }
        ],
    }
    request = urllib.request.Request(f"{addresses.nomad}/v1/jobs", json.dumps({"Job": job}).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200


def service_url(addresses: Addresses) -> str:
    """URL of the service's healthy instance, once it answers."""
    url = ""

    def healthy() -> bool:
        nonlocal url
        instances = get_json(addresses.consul.removeprefix("http://"), f"/v1/health/service/{JOB}?passing=true")
        for instance in instances or []:
            url = f"http://{instance['Service']['Address']}:{instance['Service']['Port']}/"
        return bool(instances) and bool(read(url))

    assert wait_until(healthy, 90), f"{JOB} has no healthy instance in Consul"
    return url


def read(url: str) -> str:
    """The page, empty while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            text: str = answer.read().decode()
            return text
    except OSError:
        return ""


def listening(pid: int) -> list[str]:
    """Local addresses, in hexadecimal, of the process's TCP sockets that listen. Source: proc(5), /proc/net/tcp."""
    sockets = {str(descriptor.readlink()) for descriptor in Path(f"/proc/{pid}/fd").iterdir()}
    table = [
        line.split() for kind in ("tcp", "tcp6") for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]
    ]
    listens = "0A"
    return [row[1].partition(":")[0] for row in table if row[3] == listens and f"socket:[{row[9]}]" in sockets]


def processes_of(folder: Path) -> dict[str, processes.Process]:
    """The servers that run, by name."""
    loaded = {file.stem: processes.load(file) for file in (folder / "pids").glob("*.json")}
    return {name: process for name, process in loaded.items() if process}


def pids(folder: Path) -> dict[str, int]:
    return {name: process.pid for name, process in processes_of(folder).items()}


def test_the_programs_are_the_pinned_ones() -> None:
    pins = versions.load()
    for program, version in (("nomad", pins.nomad), ("consul", pins.consul), ("pulumi", pins.pulumi)):
        answer = subprocess.run([paths.BIN / program, "version"], capture_output=True, text=True, check=True)
        assert f"v{version}" in answer.stdout.splitlines()[0]
