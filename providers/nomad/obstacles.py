"""Why the scheduler cannot place a group: Nomad's AllocationMetric in the words of the job, its nodes and who is there.

What is needed of a node and missing (drivers, volumes, networks, ...) is told for all nodes at once, where they are
known; of what can be taken (ports, memory, a host of its own), who has it.
"""

import re
from dataclasses import dataclass
from typing import Any

from providers.nomad import holders
from providers.nomad.client import Json
from providers.nomad.holders import Holder
from providers.nomad.ineligible import FORGOTTEN
from providers.nomad.kinds import EVERYWHERE
from providers.nomad.lacks import BRIDGE_PLUGINS, CNI_PLUGIN, Lack, lacks, named
from providers.nomad.surroundings import NOTHING_KNOWN, Surroundings
from providers.nomad.targets import of_a_run
from providers.words import counted


@dataclass(frozen=True)
class Reason:
    """Why there is no place; which jobs hold it, where it is one that can be held; the dimension that is exhausted."""

    text: str
    holders: frozenset[Holder] = frozenset()
    dimension: str = ""


def reasons(metrics: Json, job: Json | None, group: Json, around: Surroundings) -> list[Reason]:
    """Every reason why instances of a group are not placed. `job` is None where nothing but the metrics is known."""
    found: list[Reason] = []
    if not metrics.get("NodesEvaluated"):
        found.append(Reason(_no_node(metrics, around)))
    filtered = {str(said): int(count) for said, count in sorted((metrics.get("ConstraintFiltered") or {}).items())}
    missing = lacks(job, group, around.nodes) if job is not None and filtered else []
    found += [Reason(lack.sentence()) for lack in missing if not of_a_run(lack.need.text)]
    for said, count in filtered.items():
        if not _is_said(said, count, missing):
            found.append(_filter(said, count, job, group, around))
    for node_class, count in sorted((metrics.get("ClassFiltered") or {}).items()):
        found.append(Reason(f'node class "{node_class}" filtered {counted(count, "node")}'))
    for dimension, count in sorted((metrics.get("DimensionExhausted") or {}).items()):
        found.append(_exhausted(dimension, count, job, around))
    found += [Reason(f'quota limit hit "{quota}"') for quota in metrics.get("QuotaExhausted") or []]
    return found or [Reason("Nomad gives no reason")]


def only_of_a_run(metrics: Json) -> bool:
    """Whether nothing but constraints on what a dispatched run brings along keeps a group from being placed."""
    filtered = metrics.get("ConstraintFiltered") or {}
    others = ("ClassFiltered", "DimensionExhausted", "QuotaExhausted")
    return bool(filtered) and all(map(of_a_run, filtered)) and not any(metrics.get(key) for key in others)


def _no_node(metrics: Json, around: Surroundings) -> str:
    available = metrics.get("NodesAvailable") or {}
    pool = metrics.get("NodePool") or "default"
    ready = ", ".join(f"{dc} ({n})" for dc, n in sorted(available.items()) if n) or "none"
    text = f"no node was eligible in node pool {pool}; ready nodes by the job's datacenters: {ready}"
    closed = ", ".join(f"node {node['Name']} {_state(node)}" for node in around.closed[: holders.JOBS_NAMED])
    return f"{text} ({closed})" if closed else text


def _state(node: Json) -> str:
    if node.get("Status") != "ready":
        return f"is {node.get('Status')}"
    return "is draining" if node.get("Drain") else "is not eligible for new instances"


def _is_said(said: str, count: int, missing: list[Lack]) -> bool:
    """Whether a name of the scheduler's is told already by what nodes lack."""
    if said == FORGOTTEN:
        return len({node["ID"] for lack in missing for node in lack.nodes}) >= count
    return any(lack.need.names(said) for lack in missing)


# The scheduler's names for what keeps a node out, and ours (Nomad `scheduler/feasible`). `{on}` is the nodes.
_CSI = {
    r"missing CSI Volume (?P<id>.+)": 'there is no CSI volume "{id}"',
    r"CSI plugin (?P<id>\S+) is missing from client (?P<node>\S+)": 'the CSI plugin "{id}" is missing on {node}',
    r"CSI plugin (?P<id>\S+) is unhealthy on client (?P<node>\S+)": 'the CSI plugin "{id}" is not healthy on {node}',
    r"CSI plugin (?P<id>\S+) has the maximum number of volumes on client (?P<node>\S+)": (
        'the CSI plugin "{id}" takes no more volumes on {node}'
    ),
    r"CSI volume (?P<id>\S+) has exhausted its available writer claims.*": (
        'the CSI volume "{id}" is claimed by another writer'
    ),
    r"CSI volume (?P<id>\S+) is unschedulable or has exhausted its available reader claims": (
        'the CSI volume "{id}" takes no more readers'
    ),
    r"CSI volume (?P<id>\S+) is unschedulable or is read-only": 'the CSI volume "{id}" cannot be written',
    r"did not meet topology requirement": "the topology of its CSI volume rules it out {on}",
    r"missing secrets provider": "a secrets provider that its tasks use is missing {on}",
    r"missing network": "the network mode that it asks for is missing {on}",
    r'missing host network "(?P<id>[^"]+)" for port "(?P<port>[^"]+)"': (
        'the host network "{id}", which port "{port}" needs, is missing {on}'
    ),
    r'invalid host network "(?P<id>[^"]+)" template for port "(?P<port>[^"]+)"': (
        'the host network "{id}" of port "{port}" means nothing {on}'
    ),
}


def _filter(said: str, count: int, job: Json | None, group: Json, around: Surroundings) -> Reason:
    """A name of the scheduler's for what keeps nodes out, in the job's words as far as it is one of those."""
    on = around.on(count)
    if said == "distinct_hosts":
        return _distinct_hosts(count, job, around)
    if said == FORGOTTEN:
        ruled_out = counted(count, "node")
        return Reason(f"the job's constraints, drivers or volumes (Nomad does not say which) rule out {ruled_out}")
    tasks = group.get("Tasks") or []
    if said == "missing drivers":
        drivers = sorted({str(task.get("Driver")) for task in tasks})
        several = "a driver of its tasks" if len(drivers) > 1 else "the driver of its tasks"
        what = f"{several} ({', '.join(drivers)})" if drivers else "the task's driver"
        return Reason(f"{what} is missing {on}")
    if said == "missing compatible host volumes":
        volumes = sorted(
            f'"{volume.get("Source")}"' for volume in (group.get("Volumes") or {}).values() if volume["Type"] == "host"
        )
        what = f"a host volume that it needs ({', '.join(volumes)})" if volumes else "the group's host volume"
        return Reason(f"{what} is missing{', taken or read-only' if around.nodes else ''} {on}")
    if said == "missing devices":
        asked = [d for task in tasks for d in (task.get("Resources") or {}).get("Devices") or []]
        devices = sorted({f'"{device.get("Name")}"' for device in asked})
        what = f"a device that it needs ({', '.join(devices)})" if devices else "a device that its tasks need"
        return Reason(f"{what} is missing, in use or ruled out by its constraints {on}")
    plugin = CNI_PLUGIN.match(said)
    if plugin is not None and plugin["plugin"] in BRIDGE_PLUGINS:
        return Reason(f'network mode "bridge" needs the CNI plugins, which are missing {on}')
    for pattern, text in _CSI.items():
        if (match := re.fullmatch(pattern, said)) is not None:
            values = match.groupdict()
            if "node" in values:
                values["node"] = _node_name(values["node"], around)
            return Reason(text.format(on=on, **values))
    return Reason(f'constraint "{said}" filtered {counted(count, "node")}')


def _node_name(node_id: str, around: Surroundings) -> str:
    name = next((node["Name"] for node in around.nodes if node["ID"] == node_id), node_id[:8])
    return f"node {name}"


def _distinct_hosts(count: int, job: Json | None, around: Surroundings) -> Reason:
    own = [] if job is None else [a for a in holders.alive(around.allocations, around.nodes) if holders.is_of(a, job)]
    if job is None or not own:
        return Reason(f'constraint "distinct_hosts" filtered {counted(count, "node")}')
    nodes = [node for node in around.nodes if any(a["NodeID"] == node["ID"] for a in own)]
    text = f"distinct_hosts keeps its instances apart, and {named(nodes)} {'has' if len(nodes) == 1 else 'have'} one"
    return Reason(text, frozenset({holders.of(job)}))


_PORT_TAKEN = re.compile(r"reserved port collision (?P<label>\S+)=(?P<number>\d+)")


def _exhausted(dimension: str, count: int, job: Json | None, around: Surroundings) -> Reason:
    port = _PORT_TAKEN.search(dimension)
    if dimension == "network: port collision":
        # Of those that are there, not of the one to place (Nomad `NetworkIndex.SetAllocs`).
        return Reason(f"instances {around.on(count)} have the same port already, and Nomad places nothing beside them")
    if port is None:
        return Reason(f"{dimension} is exhausted on {counted(count, 'node')}", dimension=dimension)
    text = f'static port {port["number"]} ("{port["label"]}") is taken on {counted(count, "node")}'
    if job is None or not around.nodes:
        return Reason(text)
    number = int(port["number"])
    found = holders.port_holders(number, holders.alive(around.allocations, around.nodes))
    if found:
        return Reason(f"{text}, by {' and '.join(holder.text(job) for holder in found)}", frozenset(found))
    if any(_reserves(node, number) for node in around.nodes):
        return Reason(f"{text}: the node's configuration reserves it (reserved_ports)")
    return Reason(text)


def _reserves(node: Json, number: int) -> bool:
    """Whether a port is in the node's list of reserved ports, such as `22,80,8500-8600`."""
    listed = ((node.get("ReservedResources") or {}).get("Networks") or {}).get("ReservedHostPorts") or ""
    for part in filter(None, str(listed).split(",")):
        first, _, last = part.partition("-")
        if int(first) <= number <= int(last or first):
            return True
    return False


@dataclass(frozen=True)
class Unplaced:
    """A group that the scheduler cannot place as a whole."""

    group: str
    missing: int
    asked: int
    """How many instances were to be placed; 0 where that is not known."""
    reasons: list[Reason]
    everywhere: bool = False
    """Whether it is a system job's, which has an instance on each node."""

    @property
    def partly(self) -> bool:
        """Whether some instances find their place."""
        return self.asked > self.missing

    def sentence(self) -> str:
        """`group web: 5 of 6 instances fit, 1 cannot be placed: cpu is exhausted on 1 node`."""
        how_many = f"{counted(self.missing, 'instance')} cannot be placed"
        if self.partly and self.everywhere:
            how_many = f"{self.missing} of {self.asked} nodes cannot take an instance"
        elif self.partly:
            fit = self.asked - self.missing
            how_many = (
                f"{fit} of {self.asked} instances {'fits' if fit == 1 else 'fit'}, {self.missing} cannot be placed"
            )
        return f"group {self.group}: {how_many}: {'; '.join(reason.text for reason in self.reasons)}"


def unplaced(plan: Json, job: Json | None = None, around: Surroundings = NOTHING_KNOWN) -> list[Unplaced]:
    """The groups that the scheduler cannot place, each with every reason; none where everything fits."""
    groups = {group["Name"]: group for group in (job or {}).get("TaskGroups") or []}
    everywhere = (job or {}).get("Type") in EVERYWHERE
    found = []
    for name, metrics in sorted((plan.get("FailedTGAllocs") or {}).items()):
        missing = int(metrics.get("CoalescedFailures") or 0) + 1
        counts: dict[str, Any] = ((plan.get("Annotations") or {}).get("DesiredTGUpdates") or {}).get(name) or {}
        asked = sum(int(counts.get(key) or 0) for key in ("Place", "Canary", "DestructiveUpdate"))
        if everywhere:
            asked = _on_nodes(int(counts.get("Place") or 0), missing, len(around.nodes))
        why = reasons(metrics, job, groups.get(name, {}), around)
        found.append(Unplaced(name, missing, asked, why, everywhere))
    return found


def _on_nodes(place: int, missing: int, nodes: int) -> int:
    """On how many nodes a system job's group was to have an instance.

    Nomad 1.11 says in `Place` how many get one; 1.10 counts those in that do not (`scheduler_system.go`).
    """
    return place if place == nodes else place + missing


def failed_placements(plan: Json, job: Json | None = None) -> list[str]:
    """One line for each group that the scheduler cannot place, by the metrics and, where it is known, the job."""
    return [one.sentence() for one in unplaced(plan, job)]
