"""What the groups of a job need of a node, and which nodes lack it: told in the words of the job, all at once.

The scheduler names only the first thing that each node lacks, and by its own names ("missing drivers").
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from providers.nomad.client import Json
from providers.nomad.targets import unmet
from providers.words import counted

NODES_NAMED = 3
"""How many nodes a sentence names; more are counted."""

# What Nomad adds to a group for what it uses (Nomad `job_endpoint_hooks.go`).
CNI_PLUGIN = re.compile(r"\$\{attr\.plugins\.cni\.version\.(?P<plugin>[\w-]+)\}")
BRIDGE_PLUGINS = ("bridge", "firewall", "host-local", "loopback", "portmap")


@dataclass(frozen=True)
class Need:
    """Something that a group needs of its node.

    `lacking` says what a node has instead ("" where it has nothing of the kind); None where the node has it.
    `names` are how the scheduler calls a node that lacks it.
    """

    text: str
    lacking: Callable[[Json], str | None]
    names: Callable[[str], bool]
    is_constraint: bool = False


@dataclass(frozen=True)
class Lack:
    """A need that some nodes do not meet."""

    need: Need
    nodes: tuple[Json, ...]

    def sentence(self) -> str:
        """`task "t" needs the driver "podman", which node a lacks (it has docker, raw_exec)`."""
        has = {self.need.lacking(node) or "" for node in self.nodes}
        one = len(self.nodes) == 1
        (same,) = has if len(has) == 1 else ("",)
        if self.need.is_constraint:
            what = f", which {'has' if one else 'have'} {same}" if same else ""
            return f"{self.need.text} is not met by {named(self.nodes)}{what}"
        what = f" ({'it has' if one else 'they have'} {same})" if same else ""
        return f"{self.need.text}, which {named(self.nodes)} {'lacks' if one else 'lack'}{what}"


def named(nodes: Iterable[Json]) -> str:
    """`node a`, `nodes a and b`, `12 nodes`."""
    names = sorted(str(node.get("Name")) for node in nodes)
    if len(names) == 1:
        return f"node {names[0]}"
    if len(names) > NODES_NAMED:
        return counted(len(names), "node")
    return f"nodes {', '.join(names[:-1])} and {names[-1]}"


def lacks(job: Json, group: Json, nodes: list[Json]) -> list[Lack]:
    """What `nodes` (as Nomad gives a whole node) lack of what the group needs."""
    found = []
    for need in needs(job, group):
        without = tuple(node for node in nodes if need.lacking(node) is not None)
        if without:
            found.append(Lack(need, without))
    return found


def needs(job: Json, group: Json) -> Iterator[Need]:
    """Everything that a group needs of a node beside room: drivers, volumes, devices, networks, integrations."""
    yield from _networks(group)
    yield from _services(group)
    for task in group.get("Tasks") or []:
        yield from _driver(task)
        yield from _devices(task)
        yield from _integrations(task)
        yield from _signals(task)
    for name, volume in sorted((group.get("Volumes") or {}).items()):
        yield from _host_volume(name, volume)
    yield from _constraints([*(job.get("Constraints") or []), *(group.get("Constraints") or [])])
    for task in group.get("Tasks") or []:
        yield from _constraints(task.get("Constraints") or [])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _is(name: str) -> Callable[[str], bool]:
    return lambda said: said == name


def _attribute(name: str) -> Callable[[Json], str | None]:
    return lambda node: None if "Attributes" not in node or (node["Attributes"] or {}).get(name) else ""


def _on(target: str) -> Callable[[str], bool]:
    return lambda said: said.startswith(target)


def _driver(task: Json) -> Iterator[Need]:
    driver = str(task.get("Driver") or "")

    def lacking(node: Json) -> str | None:
        drivers = node.get("Drivers") or {}
        if (drivers.get(driver) or {}).get("Healthy"):
            return None
        if (drivers.get(driver) or {}).get("Detected"):
            why = str(drivers[driver].get("HealthDescription") or "")
            return f"one that is not healthy{f': {why}' if why else ''}"
        return _listed(name for name, found in drivers.items() if found.get("Detected") and found.get("Healthy"))

    if driver:
        yield Need(f'task "{task.get("Name")}" needs the driver "{driver}"', lacking, _is("missing drivers"))


def _host_volume(name: str, volume: Json) -> Iterator[Need]:
    source = str(volume.get("Source") or "")
    if volume.get("Type") != "host" or volume.get("PerAlloc") or "${" in source:
        return

    def lacking(node: Json) -> str | None:
        volumes = node.get("HostVolumes") or {}
        if source not in volumes:
            return _listed(volumes)
        if volumes[source].get("ReadOnly") and not volume.get("ReadOnly"):
            return "a read-only one"
        return None

    text = f'volume "{name}" needs the host volume "{source}"'
    yield Need(text, lacking, _is("missing compatible host volumes"))


def _devices(task: Json) -> Iterator[Need]:
    for device in (task.get("Resources") or {}).get("Devices") or []:
        name, count = str(device.get("Name") or ""), int(device.get("Count") or 1)

        def lacking(node: Json, name: str = name, count: int = count) -> str | None:
            devices = (node.get("NodeResources") or {}).get("Devices") or []
            here = {device_id(one): sum(bool(i.get("Healthy")) for i in one.get("Instances") or []) for one in devices}
            if sum(healthy for one, healthy in here.items() if matches(name, one)) >= count:
                return None
            return _listed(f"{healthy} of {one}" for one, healthy in here.items())

        what = f'the device "{name}"' if count == 1 else f'{count} of the device "{name}"'
        yield Need(f'task "{task.get("Name")}" needs {what}', lacking, _is("missing devices"))


def device_id(device: Json) -> str:
    """`nvidia/gpu/1080ti`."""
    return f"{device.get('Vendor')}/{device.get('Type')}/{device.get('Name')}"


def matches(asked: str, device: str) -> bool:
    """Whether a device is asked for: by TYPE, VENDOR/TYPE or VENDOR/TYPE/MODEL (Nomad `device` block)."""
    vendor, kind, model = device.split("/", 2)
    parts = asked.split("/", 2)
    return parts in ([kind], [vendor, kind], [vendor, kind, model])


def _networks(group: Json) -> Iterator[Need]:
    for network in group.get("Networks") or []:
        mode = str(network.get("Mode") or "host")
        if mode == "bridge":
            # Mode and plugins fail together on a node without them: one sentence for both.
            yield Need('network mode "bridge" needs the CNI plugins', _bridge, _is_bridge)
        elif mode.startswith("cni/"):
            name = mode.removeprefix("cni/")
            text = f'network mode "{mode}" needs the CNI network "{name}"'
            yield Need(text, lambda node, mode=mode: _cni_network(node, mode), _is("missing network"))  # type: ignore[misc]
        for port in [*(network.get("DynamicPorts") or []), *(network.get("ReservedPorts") or [])]:
            yield from _host_network(port)


def _bridge(node: Json) -> str | None:
    if "Attributes" not in node:
        return None
    attributes = node["Attributes"] or {}
    missing = [name for name in BRIDGE_PLUGINS if not attributes.get(f"plugins.cni.version.{name}")]
    if not missing:
        return None
    return "" if len(missing) == len(BRIDGE_PLUGINS) else f"all but {', '.join(missing)}"


def _is_bridge(said: str) -> bool:
    plugin = CNI_PLUGIN.match(said)
    return said == "missing network" or (plugin is not None and plugin["plugin"] in BRIDGE_PLUGINS)


def _cni_network(node: Json, mode: str) -> str | None:
    modes = [str(network.get("Mode")) for network in (node.get("NodeResources") or {}).get("Networks") or []]
    return None if mode in modes else _listed({one.removeprefix("cni/") for one in modes if one.startswith("cni/")})


def _host_network(port: Json) -> Iterator[Need]:
    wanted = str(port.get("HostNetwork") or "")
    if not wanted or "${" in wanted or wanted == "default":
        return

    def lacking(node: Json) -> str | None:
        networks = (node.get("NodeResources") or {}).get("NodeNetworks") or []
        aliases = {str(one.get("Alias")) for network in networks for one in network.get("Addresses") or []}
        return None if wanted in aliases else _listed(aliases)

    text = f'port "{port.get("Label")}" needs the host network "{wanted}"'
    yield Need(text, lacking, _is(f'missing host network "{wanted}" for port "{port.get("Label")}"'))


def _services(group: Json) -> Iterator[Need]:
    services = [*(group.get("Services") or [])]
    services += [service for task in group.get("Tasks") or [] for service in task.get("Services") or []]
    if any((service.get("Provider") or "consul") == "consul" for service in services):
        clusters = {
            str(service.get("Cluster") or "default")
            for service in services
            if (service.get("Provider") or "consul") == "consul"
        }
        for cluster in sorted(clusters):
            name = "consul.version" if cluster == "default" else f"consul.{cluster}.version"
            yield Need("its services need Consul", _attribute(name), _on(f"${{attr.{name}}}"))
    if any(service.get("Provider") == "nomad" for service in services):
        text = 'services of provider "nomad" need Nomad\'s service discovery'
        yield Need(text, _attribute("nomad.service_discovery"), _on("${attr.nomad.service_discovery}"))
    if any(_is_transparent(service) for service in services):
        text = 'transparent_proxy needs the CNI plugin "consul-cni"'
        name = "plugins.cni.version.consul-cni"
        yield Need(text, _attribute(name), _on(f"${{attr.{name}}}"))


def _is_transparent(service: Json) -> bool:
    sidecar = (service.get("Connect") or {}).get("SidecarService") or {}
    return (sidecar.get("Proxy") or {}).get("TransparentProxy") is not None


def _integrations(task: Json) -> Iterator[Need]:
    if vault := task.get("Vault"):
        cluster = str(vault.get("Cluster") or "default")
        name = "vault.version" if cluster == "default" else f"vault.{cluster}.version"
        yield Need(f'task "{task.get("Name")}" needs Vault', _attribute(name), _on(f"${{attr.{name}}}"))


def _signals(task: Json) -> Iterator[Need]:
    asked = {str(task["KillSignal"]): "kill_signal"} if task.get("KillSignal") else {}
    for template in task.get("Templates") or []:
        if template.get("ChangeMode") == "signal" and template.get("ChangeSignal"):
            asked.setdefault(str(template["ChangeSignal"]), "change_signal")
    for signal, key in sorted(asked.items()):

        def lacking(node: Json, signal: str = signal) -> str | None:
            known = str((node.get("Attributes") or {}).get("os.signals") or "")
            return None if not known or signal in known.split(",") else ""

        text = f'task "{task.get("Name")}" needs the signal {signal} ({key})'
        yield Need(text, lacking, _on("${attr.os.signals}"))


def _constraints(constraints: Iterable[Json]) -> Iterator[Need]:
    for constraint in constraints:
        left, operand, right = (str(constraint.get(key) or "") for key in ("LTarget", "Operand", "RTarget"))
        said = f"{left} {operand} {right}"

        def lacking(node: Json, given: tuple[str, str, str] = (left, operand, right)) -> str | None:
            return unmet(node, *given)

        yield Need(f'constraint "{said}"', lacking, _is(said), is_constraint=True)
