"""What a group needs of its nodes, and which of them lack it."""

from typing import Any

import pytest

from providers.nomad.lacks import lacks, matches
from providers.nomad.targets import of_a_run, unmet

CNI = {f"plugins.cni.version.{name}": "1.1" for name in ("bridge", "firewall", "host-local", "loopback", "portmap")}


def node(name: str = "a", **changes: Any) -> dict[str, Any]:
    return {
        "ID": name,
        "Name": name,
        "Datacenter": "dc1",
        "Attributes": {"kernel.name": "linux", "os.signals": "SIGINT,SIGTERM"},
        "Meta": {"rack": "r1"},
        "Drivers": {
            "docker": {"Detected": True, "Healthy": True},
            "java": {"Detected": False, "Healthy": False},
            "qemu": {"Detected": True, "Healthy": False, "HealthDescription": "no kvm"},
        },
        "HostVolumes": {"data": {"ReadOnly": False}, "certs": {"ReadOnly": True}},
        "NodeResources": {
            "Networks": [{"Mode": "host"}, {"Mode": "cni/lan"}],
            "NodeNetworks": [{"Addresses": [{"Alias": "public"}, {"Alias": "default"}]}],
            "Devices": [
                {"Vendor": "nvidia", "Type": "gpu", "Name": "T4", "Instances": [{"Healthy": True}, {"Healthy": False}]}
            ],
        },
        **changes,
    }


def sentences(group: dict[str, Any], *nodes: dict[str, Any]) -> list[str]:
    return [lack.sentence() for lack in lacks({}, group, list(nodes or (node(),)))]


def task(**keys: Any) -> dict[str, Any]:
    return {"Tasks": [{"Name": "t", "Driver": "docker", **keys}]}


def mode(name: str) -> dict[str, Any]:
    return {"Networks": [{"Mode": name}]}


def volume(**keys: Any) -> dict[str, Any]:
    return {"Volumes": {"v": {"Type": "host", **keys}}}


def service(**keys: Any) -> dict[str, Any]:
    return {"Services": [keys]}


@pytest.mark.parametrize(
    ("group", "sentence"),
    [
        (task(Driver="podman"), 'task "t" needs the driver "podman", which node a lacks (it has docker)'),
        (
            task(Driver="qemu"),
            'task "t" needs the driver "qemu", which node a lacks (it has one that is not healthy: no kvm)',
        ),
        (volume(Source="db"), 'volume "v" needs the host volume "db", which node a lacks (it has certs, data)'),
        (
            volume(Source="certs"),
            'volume "v" needs the host volume "certs", which node a lacks (it has a read-only one)',
        ),
        (
            task(Resources={"Devices": [{"Name": "amd/gpu"}]}),
            'task "t" needs the device "amd/gpu", which node a lacks (it has 1 of nvidia/gpu/T4)',
        ),
        (
            task(Resources={"Devices": [{"Name": "gpu", "Count": 2}]}),
            'task "t" needs 2 of the device "gpu", which node a lacks (it has 1 of nvidia/gpu/T4)',
        ),
        (mode("bridge"), 'network mode "bridge" needs the CNI plugins, which node a lacks'),
        (mode("cni/wan"), 'network mode "cni/wan" needs the CNI network "wan", which node a lacks (it has lan)'),
        (
            {"Networks": [{"ReservedPorts": [{"Label": "http", "HostNetwork": "lan"}]}]},
            'port "http" needs the host network "lan", which node a lacks (it has default, public)',
        ),
        (service(Provider="consul"), "its services need Consul, which node a lacks"),
        (service(), "its services need Consul, which node a lacks"),
        (
            service(Provider="nomad"),
            'services of provider "nomad" need Nomad\'s service discovery, which node a lacks',
        ),
        (task(Vault={"Role": "web"}), 'task "t" needs Vault, which node a lacks'),
        (task(KillSignal="SIGUSR3"), 'task "t" needs the signal SIGUSR3 (kill_signal), which node a lacks'),
        (
            {"Constraints": [{"LTarget": "${meta.rack}", "Operand": "=", "RTarget": "r2"}]},
            'constraint "${meta.rack} = r2" is not met by node a, which has "r1"',
        ),
    ],
)
def test_what_a_node_lacks(group: dict[str, Any], sentence: str) -> None:
    assert sentences(group) == [sentence]


@pytest.mark.parametrize(
    "group",
    [
        task(),
        volume(Source="data"),
        volume(Source="certs", ReadOnly=True),
        # Names that only an instance has.
        volume(Source="db", PerAlloc=True),
        volume(Source="${NOMAD_ALLOC_INDEX}"),
        {"Volumes": {"v": {"Type": "csi", "Source": "ebs"}}},
        task(Resources={"Devices": [{"Name": "nvidia/gpu"}]}),
        mode("host"),
        mode("cni/lan"),
        {"Networks": [{"DynamicPorts": [{"Label": "http", "HostNetwork": "public"}, {"Label": "x"}]}]},
        task(KillSignal="SIGTERM"),
        # Only the scheduler knows what these mean.
        {"Constraints": [{"LTarget": "${attr.kernel.name}", "Operand": "regexp", "RTarget": "^win"}]},
        {"Constraints": [{"LTarget": "${node.unique.id}", "Operand": "=", "RTarget": "${NOMAD_META_node}"}]},
        {"Constraints": [{"Operand": "distinct_hosts", "RTarget": "true"}]},
    ],
)
def test_what_a_node_has(group: dict[str, Any]) -> None:
    assert sentences(group) == []


def test_nodes_that_lack_the_same_are_named_together() -> None:
    assert sentences(task(Driver="podman"), node("a"), node("b"), node("c", Drivers={"podman": {"Healthy": True}})) == [
        'task "t" needs the driver "podman", which nodes a and b lack (they have docker)'
    ]
    (four,) = sentences(task(Driver="podman"), *(node(name) for name in "abcd"))
    assert "which 4 nodes lack" in four


def test_a_node_with_some_of_the_cni_plugins() -> None:
    attributes = {name: version for name, version in CNI.items() if "portmap" not in name}
    assert sentences(mode("bridge"), node(Attributes=attributes)) == [
        'network mode "bridge" needs the CNI plugins, which node a lacks (it has all but portmap)'
    ]
    assert sentences(mode("bridge"), node(Attributes=CNI)) == []


def test_a_node_of_which_nothing_but_a_list_is_known_lacks_nothing() -> None:
    known = node()
    del known["Attributes"], known["Meta"]
    group = {**mode("bridge"), "Constraints": [{"LTarget": "${meta.rack}", "Operand": "=", "RTarget": "r2"}]}
    assert sentences({**group, **service()}, known) == []


@pytest.mark.parametrize(
    ("constraint", "has"),
    [
        (("${attr.kernel.name}", "=", "linux"), None),
        (("${attr.kernel.name}", "==", "windows"), '"linux"'),
        (("${attr.kernel.name}", "!=", "linux"), '"linux"'),
        (("${attr.no.such}", "!=", "x"), None),
        (("${attr.no.such}", "=", "x"), "nothing"),
        (("${meta.rack}", "is_set", ""), None),
        (("${meta.no}", "is_set", ""), "nothing"),
        (("${meta.rack}", "is_not_set", ""), '"r1"'),
        (("${node.datacenter}", "=", "dc2"), '"dc1"'),
        (("${node.unique.name}", "=", "a"), None),
        (("dc1", "=", "${node.datacenter}"), None),
        (("${attr.nomad.version}", "version", "> 5"), None),
        (("x-${meta.rack}", "=", "x"), None),
    ],
)
def test_constraints_that_compare_texts(constraint: tuple[str, str, str], has: str | None) -> None:
    assert unmet(node(), *constraint) == has


def test_devices_by_type_vendor_and_model() -> None:
    assert all(matches(asked, "nvidia/gpu/T4") for asked in ("gpu", "nvidia/gpu", "nvidia/gpu/T4"))
    assert not any(matches(asked, "nvidia/gpu/T4") for asked in ("nvidia", "T4", "amd/gpu", "nvidia/gpu/T5"))


def test_what_a_run_brings_along() -> None:
    assert of_a_run("${node.unique.id} = ${NOMAD_META_node}")
    assert not of_a_run("${node.unique.id} = x")
