"""The verdict of a preview fits the kind of the job: those that start later, that end, that run on every node."""

import re
from typing import Any

import pytest

from tests.cluster.programs import job, write_job
from tests.cluster.second_node import second_node
from tests.quick_engine.stack import Stack
from toolchain.waiting import wait_until

pytestmark = pytest.mark.cluster

PERIODIC = {"Crons": ["@daily"], "TimeZone": "America/New_York"}


def declare(stack: Stack, spec: dict[str, Any], **inputs: Any) -> None:
    given = "".join(f", {name}={value!r}" for name, value in inputs.items())
    stack.write(f"nomad.Job('j', jobspec={write_job(stack.folder, 'job', spec)}, json=True{given})")


def hcl(stack: Stack, text: str) -> None:
    stack.write(f"nomad.Job('j', jobspec={text!r})")


def periodic(name: str, crons: list[str], **task: Any) -> dict[str, Any]:
    spec = {"Specs": crons, "SpecType": "cron", "TimeZone": "America/New_York", "Enabled": True}
    return {**job(name, "batch", **task), "Periodic": spec}


def test_a_parameterized_job_whose_constraint_a_dispatch_meets(stack: Stack) -> None:
    """Finding job-files 8: it could never be deployed."""
    spec = job(stack.name, "batch")
    spec |= {
        "ParameterizedJob": {"MetaRequired": ["node"]},
        "Constraints": [{"LTarget": "${node.unique.id}", "Operand": "=", "RTarget": "${NOMAD_META_node}"}],
    }
    declare(stack, spec)
    told = stack.preview()
    assert "nothing starts now: runs are dispatched" in told.text
    assert "placed" not in told.text
    assert "scheduler:" not in told.text
    stack.up()
    assert stack.preview().unchanged


@pytest.mark.parametrize("kind", ["periodic", "parameterized"])
def test_what_is_missing_now_is_a_warning_for_a_job_that_starts_later(stack: Stack, kind: str) -> None:
    """Finding job-files 8: a periodic job was refused for what was missing at that minute."""
    spec = periodic(stack.name, ["@daily"], Driver="podman", Config={"image": "x:1"})
    if kind == "parameterized":
        del spec["Periodic"]
        spec["ParameterizedJob"] = {}
    declare(stack, spec)
    told = stack.preview()
    assert 'task "t" needs the driver "podman", which node caravan lacks' in told.text
    assert f"A {kind} job starts nothing until it is" in told.text
    assert "progress deadline" not in told.text
    stack.up()
    assert stack.nomad.job(stack.name) is not None


def test_a_periodic_job_says_when_it_is_due_next(stack: Stack) -> None:
    """Finding RW-31: `1 create` where nothing is created, and never the next launch."""
    declare(stack, periodic(stack.name, ["@daily"]))
    due = r'nothing starts now: runs are launched "@daily", the next at \d{4}-\d\d-\d\d 00:00 America/New_York'
    assert re.search(f"{due}$", stack.preview().text, re.M)
    stack.up()
    declare(stack, periodic(stack.name, ["@daily"], Env={"A": "1"}))
    changed = stack.preview().text
    assert re.search(f"{due}; the change is for them, and runs that go on keep the version they have$", changed, re.M)
    assert "scheduler:" not in changed


def test_a_cron_of_six_fields_is_warned_of(stack: Stack) -> None:
    """Finding RW-31: Nomad takes the sixth field for the year, not the first for seconds."""
    declare(stack, periodic(stack.name, ["*/10 * * * * *"]))
    assert '"*/10 * * * * *" has six fields, of which Nomad takes the first for minutes' in stack.preview().text
    declare(stack, periodic(stack.name, ["*/10 * * * * * *", "*/10 * * * *"]))
    assert "six fields" not in stack.preview().text


def test_a_batch_job_is_stopped_before_its_end_or_runs_again(stack: Stack) -> None:
    """Finding RW-30: the warnings were on serving and canaries."""
    spec = job(stack.name, "batch")
    declare(stack, spec)
    stack.up()
    spec["TaskGroups"][0]["Tasks"][0]["Config"] = {"command": "/bin/true"}
    declare(stack, spec)
    told = stack.preview().text
    text = "group g: 1 running instance is stopped before the end, and the new version runs from its beginning"
    assert text in told
    assert "canary" not in told
    stack.up()
    assert wait_until(lambda: stack.nomad.job(stack.name)["Status"] == "dead", 20.0)
    spec["TaskGroups"][0]["Tasks"][0]["Env"] = {"A": "1"}
    declare(stack, spec)
    assert "group g: runs again, 1 instance: what ran before has ended" in stack.preview().text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Type": "sysbatch"}, "the job's type from batch to sysbatch"),
        ({"Periodic": {"Specs": ["@daily"], "SpecType": "cron"}}, "a job that is not periodic into one that is."),
        ({"ParameterizedJob": {}}, "a job that is not parameterized into one that is."),
    ],
)
def test_what_nomad_never_changes_is_refused_at_preview(stack: Stack, change: dict[str, Any], said: str) -> None:
    """Finding RW-31 (X2): the preview passed it, and each `up` failed."""
    declare(stack, job(stack.name, "batch"), detach=True)
    stack.up()
    declare(stack, {**job(stack.name, "batch"), **change}, detach=True)
    [failure] = stack.preview(check=False).failures
    assert f'job "{stack.name}": Nomad does not change {said}' in failure
    [command] = re.findall(r"nomad job stop -purge -namespace default \S+", failure)
    assert command.split()[-1] == stack.name
    # The way out that the sentence names.
    stack.nomad.purge(stack.name)
    stack.up()
    assert stack.preview().unchanged


def test_a_system_job_that_one_node_of_two_cannot_take(stack: Stack) -> None:
    """Finding job-files 13: it was refused as a whole; now both preview and `up` say on which node it lacks what."""
    with second_node(stack.folder, stack.nomad, node_pool=stack.name):
        [first, second] = sorted(
            (n for n in stack.nomad.call("GET", "/v1/nodes?resources=true")), key=lambda node: node["Name"]
        )
        assert (first["Name"], second["Name"]) == ("caravan", "second")
        # The first node keeps 128 MiB for itself.
        size = second["NodeResources"]["Memory"]["MemoryMB"] - 10
        spec = {**job(stack.name, "system", Resources={"CPU": 20, "MemoryMB": size}), "NodePool": "all"}
        spec["TaskGroups"][0]["Update"] = {"MinHealthyTime": 10**9, "HealthyDeadline": 15 * 10**9}
        declare(stack, spec)
        told = stack.preview()
        assert "group g: 1 of 2 nodes cannot take an instance: memory is exhausted on 1 node" in told.text
        assert f"an instance needs {size} MiB of memory; node caravan has " in told.text
        assert "Nomad runs it on the other nodes" in told.text
        ended = stack.up()
        assert f'Job "{stack.name}" version 0 runs, but not on every node' in ended.text
        assert len(stack.nomad.running(stack.name)) == 1
        assert stack.preview().unchanged
        spec["TaskGroups"][0]["Tasks"][0]["Env"] = {"A": "1"}
        declare(stack, spec)
        told = stack.preview()
        text = (
            "group g: on 1 node the instance is replaced, 1 at a time, each stopped before its successor starts; 0 keep"
        )
        assert text in told.text
        assert "update.canary" not in told.text


def test_the_canaries_of_a_system_job_are_told_as_what_they_are(stack: Stack) -> None:
    """A system job's canary takes the place of the node's old instance."""
    with second_node(stack.folder, stack.nomad, node_pool=stack.name):
        spec = {**job(stack.name, "system"), "NodePool": "all"}
        times = {"MinHealthyTime": 10**9, "HealthyDeadline": 15 * 10**9, "ProgressDeadline": 20 * 10**9}
        spec["TaskGroups"][0]["Update"] = {**times, "Canary": 50, "AutoPromote": True}
        declare(stack, spec)
        stack.up()
        spec["TaskGroups"][0]["Tasks"][0]["Env"] = {"A": "1"}
        declare(stack, spec)
        assert (
            "group g: 1 node of 2 gets the new version first, its old instance stopped before; 1 other node keeps "
            "serving until then"
        ) in stack.preview().text


def test_a_value_that_differs_each_time_is_said(stack: Stack) -> None:
    """Finding job-files 6: the preview showed a value that nobody registered, without a word."""
    body = (
        'type = "batch"\n  group "g" {\n    task "t" {\n      driver = "raw_exec"\n'
        '      config {\n        command = "/bin/sleep"\n        args = ["600"]\n      }\n    }\n  }\n'
    )
    hcl(stack, f'job "{stack.name}" {{\n  meta {{\n    run = uuidv4()\n  }}\n  {body}}}\n')
    said = "uuidv4() gives another value each time the jobspec is read"
    assert f"{said}: `pulumi up`, also with a saved plan, registers another Meta.run" in stack.preview().text
    stack.up()
    registered = stack.nomad.job(stack.name)
    # An unchanged text is no change, also where others have registered the very same job again.
    assert stack.preview().unchanged
    stack.nomad.register({**registered, "Priority": 60})
    stack.nomad.register(registered)
    again = stack.preview()
    assert again.unchanged
    assert "changed outside" not in again.text


def test_a_file_function_comes_with_the_way_out(stack: Stack) -> None:
    """Findings job-files 13 and RW-08: Nomad's words only, of a file that the user does not have."""
    hcl(stack, f'job "{stack.name}" {{\n  meta {{\n    a = file("x.txt")\n  }}\n}}\n')
    [failure] = stack.preview(check=False).failures
    assert failure == (
        "Nomad cannot parse the jobspec: line 3, column 9 of the jobspec: Error in function call; the function "
        '"file" cannot read files here. Nomad parses the jobspec on the server, which does not see your files: read '
        "the file in your program and put its text in the jobspec or in hcl2.vars."
    )
