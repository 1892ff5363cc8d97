"""Why the scheduler cannot place a group, for recorded answers and for nodes as Nomad gives them."""

from typing import Any

import pytest

from providers.nomad import scarcity
from providers.nomad.dry_run import CANARY_BESIDE, MAY_WAIT, DryRun
from providers.nomad.holders import Holder
from providers.nomad.obstacles import failed_placements, only_of_a_run, reasons, unplaced
from providers.nomad.plan import describe
from providers.nomad.surroundings import NOTHING_KNOWN, Surroundings
from tests.unit.providers.recordings import recorded


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("plan-memory-exhausted", "memory is exhausted on 1 node"),
        (
            "plan-constraint",
            "the job's constraints, drivers or volumes (Nomad does not say which) rule out 1 node",
        ),
        (
            "plan-no-eligible-node",
            "no node was eligible in node pool default; ready nodes by the job's datacenters: none",
        ),
        ("plan-static-port-taken", 'static port 23456 ("http") is taken on 1 node'),
    ],
)
def test_a_failed_placement(name: str, reason: str) -> None:
    assert failed_placements(recorded(name)) == [f"group web: 1 instance cannot be placed: {reason}"]
    # It forbids the change, so it is told as an error, and once.
    assert not any("cannot be placed" in line for line in describe(recorded(name), secret=False))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("constraint-unmatched", 'constraint "${attr.kernel.name} = windows" filtered 1 node'),
        (
            "no-eligible-node",
            "no node was eligible in node pool default; ready nodes by the job's datacenters: none",
        ),
        ("missing-driver", "the driver of its tasks (podman) is missing on 1 node"),
        ("host-volume-missing", 'a host volume that it needs ("nothing-of-that-name") is missing on 1 node'),
        ("memory-exhausted", "memory is exhausted on 1 node"),
        ("static-port-taken", 'static port 23456 ("p") is taken on 1 node'),
    ],
)
def test_an_evaluation_that_could_not_place(name: str, reason: str) -> None:
    record = recorded(name)
    told = failed_placements(record["evaluations"][-1], record["job"])
    assert told == [f"group web: 1 instance cannot be placed: {reason}"]


def test_instances_that_fail_alike_are_counted() -> None:
    plan = {"FailedTGAllocs": {"web": {"CoalescedFailures": 2, "NodesEvaluated": 3, "DimensionExhausted": {"cpu": 3}}}}
    assert failed_placements(plan) == ["group web: 3 instances cannot be placed: cpu is exhausted on 3 nodes"]


def test_every_kind_of_reason_is_told() -> None:
    metrics = {
        "NodesEvaluated": 4,
        "ConstraintFiltered": {"b": 1, "a": 2},
        "ClassFiltered": {"large": 1},
        "DimensionExhausted": {"disk": 1},
        "QuotaExhausted": ["cpu exhausted (500 needed > 100 limit)"],
    }
    assert [reason.text for reason in reasons(metrics, None, {}, NOTHING_KNOWN)] == [
        'constraint "a" filtered 2 nodes',
        'constraint "b" filtered 1 node',
        'node class "large" filtered 1 node',
        "disk is exhausted on 1 node",
        'quota limit hit "cpu exhausted (500 needed > 100 limit)"',
    ]
    (nothing,) = reasons({"NodesEvaluated": 1}, None, {}, NOTHING_KNOWN)
    assert nothing.text == "Nomad gives no reason"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("missing CSI Volume ebs", 'there is no CSI volume "ebs"'),
        ("CSI plugin p is missing from client 1234567890", 'the CSI plugin "p" is missing on node 12345678'),
        ("CSI plugin p is unhealthy on client a", 'the CSI plugin "p" is not healthy on node first'),
        (
            "CSI volume ebs has exhausted its available writer claims and is claimed by x",
            'the CSI volume "ebs" is claimed by another writer',
        ),
        ("CSI volume ebs is unschedulable or is read-only", 'the CSI volume "ebs" cannot be written'),
        ("missing network", "the network mode that it asks for is missing on node first"),
        (
            'missing host network "x" for port "p"',
            'the host network "x", which port "p" needs, is missing on node first',
        ),
        (
            "missing devices",
            "a device that its tasks need is missing, in use or ruled out by its constraints on node first",
        ),
        (
            "${attr.plugins.cni.version.bridge} semver >= 0.4.0",
            'network mode "bridge" needs the CNI plugins, which are missing on node first',
        ),
    ],
)
def test_the_names_of_the_scheduler(said: str, told: str) -> None:
    around = Surroundings([node("first", ID="a")])
    plan = {"FailedTGAllocs": {"web": {"NodesEvaluated": 1, "ConstraintFiltered": {said: 1}}}}
    [one] = unplaced(plan, {"ID": "web", "Namespace": "default", "TaskGroups": []}, around)
    assert [reason.text for reason in one.reasons] == [told]


def node(name: str, memory_mb: int = 1000, **changes: Any) -> dict[str, Any]:
    return {
        "ID": name,
        "Name": name,
        "Status": "ready",
        "SchedulingEligibility": "eligible",
        "NodeResources": {"Memory": {"MemoryMB": memory_mb}, "Cpu": {"CpuShares": 1000}, "Disk": {"DiskMB": 9000}},
        "ReservedResources": {"Memory": {"MemoryMB": 100}},
        **changes,
    }


def allocation(on: str, memory_mb: int, job_id: str = "web", port: int = 0) -> dict[str, Any]:
    ports = [{"Label": "http", "Value": port}] if port else []
    return {
        "NodeID": on,
        "Namespace": "default",
        "JobID": job_id,
        "ClientStatus": "running",
        "AllocatedResources": {
            "Tasks": {"app": {"Memory": {"MemoryMB": memory_mb}}},
            "Shared": {"DiskMB": 300, "Ports": ports},
        },
    }


def asked(
    *nodes: dict[str, Any],
    memory_mb: int,
    counts: dict[str, int],
    missing: int = 1,
    type_: str = "service",
    exhausted: str = "memory",
    allocations: tuple[dict[str, Any], ...] = (),
) -> DryRun:
    """The dry run of a job whose group `web` finds no place, in a cluster of these nodes."""
    job = {
        "ID": "web",
        "Namespace": "default",
        "Type": type_,
        "TaskGroups": [{"Name": "web", "Tasks": [{"Resources": {"MemoryMB": memory_mb}}]}],
    }
    plan = {
        "Annotations": {"DesiredTGUpdates": {"web": counts}},
        "FailedTGAllocs": {
            "web": {"NodesEvaluated": 1, "CoalescedFailures": missing - 1, "DimensionExhausted": {exhausted: 1}}
        },
    }
    around = Surroundings(list(nodes), [], list(allocations))
    return DryRun(job, plan, unplaced(plan, job, around), around)


def test_how_many_fit_and_what_the_freest_node_has() -> None:
    one, other = asked(node("a", 1000), node("b", 500), memory_mb=400, counts={"Place": 6}, missing=4).sentences()
    assert one == 'job "web", group web: 2 of 6 instances fit, 4 cannot be placed: memory is exhausted on 1 node'
    assert other.endswith("needs 400 MiB of memory; the freest node, a, has 900 MiB left, which is room for 2 of 6")


def test_a_need_that_no_node_meets_even_when_nothing_runs() -> None:
    told = asked(node("a", 1000), node("b", 500), memory_mb=4000, counts={"Place": 1}).sentences()
    assert told[1] == (
        'job "web", group web: an instance needs 4000 MiB of memory; the freest node, a, has 900 MiB left; no node is '
        "large enough: the largest, a, has 900 MiB in all"
    )


def test_who_holds_most() -> None:
    held = (allocation("a", 300, "one"), allocation("a", 200, "two"), allocation("b", 400, "small"))
    run = asked(node("a", 1000), node("b", 500), memory_mb=600, counts={"Place": 1}, allocations=held)
    assert run.sentences()[1].endswith('a, has 400 MiB left. Most is held by: job "one" 300, job "two" 200')
    assert run.advice() == MAY_WAIT


@pytest.mark.parametrize(("counts", "advice"), [({"Canary": 1}, CANARY_BESIDE), ({"Place": 1}, MAY_WAIT)])
def test_what_the_jobs_own_instance_holds(counts: dict[str, int], advice: str) -> None:
    run = asked(node("a"), memory_mb=600, counts=counts, allocations=(allocation("a", 600),))
    assert run.sentences()[1].endswith("Most is held by: the running instance of this job 600")
    assert run.advice() == advice


def test_a_port_and_who_has_it() -> None:
    taken = "network: reserved port collision http=8080"
    held = (allocation("a", 10, "other", port=8080),)
    run = asked(node("a"), memory_mb=10, counts={"Place": 1}, exhausted=taken, allocations=held)
    [sentence] = run.sentences()
    assert sentence.endswith('cannot be placed: static port 8080 ("http") is taken on 1 node, by job "other"')
    assert run.held_by(Holder("default", "other"))
    assert not run.held_by(Holder("default", "web"))
    own = asked(
        node("a"), memory_mb=10, counts={"Canary": 1}, exhausted=taken, allocations=(allocation("a", 10, port=8080),)
    )
    assert own.sentences()[0].endswith("by the running instance of this job")
    assert own.advice() == CANARY_BESIDE


def test_a_port_that_the_node_keeps_for_itself() -> None:
    kept = node("a", ReservedResources={"Networks": {"ReservedHostPorts": "22,8000-8100"}})
    taken = "network: reserved port collision http=8080"
    run = asked(kept, memory_mb=10, counts={"Place": 1}, exhausted=taken)
    assert run.sentences()[0].endswith("is taken on 1 node: the node's configuration reserves it (reserved_ports)")


def test_instances_that_collide_already() -> None:
    run = asked(node("a"), memory_mb=10, counts={"Place": 1}, exhausted="network: port collision")
    assert run.sentences()[0].endswith(
        "instances on node a have the same port already, and Nomad places nothing beside them"
    )


def test_a_system_job_names_the_nodes_that_lack_room() -> None:
    nodes = (node("a", 500), node("b", 5000), node("c", 5000))
    run = asked(*nodes, memory_mb=600, counts={"Place": 2}, type_="system")
    assert run.partly
    assert run.sentences() == [
        'job "web", group web: 1 of 3 nodes cannot take an instance: memory is exhausted on 1 node',
        'job "web", group web: an instance needs 600 MiB of memory; node a has 400 MiB left',
    ]
    # Nomad 1.10 counts the node that cannot take one among those to place on.
    assert asked(*nodes, memory_mb=600, counts={"Place": 3}, type_="system").partly
    assert not asked(*nodes, memory_mb=9000, counts={"Place": 0}, missing=3, type_="system").partly
    # Its own instance makes room for its successor.
    own = asked(*nodes, memory_mb=600, counts={"Place": 2}, type_="system", allocations=(allocation("b", 4800),))
    assert own.sentences()[1].endswith("; node a has 400 MiB left")


def test_nodes_that_take_no_instances_are_named() -> None:
    closed = [node("a", Status="down"), node("b", Drain=True), node("c")]
    plan = {"FailedTGAllocs": {"web": {"NodesEvaluated": 0, "NodesAvailable": {"dc1": 0}}}}
    [one] = unplaced(plan, {"ID": "web", "TaskGroups": []}, Surroundings([], closed))
    assert one.reasons[0].text == (
        "no node was eligible in node pool default; ready nodes by the job's datacenters: none (node a is down, node b "
        "is draining, node c is not eligible for new instances)"
    )


def test_what_only_a_dispatched_run_can_meet() -> None:
    of_run = "${node.unique.id} = ${NOMAD_META_node}"
    assert only_of_a_run({"ConstraintFiltered": {of_run: 1}})
    assert not only_of_a_run({"ConstraintFiltered": {of_run: 1, "missing drivers": 1}})
    assert not only_of_a_run({"ConstraintFiltered": {of_run: 1}, "DimensionExhausted": {"cpu": 1}})
    assert not only_of_a_run({})


def test_nothing_is_explained_where_nothing_is_known() -> None:
    assert scarcity.explain({}, asked(memory_mb=10, counts={}).unplaced, Surroundings()) == []
