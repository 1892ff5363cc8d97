"""Two clusters in one program, and two jobs behind one name in Consul."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.api import Api
from tests.cluster.load import Load
from tests.cluster.programs import job
from tests.cluster.small_cluster import SmallCluster, small_cluster
from tests.faults.services import service
from tests.quick_engine.stack import Stack
from toolchain.cluster import Addresses
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def west(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCluster]:
    with small_cluster(tmp_path_factory.mktemp("west")) as found:
        yield found


def name_of(stack: Stack) -> str:
    return stack.name[:40].strip("-")


def registered(name: str, service: str) -> dict[str, Any]:
    """A job with a server and an HTTP check that passes at once."""
    command = {"command": "/usr/bin/python3", "args": ["-m", "http.server", "${NOMAD_PORT_http}", "-b", "127.0.0.1"]}
    spec = job(name, "service", Config=command)
    check = {"Type": "http", "Path": "/", "Interval": 10**9, "Timeout": 10**9}
    group = spec["TaskGroups"][0]
    group["Networks"] = [{"DynamicPorts": [{"Label": "http"}]}]
    group["Services"] = [{"Name": service, "PortLabel": "http", "Checks": [check]}]
    return spec


def program(stack: Stack, east: str, west: str, greeting: str = "one", more: str = "") -> None:
    spec = json.dumps(service(name_of(stack), greeting))
    lines = []
    for side, address in (("east", east), ("west", west)):
        lines.append(f"{side} = nomad.Provider('{side}', address='{address}'{more})")
        options = f"pulumi.ResourceOptions(provider={side})"
        lines.append(f"nomad.Job('{side}-job', jobspec={spec!r}, json=True, purge_on_destroy=True, opts={options})")
    stack.write(*lines)


@pytest.mark.fault(33, "two providers, both under load")
def test_each_is_judged_by_its_own_consul(stack: Stack, west: SmallCluster, addresses: Addresses) -> None:
    """RW-48: CONSUL_HTTP_ADDR is east's."""
    program(stack, addresses.nomad, west.nomad)
    stack.preview()
    stack.up()
    for consul in (addresses.consul, west.consul):
        assert _listed(stack, consul)
    assert stack.preview().unchanged

    program(stack, addresses.nomad, west.nomad, "two")
    loads = [Load(Api(consul), name_of(stack)) for consul in (addresses.consul, west.consul)]
    with loads[0], loads[1]:
        stack.up()
        for load in loads:
            load.goes_on()
    for load in loads:
        load.lost_none()
        assert load.answers == {"one", "two"}
    stack.destroy()
    assert not _listed(stack, west.consul)


@pytest.mark.fault(33, "CONSUL_HTTP_ADDR is the other one's")
def test_the_environments_consul_is_not_asked_about_another_nomad(
    stack: Stack, west: SmallCluster, addresses: Addresses
) -> None:
    """RW-48 the other way round: CONSUL_HTTP_ADDR is west's, and east's Nomad says where its own is."""
    program(stack, addresses.nomad.replace("127.0.0.1", "localhost"), west.nomad)
    stack.environment["CONSUL_HTTP_ADDR"] = west.consul
    stack.up()
    assert _listed(stack, addresses.consul)
    stack.destroy()


@pytest.mark.fault(33, "the wrong CONSUL_HTTP_ADDR alone")
def test_a_consul_that_is_another_clusters_fails_no_healthy_rollout(
    stack: Stack, west: SmallCluster, addresses: Addresses
) -> None:
    """Where the setting itself is wrong, the rollout finds out, and says so."""
    spec = json.dumps(registered(name_of(stack), name_of(stack)))
    stack.write(f"nomad.Job('j', jobspec={spec!r}, json=True, purge_on_destroy=True)")
    stack.environment["CONSUL_HTTP_ADDR"] = west.consul
    told = stack.up().text
    assert "nor any agent of the Nomad" in told
    assert "Nomad's word is the last one" in told
    stack.destroy()


def test_a_name_that_another_stack_has_registered_is_told_at_preview(
    stack: Stack, tmp_path: Path, addresses: Addresses
) -> None:
    """B5: the same service, deployed from another stack into another namespace."""
    name = name_of(stack)
    other = registered(f"{name}-2", name)
    other["Namespace"] = name
    other["Meta"] = {"caravan_owner": "urn:pulumi:staging::shop::nomad:index/job:Job::x"}
    stack.nomad.call("POST", f"/v1/namespace/{name}", {"Name": name})
    stack.nomad.register(other)
    stack.write(f"nomad.Job('j', jobspec={json.dumps(registered(name, name))!r}, json=True, purge_on_destroy=True)")
    assert _wait_for(stack, name)

    told = stack.preview().text
    assert f'job "{name}": the Consul service "{name}" is also that of job "{name}-2" in namespace "{name}"' in told
    assert "(stack staging of project shop)" in told
    # It is judged by its own instances all the same.
    stack.up()
    assert stack.preview().unchanged
    stack.destroy()
    stack.nomad.call("DELETE", f"/v1/job/{name}-2?namespace={name}")


def test_two_namespaces_of_one_program_are_told_too(stack: Stack) -> None:
    name = name_of(stack)
    one, other = registered(name, name), registered(f"{name}-2", name)
    stack.nomad.call("POST", f"/v1/namespace/{name}", {"Name": name})
    other["Namespace"] = name
    stack.write(*(f"nomad.Job('{n}', jobspec={json.dumps(spec)!r}, json=True)" for n, spec in enumerate((one, other))))
    assert "of this same program" in stack.preview().text
    # In one namespace it is what some want: several jobs behind one name.
    other["Namespace"] = "default"
    stack.write(*(f"nomad.Job('{n}', jobspec={json.dumps(spec)!r}, json=True)" for n, spec in enumerate((one, other))))
    assert "of this same program" not in stack.preview().text
    stack.nomad.call("DELETE", f"/v1/namespace/{name}")


def _listed(stack: Stack, consul: str) -> list[Any]:
    stack.consul.address = consul
    return list(stack.consul.call("GET", f"/v1/catalog/service/{name_of(stack)}"))


def _wait_for(stack: Stack, name: str) -> bool:
    return wait_until(lambda: bool(stack.consul.healthy(name)), 60)
