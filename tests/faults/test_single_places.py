"""Jobs of which only one instance has a place: a static port, a host of its own, a volume of one writer."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.load import Load
from tests.faults.services import declared, service
from tests.observation import Observation
from tests.ports import free_ports
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

WITHIN_S = 60.0


CAPABILITY = {"AccessMode": "single-node-writer", "AttachmentMode": "file-system"}


@pytest.mark.fault(32, "a static port, one node with two addresses")
def test_a_static_port_keeps_its_address(stack: Stack, seen: Observation) -> None:
    """Findings B3, RW-20: the canary got another address of the same node, and the known one ended."""
    (port,) = free_ports(1)

    def version(greeting: str, **update: Any) -> str:
        spec = service(stack.name, greeting)
        (group,) = spec["TaskGroups"]
        group["Networks"] = [{"ReservedPorts": [{"Label": "http", "Value": port}]}]
        group["Update"] |= update
        return declared(spec)

    stack.write(version("one"))
    stack.up()
    before = stack.consul.healthy(stack.name)
    stack.write(version("two"))

    with Load(stack.consul, stack.name) as load:
        refused = stack.preview(check=False)
        assert refused.code != 0
        seen.reads(refused.text, f'static port {port} ("http")')
        assert "canary = 0 in the update block" in refused.text
        assert "0 keep serving meanwhile" in refused.text
        assert stack.up(check=False).code != 0
        load.goes_on()
    load.lost_none()

    stack.write(version("two", Canary=0, AutoPromote=False))
    assert "A canary cannot be placed beside the running instance" in stack.preview().text
    stack.up()
    assert stack.consul.healthy(stack.name) == before
    assert stack.preview().unchanged


@pytest.mark.fault(32, "distinct_hosts and one node: the canary cannot be placed")
def test_where_a_canary_cannot_be_placed_the_way_without_one_is_named(stack: Stack, seen: Observation) -> None:
    """Finding RW-20: the advice was to wait, and the wait ended at the deadline."""

    def version(greeting: str, **update: Any) -> str:
        spec = service(stack.name, greeting)
        (group,) = spec["TaskGroups"]
        group["Constraints"] = [{"Operand": "distinct_hosts", "RTarget": "true"}]
        group["Update"] |= update
        return declared(spec)

    stack.write(version("one"))
    stack.up()
    stack.write(version("two"))
    with Load(stack.consul, stack.name) as load:
        refused = stack.preview(check=False)
        assert refused.code != 0
        seen.reads(refused.text, "With canary = 0 in the update block (and no auto_promote) it works")
        assert "0 keep serving meanwhile" in refused.text
        assert "waitForPlace" not in refused.text
        load.goes_on()
    load.lost_none()
    stack.write(version("two", Canary=0, AutoPromote=False))
    stack.up()
    assert stack.nomad.job(stack.name)["Version"] == 1


@pytest.fixture
def volume(stack: Stack) -> Iterator[str]:
    """A dynamic host volume of the cluster's node, by its name."""
    made = stack.nomad.call(
        "PUT",
        "/v1/volume/host/create",
        {"Volume": {"Name": stack.name, "PluginID": "mkdir", "RequestedCapabilities": [CAPABILITY]}},
    )
    path, node = f"/v1/volume/host/{made['Volume']['ID']}", f"/v1/node/{made['Volume']['NodeID']}"
    assert wait_until(lambda: stack.name in (stack.nomad.call("GET", node)["HostVolumes"] or {}), WITHIN_S)
    yield stack.name
    stack.clean_up()
    assert wait_until(lambda: not stack.nomad.call("GET", path).get("Allocations"), WITHIN_S)
    stack.nomad.call("DELETE", f"{path}/delete")


@pytest.mark.fault(32, "a host volume of one writer")
def test_a_volume_of_one_writer_is_not_shared(stack: Stack, seen: Observation, volume: str) -> None:
    """Finding RW-54: both instances had the folder."""

    listens = {"command": "python3", "args": ["-m", "http.server", "3000"], "ports": ["http"]}
    container: dict[str, Any] = {
        "Driver": "docker",
        "Config": {"image": stack.addresses.base_image, "init": True, **listens},
        "VolumeMounts": [{"Volume": "data", "Destination": "/data"}],
    }

    def version(number: str, **update: Any) -> str:
        spec = service(stack.name, "", Env={"VERSION": number}, **container)
        (group,) = spec["TaskGroups"]
        group["Networks"] = [{"DynamicPorts": [{"Label": "http", "To": 3000}]}]
        group["Services"][0]["Checks"][0]["Path"] = "/"
        group["Volumes"] = {"data": {"Name": "data", "Type": "host", "Source": volume}}
        group["Update"] |= update
        return declared(spec)

    stack.write(version("one"))
    stack.up()
    stack.write(version("two"))
    with Load(stack.consul, stack.name) as load:
        refused = stack.preview(check=False)
        assert refused.code != 0
        seen.reads(refused.text, 'a canary would write to volume "data"')
        assert "canary = 0 in the update block" in refused.text
        assert 'access_mode = "single-node-multi-writer"' in refused.text
        assert stack.up(check=False).code != 0
        load.goes_on()
    load.lost_none()
    assert stack.nomad.job(stack.name)["Version"] == 0

    stack.write(version("two", Canary=0, AutoPromote=False))
    assert "A canary beside it would write to volume" in stack.preview().text
    stack.up()
    assert stack.nomad.job(stack.name)["Version"] == 1
