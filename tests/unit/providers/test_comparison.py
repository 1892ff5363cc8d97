"""Diffs without noise, and with what Nomad does not look at. The shapes are those of Nomad's own plans."""

from typing import Any

import pytest

from providers.nomad.client import Json
from providers.nomad.comparison import compared
from providers.nomad.plan import changes
from providers.words import MASK
from tests.unit.providers.nomad_stub import FakeNomad


def value(name: str, old: str, new: str) -> Json:
    kind = "None" if old == new else "Added" if not old else "Deleted" if not new else "Edited"
    return {"Type": kind, "Name": name, "Old": old, "New": new}


def block(kind: str, name: str, *parts: Json, **values: tuple[str, str] | str) -> Json:
    """An object of a diff; a value is (old, new), or one text that stands on the side where the object does."""
    before, after = kind != "Added", kind != "Deleted"
    pairs = {key: (given * before, given * after) if isinstance(given, str) else given for key, given in values.items()}
    fields = [value(key, *pair) for key, pair in pairs.items()]
    return {"Type": kind, "Name": name, "Fields": fields, "Objects": list(parts)}


def group(*objects: Json, tasks: list[Json] | None = None, name: str = "web") -> Json:
    edited = {"Type": "Edited", "Name": name, "Objects": list(objects), "Tasks": tasks or []}
    return {"Type": "Edited", "TaskGroups": [edited]}


async def shown(diff: Json, job: Json | None = None, current: Json | None = None) -> list[str]:
    nomad = FakeNomad(plan={"Diff": diff})
    plan = await compared(nomad.client, job or {}, current or {})
    return [change.text() for change in changes(plan)]


async def test_a_changed_port_is_one_line() -> None:
    def port(kind: str, label: str, to: str) -> Json:
        return block(kind, "Dynamic Port", Label=label, To=to, HostNetwork="default")

    diff = group(
        block("Added", "Network", port("Added", "http", "9090"), port("Added", "admin", "1"), Mode="host"),
        block("Deleted", "Network", port("Deleted", "admin", "1"), port("Deleted", "http", "8080"), Mode="host"),
    )
    assert await shown(diff) == ['group web: Network.Dynamic Port(http).To "8080" → "9090"']


async def test_another_order_is_none() -> None:
    diff = group(
        tasks=[
            {
                "Type": "Edited",
                "Name": "app",
                "Objects": [
                    block("Edited", "Action", Name=("a", "b"), Command=("/bin/a", "/bin/b")),
                    block("Edited", "Action", Name=("b", "a"), Command=("/bin/b", "/bin/a")),
                ],
            }
        ]
    )
    assert await shown(diff) == []


async def test_rules_that_have_nothing_in_common_are_removed_and_added() -> None:
    diff = group(
        block("Added", "Constraint", LTarget="${attr.cpu.arch}", Operand="=", RTarget="amd64"),
        block("Deleted", "Constraint", LTarget="${node.class}", Operand="!=", RTarget="slow"),
    )
    assert [line.split(" ", 3)[2:] for line in await shown(diff)] == [
        [f"Constraint({target}).{key}", f'{sign} "{text}"']
        for target, sign, texts in (("${node.class}", "-", ("!=", "slow")), ("${attr.cpu.arch}", "+", ("=", "amd64")))
        for key, text in zip(("LTarget", "Operand", "RTarget"), (target, *texts), strict=True)
    ]


async def test_an_object_that_only_gains_a_value_is_not_new() -> None:
    artifact = block("Added", "Artifact", RelativeDest=("local/a", "local/a"))
    artifact["Fields"].append(value("GetterMode", "", "file"))
    assert await shown(group(artifact)) == ['group web: Artifact(local/a).GetterMode + "file"']


async def test_what_a_check_takes_from_its_service_is_told_once() -> None:
    changed = ("require_healthy", "ignore")
    diff = group(block("Edited", "Service", block("Edited", "Check", Name="up", OnUpdate=changed), OnUpdate=changed))
    assert await shown(diff) == ['group web: Service.OnUpdate "require_healthy" → "ignore"']


SIGNALS = block("Added", "Constraint", LTarget="${attr.os.signals}", Operand="set_contains", RTarget="SIGINT")


async def test_a_constraint_that_nomad_adds_by_itself_is_left_out_beside_its_cause() -> None:
    task = {"Type": "Edited", "Name": "app", "Fields": [value("KillSignal", "", "SIGINT")]}

    assert await shown(group(SIGNALS, tasks=[task])) == ['group web, task app: KillSignal + "SIGINT"']
    assert len(await shown(group(SIGNALS))) == 3
    rule = {"LTarget": "${attr.os.signals}", "Operand": "set_contains", "RTarget": "SIGINT"}
    written = job(group_Constraints=[rule], task_KillSignal="SIGINT")
    assert len(await shown(group(SIGNALS, tasks=[task]), written, job())) == 4


@pytest.mark.parametrize("secret", ["Env[API_KEY]", "Config.auth[0][password]", "Meta[token]"])
async def test_only_names_of_the_users_can_be_secret(secret: str) -> None:
    diff = {"Type": "Edited", "Fields": [value(secret, "a", "b"), value("SuccessBeforePassing", "1", "2")]}
    assert await shown(diff) == [f"{secret} {MASK} → {MASK}", 'SuccessBeforePassing "1" → "2"']


def job(**parts: Any) -> Json:
    """A job with one group and one task; `parts`: of the job, `group_` and `task_` those of the group and the task."""
    task = {k.removeprefix("task_"): v for k, v in parts.items() if k.startswith("task_")}
    inner = {k.removeprefix("group_"): v for k, v in parts.items() if k.startswith("group_")}
    rest = {k: v for k, v in parts.items() if not k.startswith(("task_", "group_"))}
    return {**rest, "TaskGroups": [{"Name": "web", **inner, "Tasks": [{"Name": "app", **task}]}]}


UNNAMED = {
    "Type": "Edited",
    "TaskGroups": [{"Type": "Edited", "Name": "web", "Tasks": [{"Type": "Edited", "Name": "app"}]}],
}
"""What Nomad says of a difference for which its diff has no field."""
SAME = {"Type": "None", "TaskGroups": [{"Type": "None", "Name": "web", "Tasks": [{"Type": "None", "Name": "app"}]}]}
SPREAD = {"Attribute": "${node.datacenter}", "Weight": 50, "SpreadTarget": [{"Value": "dc1", "Percent": 10}]}
RESTART = {"Attempts": 2, "Delay": 15 * 10**9, "Interval": 1800 * 10**9, "Mode": "fail", "RenderTemplates": False}
CHECK = {"Name": "up", "Type": "script", "Args": ["a", "b"]}
RULE = {"LTarget": "a", "Operand": "=", "RTarget": "1"}
TEMPLATE = {"DestPath": "local/a", "ChangeScript": {"Args": ["a", "b"]}}


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (
            job(Spreads=[SPREAD]),
            job(Spreads=[{**SPREAD, "Weight": 80}]),
            'Spread(${node.datacenter}).Weight "50" → "80"',
        ),
        (
            job(group_Spreads=[SPREAD]),
            job(group_Spreads=[{**SPREAD, "Weight": None, "SpreadTarget": [{"Value": "dc1", "Percent": 20}]}]),
            'group web: Spread(${node.datacenter}).SpreadTarget(dc1).Percent "10" → "20"',
        ),
        (
            job(task_Lifecycle={"Hook": "prestart", "Sidecar": False}),
            job(task_Lifecycle={"Hook": "poststart"}),
            'group web, task app: Lifecycle.Hook "prestart" → "poststart"',
        ),
        (
            job(Type="service", group_RestartPolicy=RESTART, task_RestartPolicy=RESTART),
            job(Type="service", task_RestartPolicy={"Attempts": 5}),
            'group web, task app: RestartPolicy.Attempts "2" → "5"',
        ),
        (
            job(group_Services=[{"Name": "s", "Checks": [CHECK]}]),
            job(group_Services=[{"Name": "s", "Checks": [{**CHECK, "Args": ["b"]}]}]),
            'group web: Service(s).Check(up).Args "["a", "b"]" → "["b"]"',
        ),
        (
            job(task_Resources={"Devices": [{"Name": "gpu", "Constraints": [RULE]}]}),
            job(task_Resources={"Devices": [{"Name": "gpu", "Constraints": [{**RULE, "RTarget": "2"}]}]}),
            'group web, task app: Resources.Device(gpu).Constraint(a).RTarget "1" → "2"',
        ),
        (
            job(task_Templates=[TEMPLATE]),
            job(task_Templates=[{**TEMPLATE, "ChangeScript": {"Args": ["b", "a"]}}]),
            'group web, task app: Template(local/a).ChangeScript.Args "["a", "b"]" → "["b", "a"]"',
        ),
        (
            job(task_Actions=[{"Name": "x", "Args": ["a", "b"]}]),
            job(task_Actions=[{"Name": "x", "Args": ["b", "a"]}]),
            'group web, task app: Action(x).Args "["a", "b"]" → "["b", "a"]"',
        ),
    ],
)
async def test_what_nomads_diff_does_not_look_at_is_seen(before: Json, after: Json, line: str) -> None:
    assert await shown(UNNAMED, after, before) == [line]
    assert await shown(UNNAMED, before, before) == []


async def test_what_a_task_takes_from_its_group_is_the_groups_change() -> None:
    before = job(Type="service", group_RestartPolicy=RESTART, task_RestartPolicy=RESTART)
    after = job(Type="service", group_RestartPolicy={"Attempts": 7})
    assert await shown(UNNAMED, after, before) == ['group web: RestartPolicy.Attempts "2" → "7"']


async def test_a_new_job_is_left_as_it_is() -> None:
    nomad = FakeNomad(plan={"Diff": {"Type": "Added", "Fields": []}})
    assert await compared(nomad.client, job(Spreads=[SPREAD]), None) == {"Diff": {"Type": "Added", "Fields": []}}


async def test_another_name_of_a_port_that_nomad_adds_for_a_check_is_none() -> None:
    """Found by tests/cluster/test_every_change.py, with the seed 11: two checks in another order."""
    before, after = "svc_web_ck_8d184b", "svc_web_ck_1fd2a1"

    def port(kind: str, label: str) -> Json:
        return block(kind, "Dynamic Port", Label=label, To="-1", HostNetwork="default")

    def renamed(to: str) -> Json:
        network = block("Edited", "Network", port("Deleted", before), port("Added", to), Mode=("bridge", "bridge"))
        return group(network, block("Edited", "Check", Name=("up", "up"), PortLabel=(before, to)))

    assert await shown(renamed(after)) == []
    # With the seed 20: of two checks of one name the other one has a port of its own.
    swapped = [
        block("Edited", "Check", Name=("up", "up"), PortLabel=pair) for pair in ((before, "http"), ("http", after))
    ]
    assert await shown(group(*swapped)) == []


async def test_an_affinity_that_becomes_another_ones_double_is_a_change() -> None:
    """Found by tests/cluster/test_every_change.py, with the seed 13: Nomad names only what is gone."""

    def job(*attributes: str) -> Json:
        rules = [{"LTarget": "cpu", "Operand": "=", "RTarget": "x"}]
        wishes = [{"LTarget": attribute, "Operand": "=", "RTarget": "y", "Weight": 30} for attribute in attributes]
        return {"ID": "web", "Constraints": rules, "Affinities": wishes}

    gone = block("Deleted", "Affinity", LTarget="cpu", Operand="=", RTarget="y", Weight="30")
    diff = {"Type": "Edited", "Objects": [gone]}
    assert await shown(diff, job("disk", "disk"), job("cpu", "disk")) == ['Affinity(disk).LTarget "cpu" → "disk"']
