"""What cannot be placed is refused at preview in the words of the job: who lacks what, who holds it, how many fit."""

from typing import Any

import pytest

from tests.cluster.programs import job, use, write_job
from tests.cluster.project import Project
from tests.quick_engine.stack import Result, Stack

pytestmark = pytest.mark.cluster

BRIDGE = 'network mode "bridge" needs the CNI plugins, which node caravan lacks'
PODMAN = 'task "t" needs the driver "podman", which node caravan lacks (it has docker, java, mock_driver, raw_exec)'
GPU = 'task "t" needs the device "nvidia/gpu", which node caravan lacks (it has none)'
ELSEWHERE = 'constraint "${meta.which} = elsewhere" is not met by node caravan, which has nothing'


def of(name: str, group: dict[str, Any], **task: Any) -> dict[str, Any]:
    """A job with one group."""
    spec = job(name, "service", **task)
    spec["TaskGroups"][0] |= group
    return spec


def previewed(stack: Stack, spec: dict[str, Any], *, check: bool = False) -> Result:
    stack.write(f"nomad.Job('j', jobspec={write_job(stack.folder, 'job', spec)}, json=True, detach=True)")
    return stack.preview(check=check)


@pytest.mark.parametrize(
    ("group", "task", "reason"),
    [
        ({"Networks": [{"Mode": "bridge"}]}, {}, BRIDGE),
        (
            {"Networks": [{"Mode": "cni/mynet"}]},
            {},
            'network mode "cni/mynet" needs the CNI network "mynet", which node caravan lacks (it has none)',
        ),
        ({}, {"Driver": "podman", "Config": {"image": "x:1"}}, PODMAN),
        ({}, {"Resources": {"Devices": [{"Name": "nvidia/gpu"}]}}, GPU),
        (
            {"Volumes": {"data": {"Name": "data", "Type": "host", "Source": "db-data"}}},
            {},
            'volume "data" needs the host volume "db-data", which node caravan lacks (it has ',
        ),
        (
            {
                "Volumes": {
                    "data": {
                        "Name": "data",
                        "Type": "csi",
                        "Source": "ebs-1",
                        "AccessMode": "single-node-writer",
                        "AttachmentMode": "file-system",
                    }
                }
            },
            {},
            'there is no CSI volume "ebs-1"',
        ),
        (
            {"Networks": [{"DynamicPorts": [{"Label": "http", "HostNetwork": "lan"}]}]},
            {},
            'port "http" needs the host network "lan", which node caravan lacks (it has containers, default',
        ),
        ({}, {"KillSignal": "SIGUSR3"}, 'task "t" needs the signal SIGUSR3 (kill_signal), which node caravan lacks'),
        ({"Constraints": [{"LTarget": "${meta.which}", "Operand": "=", "RTarget": "elsewhere"}]}, {}, ELSEWHERE),
    ],
    ids=["bridge", "cni", "driver", "device", "host volume", "csi volume", "host network", "signal", "constraint"],
)
def test_what_nodes_lack(stack: Stack, group: dict[str, Any], task: dict[str, Any], reason: str) -> None:
    """Findings job-files 13 and RW-56: the reasons were the scheduler's own names."""
    refused = previewed(stack, of(stack.name, group, **task))
    assert refused.code != 0
    [failure] = refused.failures
    assert failure.startswith(f'job "{stack.name}", group g: 1 instance cannot be placed: {reason}')


def test_all_that_nodes_lack_is_said_at_once(stack: Stack) -> None:
    """Finding RW-56: only the first reason was said."""
    group = {
        "Networks": [{"Mode": "bridge"}],
        "Constraints": [{"LTarget": "${meta.which}", "Operand": "=", "RTarget": "elsewhere"}],
    }
    task = {"Driver": "podman", "Config": {"image": "x:1"}, "Resources": {"Devices": [{"Name": "nvidia/gpu"}]}}
    [failure] = previewed(stack, of(stack.name, group, **task)).failures
    assert f"cannot be placed: {BRIDGE}; {PODMAN}; {GPU}; {ELSEWHERE}\n" in failure


def test_how_many_instances_fit(stack: Stack) -> None:
    """Finding job-files 13: the sentence on the freest node contradicted the refusal."""
    [node] = [n for n in stack.nomad.call("GET", "/v1/nodes?resources=true") if n["NodePool"] == "default"]
    each = node["NodeResources"]["Memory"]["MemoryMB"] * 2 // 5
    [failure] = previewed(stack, of(stack.name, {"Count": 6}, Resources={"CPU": 20, "MemoryMB": each})).failures
    assert "group g: 2 of 6 instances fit, 4 cannot be placed: memory is exhausted on 1 node\n" in failure
    assert "MiB left, which is room for 2 of 6" in failure


def test_a_node_that_is_too_small_for_ever(stack: Stack) -> None:
    [failure] = previewed(stack, of(stack.name, {}, Resources={"CPU": 20, "MemoryMB": 900_000})).failures
    assert "; no node is large enough: the largest, caravan, has " in failure


@pytest.mark.parametrize("may_wait", [False, True])
def test_a_datacenter_without_a_node_yet(stack: Stack, may_wait: bool) -> None:
    """Finding job-files 7: with nomad:waitForPlace it was refused, and said to be registered."""
    stack.config["nomad:waitForPlace"] = str(may_wait).lower()
    told = previewed(stack, {**job(stack.name, "service"), "Datacenters": ["dc9"]})
    assert 'no node is in datacenter "dc9"; there are nodes in dc1' in told.text
    assert ("It is registered all the same (nomad:waitForPlace)" in told.text) is may_wait
    assert ("Nothing was registered" in told.text) is not may_wait
    assert (told.code == 0) is may_wait
    if may_wait:
        stack.up()
        assert stack.nomad.job(stack.name)["Status"] == "pending"


def test_a_name_that_nomad_gives_itself_is_said_once(stack: Stack) -> None:
    """Finding job-files 13: `job "web": job "web" is in nonexistent node pool`."""
    refused = previewed(stack, {**job(stack.name, "service"), "NodePool": "no-such-pool"})
    assert refused.failures == [f'job "{stack.name}" is in nonexistent node pool "no-such-pool"']


def with_port(name: str, value: str = "1") -> dict[str, Any]:
    """A job with a static port of the one address that the network of containers has."""
    port = {"Label": "http", "Value": 9987, "HostNetwork": "containers"}
    return of(name, {"Networks": [{"ReservedPorts": [port]}]}, Env={"VALUE": value})


def test_a_port_that_another_job_has(stack: Stack) -> None:
    """Finding RW-19: by whom the port is taken was not said."""
    stack.nomad.register(with_port(f"{stack.name}-other"))
    [failure] = previewed(stack, with_port(stack.name)).failures
    assert f'static port 9987 ("http") is taken on 1 node, by job "{stack.name}-other"\n' in failure


@pytest.mark.parametrize("what", ["port", "distinct_hosts", "memory"])
def test_a_canary_that_needs_what_the_running_instance_has(stack: Stack, what: str) -> None:
    """Finding RW-20: neither who holds it was said, nor that `canary = 0` is the way; waiting was advised."""
    spec = job(stack.name, "service")
    group = spec["TaskGroups"][0]
    if what == "port":
        spec = with_port(stack.name)
        group = spec["TaskGroups"][0]
        said = 'static port 9987 ("http") is taken on 1 node, by the running instance of this job'
    elif what == "distinct_hosts":
        spec["Constraints"] = [{"Operand": "distinct_hosts", "RTarget": "true"}]
        said = "distinct_hosts keeps its instances apart, and node caravan has one"
    else:
        [node] = [n for n in stack.nomad.call("GET", "/v1/nodes?resources=true") if n["NodePool"] == "default"]
        group["Tasks"][0]["Resources"]["MemoryMB"] = node["NodeResources"]["Memory"]["MemoryMB"] * 3 // 5
        said = "Most is held by: the running instance of this job "
    group["Update"] |= {"Canary": 1, "AutoPromote": True, "AutoRevert": True}
    previewed(stack, spec, check=True)
    stack.up()
    group["Tasks"][0]["Env"] = {"VALUE": "2"}
    [failure] = previewed(stack, spec).failures
    assert said in failure
    assert "With update.canary = 0 (in service.yaml: rollout.canary: 0)" in failure
    assert "nomad:waitForPlace" not in failure

    group["Update"] |= {"Canary": 0, "AutoPromote": False}
    previewed(stack, spec, check=True)
    stack.up()


def test_a_job_that_replaces_the_one_that_holds_its_port(stack: Stack) -> None:
    """Finding RW-19: `delete_before_replace` was refused all the same, and described as its opposite."""
    previewed(stack, with_port(stack.name), check=True)
    stack.up()
    other = f"{stack.name}-2"
    told = previewed(stack, with_port(other), check=True)
    assert f'what it lacks is held by job "{stack.name}", which it replaces' in told.text
    assert "delete_before_replace=True" in told.text
    # The engine without that option: the old job still has the port, and keeps it.
    [failure] = stack.up(check=False).failures
    assert f'by job "{stack.name}"\n' in failure
    assert "Nothing was registered; what runs now is untouched." in failure
    assert stack.nomad.job(other) is None
    assert not stack.nomad.job(stack.name)["Stop"]


def test_delete_before_replace_makes_room_for_the_new_job(project: Project) -> None:
    """Finding RW-19: with `delete_before_replace` the preview refused what the deletion was going to free."""

    def program(name: str) -> None:
        text = write_job(project.folder, "job", with_port(name))
        options = "opts=pulumi.ResourceOptions(delete_before_replace=True)"
        use(project, f"nomad.Job('j', jobspec={text}, json=True, purge_on_destroy=True, {options})\n")

    program(project.name)
    project.up()
    program(f"{project.name}-2")
    told = project.up()
    assert f'what it lacks is held by job "{project.name}", which it replaces' in told.text
    assert project.nomad.job(project.name) is None
    assert project.nomad.running(f"{project.name}-2")
    project.preview("--expect-no-changes")
