"""The comparison of two jobs, key by key, without any Nomad."""

from typing import Any

import pytest

from providers.nomad.client import Json
from providers.nomad.job_difference import differences
from providers.words import MASK

SECOND = 10**9


def job(**parts: Any) -> Json:
    """A job with one group and one task; `parts`: of the job, `group_` and `task_` those of the group and the task."""
    task = {k.removeprefix("task_"): v for k, v in parts.items() if k.startswith("task_")}
    inner = {k.removeprefix("group_"): v for k, v in parts.items() if k.startswith("group_")}
    rest = {k: v for k, v in parts.items() if not k.startswith(("task_", "group_"))}
    return {"ID": "web", **rest, "TaskGroups": [{"Name": "web", **inner, "Tasks": [{"Name": "app", **task}]}]}


def lines(before: Json, after: Json) -> list[str]:
    return [one.change.text() for one in differences(before, after)]


def check(path: str, **more: Any) -> Json:
    return {"Type": "http", "Path": path, "Interval": 10 * SECOND, "Timeout": SECOND, **more}


def artifact(number: int) -> Json:
    return {"GetterSource": f"http://h/{number}"}


def upstream(port: int) -> Json:
    return {"DestinationName": "db", "LocalBindPort": port}


def template(path: str) -> Json:
    return {"DestPath": path, "EmbeddedTmpl": path, "Envvars": True}


def mesh(tags: list[str], *upstreams: Json) -> list[Json]:
    sidecar = {"Tags": tags, "Proxy": {"Upstreams": list(upstreams)}}
    return [{"Name": "s", "Connect": {"SidecarService": sidecar}}]


SCRIPT = {"Type": "script", "Command": "/bin/true", "Interval": SECOND, "Timeout": SECOND}
RESTART = {"Limit": 3, "IgnoreWarnings": True}
TASK = "group web, task app: "

KINDS = [
    pytest.param(
        job(task_Artifacts=[artifact(1), artifact(2)]),
        job(task_Artifacts=[artifact(9), artifact(2)]),
        [f'{TASK}Artifact(local/).GetterSource "http://h/1" → "http://h/9"'],
        id="1a the first of two artifacts with one destination",
    ),
    pytest.param(
        job(group_Services=[{"Name": "s", "Checks": [check("/a"), check("/b")]}]),
        job(group_Services=[{"Name": "s", "Checks": [check("/c"), check("/b")]}]),
        ['group web: Service(s).Check.Path "/a" → "/c"'],
        id="1b the first of two checks without a name",
    ),
    pytest.param(
        job(group_Update={"Stagger": 10 * SECOND}),
        job(group_Update={"Stagger": 20 * SECOND}),
        ["group web: Update.Stagger 10s → 20s"],
        id="1c stagger of a group",
    ),
    pytest.param(
        job(Update={"Stagger": 10 * SECOND}),
        job(Update={"Stagger": 20 * SECOND}),
        ["group web: Update.Stagger 10s → 20s"],
        id="1c stagger of the job, at each group that takes it",
    ),
    pytest.param(
        job(Update={"Stagger": 10 * SECOND}, group_Update={"Stagger": 5 * SECOND}),
        job(Update={"Stagger": 20 * SECOND}, group_Update={"Stagger": 5 * SECOND}),
        ["Update.Stagger 10s → 20s"],
        id="1c stagger of the job that no group takes",
    ),
    pytest.param(
        job(task_ScalingPolicies=[{"Type": "vertical_cpu", "Max": 500}]),
        job(task_ScalingPolicies=[{"Type": "vertical_cpu", "Max": 600}]),
        [f'{TASK}Scaling(vertical_cpu).Max "500" → "600"'],
        id="1d scaling of a task",
    ),
    pytest.param(
        job(group_Services=mesh(["a"])),
        job(group_Services=mesh(["b"])),
        ['group web: Service(s).Connect.SidecarService.Tags "a" → "b"'],
        id="1e tags of a sidecar",
    ),
    pytest.param(
        job(group_Services=[{"Name": "s", "Checks": [{**SCRIPT, "Args": ["a", "b"]}]}]),
        job(group_Services=[{"Name": "s", "Checks": [{**SCRIPT, "Args": ["b", "a"]}]}]),
        ['group web: Service(s).Check.Args "["a", "b"]" → "["b", "a"]"'],
        id="1f arguments of a script check without a name",
    ),
    pytest.param(
        job(group_Services=mesh([], upstream(1), upstream(2))),
        job(group_Services=mesh([], upstream(3), upstream(2))),
        ['group web: Service(s).Connect.SidecarService.Proxy.Upstream(db).LocalBindPort "1" → "3"'],
        id="1g two upstreams of one destination",
    ),
    pytest.param(
        job(task_Templates=[template("local/a"), template("local/b")]),
        job(task_Templates=[template("local/b"), template("local/a")]),
        [f'{TASK}Template order "local/a, local/b" → "local/b, local/a"'],
        id="1h templates with env, of which the later one wins",
    ),
    pytest.param(
        job(task_Actions=[{"Name": "x", "Args": ["a", "b"]}]),
        job(task_Actions=[{"Name": "x", "Args": ["a", "b", "a"]}]),
        [f'{TASK}Action(x).Args "["a", "b"]" → "["a", "b", "a"]"'],
        id="1 an argument once more",
    ),
]


@pytest.mark.parametrize(("before", "after", "told"), KINDS)
def test_the_kinds_that_were_lost(before: Json, after: Json, told: list[str]) -> None:
    """Finding job-files 1."""
    assert lines(before, after) == told
    assert lines(before, before) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (job(Datacenters=["dc1"]), job(Datacenters=["dc2"]), ['Datacenters "dc1" → "dc2"']),
        (job(Datacenters=["a", "b"]), job(Datacenters=["b", "c", "d"]), None),
        (
            job(group_Disconnect={"LostAfter": 3600 * SECOND}),
            job(group_Disconnect={"LostAfter": 90 * SECOND}),
            ["group web: Disconnect.LostAfter 1h → 90s"],
        ),
        (
            job(task_Templates=[{"DestPath": "a", "Wait": {"Min": SECOND, "Max": 2 * SECOND}}]),
            job(task_Templates=[{"DestPath": "a", "Wait": {"Min": SECOND, "Max": 3 * SECOND}}]),
            [f"{TASK}Template(a).Wait.Max 2s → 3s"],
        ),
        (
            job(task_Resources={"Devices": [{"Name": "a"}]}),
            job(task_Resources={"Devices": [{"Name": "b"}]}),
            [f'{TASK}Resources.Device(b).Name "a" → "b"'],
        ),
        (
            job(group_Services=[{"Name": "a", "Checks": [check("/")]}]),
            job(group_Services=[{"Name": "b", "Checks": [check("/")]}]),
            ['group web: Service(b).Name "a" → "b"'],
        ),
        (job(group_Services=[{"Name": "s"}]), job(group_Services=[{"Name": "s", "Connect": {"Native": True}}]), None),
        (job(), job(task_Vault={}), [f'{TASK}Vault + "{{}}"']),
        (job(task_Env={"A": ""}), job(), [f'{TASK}Env[A] - ""']),
        (
            job(task_Config={"port": 1, "deep": [{"a": True}]}),
            job(task_Config={"port": "1", "deep": [{"a": 1}]}),
            [f'{TASK}Config.deep[0][a] "true" → "1"', f'{TASK}Config.port "1" → ""1""'],
        ),
        (job(task_User="a", task_Leader=False), job(task_Leader=True), None),
        (
            job(group_Volumes={"data": {"Type": "host", "Source": "a"}}),
            job(group_Volumes={"data": {"Type": "host", "Source": "b"}}),
            ['group web: Volume(data).Source "a" → "b"'],
        ),
        (job(), {"ID": "web", "TaskGroups": [{"Name": "web", "Tasks": []}]}, [f'{TASK}the whole task - "app"']),
        (job(), {"ID": "web"}, ['group web: the whole group - "web"']),
    ],
)
def test_a_line_is_readable(before: Json, after: Json, told: list[str] | None) -> None:
    """Finding job-files 14."""
    found = lines(before, after)
    assert found == told if told is not None else len(found) > 1 or found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            job(task_CSIPluginConfig={"ID": "a", "MountDir": ""}),
            job(task_CSIPluginConfig={"ID": "a", "MountDir": "/csi"}),
        ),
        (
            job(task_CSIPluginConfig={"ID": "a", "HealthTimeout": 0, "StagePublishBaseDir": ""}),
            job(task_CSIPluginConfig={"ID": "a", "HealthTimeout": 30 * SECOND, "StagePublishBaseDir": "/local/csi"}),
        ),
        (
            job(group_Services=[{"Name": "s", "Connect": {"Native": True}, "Checks": [check("/")]}]),
            job(
                group_Services=[
                    {
                        "Name": "s",
                        "TaskName": "app",
                        "Connect": {"Native": True},
                        "Checks": [check("/", TaskName="app")],
                    }
                ]
            ),
        ),
        (
            job(group_Services=[{"Name": "s", "Checks": [check("/")]}]),
            job(group_Services=[{"Name": "s", "Checks": [check("/", Name='service: "s" check')]}]),
        ),
        (
            job(group_Services=[{"Name": "s", "CheckRestart": RESTART, "Checks": [check("/", CheckRestart=RESTART)]}]),
            job(
                group_Services=[
                    {
                        "Name": "s",
                        "CheckRestart": RESTART,
                        "Checks": [check("/", CheckRestart={"Limit": 0, "IgnoreWarnings": False})],
                    }
                ]
            ),
        ),
        (job(group_Services=[{"Name": "${JOB}-x"}]), job(group_Services=[{"Name": "web-x"}])),
        (job(Constraints=[{"LTarget": "a"}, {"LTarget": "b"}]), job(Constraints=[{"LTarget": "b"}, {"LTarget": "a"}])),
        (job(task_Artifacts=[artifact(1)]), job(task_Artifacts=[{**artifact(1), "RelativeDest": "local/"}])),
        (job(task_Config={"a": 1.0, "b": None}), job(task_Config={"a": 1})),
        (job(Reschedule={"Delay": 7}), job(group_ReschedulePolicy={"Delay": 7})),
        (job(UI={"Links": [{"Label": "a", "URL": "b"}]}), job(UI={"Links": [{"Label": "a", "Url": "b"}]})),
        (job(task_KillTimeout=0), job(task_KillTimeout=5 * SECOND)),
        (job(), job(group_MaxClientDisconnect=5, group_PreventRescheduleOnLost=False)),
    ],
)
def test_the_same_job_in_other_words(one: Json, other: Json) -> None:
    """Findings job-files 4, 5 and 10a."""
    assert lines(one, other) == lines(other, one) == []


def test_what_nomad_has_added_is_no_change() -> None:
    implied = {"LTarget": "${attr.consul.version}", "Operand": "semver", "RTarget": ">= 1.8.0"}
    rule = {"LTarget": "${attr.consul.version}", "Operand": "semver", "RTarget": ">= 1.9.0"}
    port = {"Label": "connect-proxy-s", "To": -1}
    registered = job(
        group_Constraints=[implied],
        group_Networks=[{"DynamicPorts": [port]}],
        group_Services=[{"Name": "s", "Identity": {"Name": "consul-service_s", "Audience": ["consul.io"]}}],
        task_Constraints=[implied],
        task_Identities=[{"Name": "vault_default"}],
        task_Kind="connect-native:s",
    )
    assert lines(registered, job(group_Networks=[{}], group_Services=[{"Name": "s"}])) == []
    assert lines(job(group_Constraints=[rule]), job()) != []


def test_an_inherited_change_is_told_where_it_is_made() -> None:
    before = job(group_RestartPolicy={"Attempts": 1})
    after = job(group_RestartPolicy={"Attempts": 2})
    assert lines(before, after) == ['group web: RestartPolicy.Attempts "1" → "2"']


@pytest.mark.parametrize(
    "part",
    [
        {"task_Env": {"API_TOKEN": "%s"}},
        {"task_Config": {"auth": [{"password": "%s"}]}},
        {"Meta": {"db_password": "%s"}},
        {"task_Artifacts": [{"GetterSource": "x", "GetterHeaders": {"Authorization": "%s"}}]},
        {"group_Services": [{"Name": "s", "Checks": [check("/", Header={"X-Auth": ["%s"]})]}]},
        {"task_Secrets": [{"Name": "s", "Config": {"token": "%s"}, "Env": {"KEY_SECRET": "%s"}}]},
        {"task_Env": {"URL": "postgres://me:%s@db"}},
        {"group_Services": mesh([], {"DestinationName": "d", "Config": {"credential": "%s"}})},
    ],
)
def test_secret_values_are_masked(part: Json) -> None:
    def with_secret(text: str) -> Json:
        def filled(value: Any) -> Any:
            if isinstance(value, str):
                return value.replace("%s", text)
            if isinstance(value, list):
                return [filled(item) for item in value]
            return {k: filled(v) for k, v in value.items()} if isinstance(value, dict) else value

        return job(**{key: filled(value) for key, value in part.items()})

    found = lines(with_secret("s3cret-1"), with_secret("s3cret-2"))
    assert found
    assert all(MASK in line and "s3cret" not in line for line in found)
    assert all(MASK not in line or "s3cret" not in line for line in lines(job(), with_secret("s3cret-1")))
