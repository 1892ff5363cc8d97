"""What people read of the scheduler's dry run, for plans recorded of one job with two instances and a canary."""

from typing import Any

import pytest

from providers.nomad.advice import Weight, replaces_instances, running, serving
from providers.nomad.plan import (
    MAX_VALUE_CHARS,
    Change,
    changes,
    describe,
    failed_placements,
    one_line,
    placement_reasons,
)
from providers.nomad.spec import OWNER_KEY, SERVICES_KEY
from providers.words import MASK
from tests.unit.providers.recordings import recorded

JOB: dict[str, Any] = {
    "TaskGroups": [{"Name": "web", "Update": {"MaxParallel": 1, "Canary": 1, "AutoPromote": True, "AutoRevert": True}}]
}


def described(name: str, *, secret: bool = False, new: bool = False) -> list[str]:
    return describe(recorded(f"plan-{name}"), secret=secret, new=new)


def test_an_update() -> None:
    long = "x" * MAX_VALUE_CHARS
    assert described("update") == [
        '  ~ Meta[team] + "x"',
        '  ~ Priority "50" → "60"',
        "  ~ group web: Update.MinHealthyTime 1s → 2500ms",
        "  ~ group web: Service.Check.Interval 1s → 1h",
        f"  ~ group web, task app: Env[DB_PASSWORD] {MASK} → {MASK}",
        '  ~ group web, task app: Env[LEVEL] "info" → "debug"',
        f'  ~ group web, task app: Env[LONG] + "{long}…" (200 characters)',
        "  ~ group web, task app: KillTimeout 1s → 15s",
        '  ~ group web, task app: Config.run_for "3600s" → "7200s"',
        '  ~ group web, task app: Resources.MemoryMB "64" → "80"',
        '  ~ group web, task app: Template.EmbeddedTmpl line 2: "two" → "three"',
        "  scheduler: group web: 1 canary, 2 ignore",
    ]


def test_a_secret_jobspec_shows_fields_but_no_value() -> None:
    lines = described("update", secret=True)
    assert f"  ~ group web, task app: Env[LEVEL] {MASK} → {MASK}" in lines
    shown = "\n".join(lines)
    assert not [value for value in ("debug", "info", "hunter2", "7200s", "80", "one") if value in shown]


def test_secret_names_are_masked_whoever_asks() -> None:
    assert "hunter2" not in "\n".join(described("update"))


def test_a_new_job_shows_what_the_scheduler_would_do_only() -> None:
    assert described("new", new=True) == ["  scheduler: group web: 2 create"]


def test_no_change() -> None:
    assert changes(recorded("plan-unchanged")) == []
    assert described("unchanged") == ["  scheduler: group web: 2 ignore"]


def test_our_own_marks_are_no_change() -> None:
    assert changes(recorded("plan-only-our-mark")) == []
    assert not [line for name in ("update", "new") for line in described(name) if OWNER_KEY in line]
    assert Change(("group web",), f"Meta[{SERVICES_KEY}]", "1", "2", "Edited").is_mark


def test_a_count_in_place() -> None:
    (change,) = changes(recorded("plan-count-in-place"))
    assert change.is_count
    assert described("count-in-place") == [
        '  ~ group web: Count "2" → "3"',
        "  scheduler: group web: 1 create, 2 in-place update",
    ]


def test_a_group_and_a_task_that_are_added() -> None:
    assert described("group-and-task-added")[:2] == [
        '  ~ group web, task sidecar: the whole task + "sidecar"',
        '  ~ group worker: the whole group + "worker"',
    ]


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
        ("missing-driver", "the task's driver is missing on 1 node"),
        ("host-volume-missing", "the group's host volume is missing on 1 node"),
        ("memory-exhausted", "memory is exhausted on 1 node"),
        ("static-port-taken", 'static port 23456 ("p") is taken on 1 node'),
    ],
)
def test_an_evaluation_that_could_not_place(name: str, reason: str) -> None:
    assert failed_placements(recorded(name)["evaluations"][-1]) == [f"group web: 1 instance cannot be placed: {reason}"]


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
    assert placement_reasons(metrics) == [
        'constraint "a" filtered 2 nodes',
        'constraint "b" filtered 1 node',
        'node class "large" filtered 1 node',
        "disk is exhausted on 1 node",
        'quota limit hit "cpu exhausted (500 needed > 100 limit)"',
    ]
    assert placement_reasons({"NodesEvaluated": 1}) == ["Nomad gives no reason"]


def test_warnings_and_preemptions() -> None:
    plan = {
        "Warnings": "1 warning:\n\n* Group 'web' has warnings: bad idea\n",
        "Annotations": {"PreemptedAllocs": [{"ID": "0123456789", "JobID": "batch"}]},
    }
    assert describe(plan, secret=False) == [
        "  preempts allocation 01234567 of job batch",
        "  warning: Group 'web' has warnings: bad idea",
    ]


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("Update.HealthyDeadline", "300000000000", "5m"),
        ("ShutdownDelay", "2500000000", "2500ms"),
        ("Service.Check.Timeout", "1500000", "0.0015s"),
        ("RestartPolicy.Interval", "86400000000000", "24h"),
        ("Service.Check.Interval", "0", '"0"'),
        ("Env[START_TIME]", "5000000000", '"5000000000"'),
        ("Config.readTimeout", "5000000000", '"5000000000"'),
        ("Resources.MemoryMaxMB", "5000000", '"5000000"'),
        ("Config.image", "", '""'),
    ],
)
def test_values(field: str, value: str, shown: str) -> None:
    assert Change((), field, value, value, "Edited").text() == f"{field} {shown} → {shown}"


@pytest.mark.parametrize(
    ("kind", "text"), [("Added", 'Env[A] + "new"'), ("Deleted", 'Env[A] - "old"'), ("Edited", 'Env[A] "old" → "new"')]
)
def test_kinds(kind: str, text: str) -> None:
    change = Change((), "Env[A]", "old", "new", kind)
    assert change.text() == text
    assert change.reversed().reversed() == change


@pytest.mark.parametrize("more", ["", "\nand more"], ids=["short", "long"])
def test_passwords_in_addresses_are_masked(more: str) -> None:
    old, new = (f"postgres://web:{password}@{host}/shop{more}" for password, host in (("horse", "a"), ("zebra", "b")))
    for change in (
        Change(("group g",), "Env[DB_URL]", old, new, "Edited"),
        Change(("group g",), "Env[DB_URL]", old, old.replace("horse", "zebra"), "Edited"),
        Change(("group g",), "Env[DB_URL]", "", new, "Added"),
    ):
        assert "[secret]" in change.text()
        assert "horse" not in change.text()
        assert "zebra" not in change.text()


def test_a_rotation_is_told_in_words() -> None:
    rotated = Change(("group web",), "Meta[caravan_secrets]", "0f3c", "9a1b", "Edited")
    assert rotated.text() == "group web: the values of its secrets"


def test_the_other_side_of_an_addition_is_a_removal() -> None:
    assert Change((), "Env[A]", "", "new", "Added").reversed() == Change((), "Env[A]", "new", "", "Deleted")


@pytest.mark.parametrize(
    "name",
    ["PASSWORD", "db_passwd", "passphrase", "CLIENT_SECRET", "token", "credentials", "PRIVATE_KEY", "apiKey", "auth"],
)
def test_names_that_say_secret(name: str) -> None:
    assert "value" not in Change((), f"Env[{name}]", "value", "value", "Edited").text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 error occurred:\n\t* Missing datacenter\n\n", "Missing datacenter"),
        ("2 errors occurred:\n\t* a\n\t* b\n", "a; b"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_errors_in_one_line(text: str, expected: str) -> None:
    assert one_line(text) == expected


def advised(name: str, job: dict[str, Any] | None = None, *, runs: int = 2) -> list[tuple[int, str]]:
    return list(serving(job or JOB, recorded(f"plan-{name}"), {"web": runs}))


def test_a_canary_keeps_all_instances_serving() -> None:
    assert advised("update") == [(False, "group web: all 2 running instances keep serving until 1 canary is healthy")]


@pytest.mark.parametrize(
    ("runs", "warned", "expected"),
    [
        (1, False, "1 of 2 instances runs and keeps serving until 1 canary is healthy"),
        (0, True, "none of its instances runs now; none serves until 1 canary is healthy"),
    ],
)
def test_an_instance_that_has_ended_keeps_nothing_serving(runs: int, warned: bool, expected: str) -> None:
    assert advised("update", runs=runs) == [(warned, f"group web: {expected}")]


def test_a_canary_without_a_way_back_is_warned_of() -> None:
    warned, text = advised("update", {"Update": {"AutoRevert": False}, "TaskGroups": [{"Name": "web"}]})[1]
    assert warned
    assert "auto_revert is off" in text


def test_a_replacement_says_how_many_keep_serving() -> None:
    assert advised("destructive") == [
        (
            False,
            (
                "group web: instances are replaced 1 at a time, each stopped before its successor is healthy; "
                "1 keeps serving meanwhile"
            ),
        )
    ]


def test_a_replacement_counts_on_no_instance_that_has_ended() -> None:
    ((warned, text),) = advised("destructive", runs=0)
    assert warned
    assert text.endswith("; 0 keep serving meanwhile (0 of 2 run now)")


def planned(**counts: int) -> dict[str, Any]:
    return {"Annotations": {"DesiredTGUpdates": {"web": counts}}}


@pytest.mark.parametrize(
    ("counts", "runs", "weight"),
    [
        ({"DestructiveUpdate": 1}, 1, Weight.DOWNTIME),
        ({"DestructiveUpdate": 3}, 3, Weight.DOWNTIME),
        ({"DestructiveUpdate": 1, "Ignore": 2}, 3, Weight.NOTE),
        # Those that the plan keeps have failed.
        ({"DestructiveUpdate": 1, "Ignore": 1}, 1, Weight.DOWNTIME),
        # What is down already can be repaired.
        ({"DestructiveUpdate": 1}, 0, Weight.WARNING),
        ({"DestructiveUpdate": 1, "Ignore": 1}, 0, Weight.WARNING),
    ],
)
def test_a_replacement_of_all_that_run_is_downtime(counts: dict[str, int], runs: int, weight: Weight) -> None:
    ((found, text),) = serving(JOB, planned(**counts), {"web": runs})
    assert found is weight
    if weight is not Weight.NOTE:
        assert "0 keep serving meanwhile" in text


RUNS = {"MaxParallel": 1, "Canary": 1, "AutoPromote": True, "AutoRevert": True, "HealthCheck": "task_states"}


def checked(count: int = 1, **update: Any) -> dict[str, Any]:
    services = [{"Name": "web", "Checks": [{}]}]
    return {"TaskGroups": [{"Name": "web", "Count": count, "Update": {**RUNS, **update}, "Services": services}]}


def told(job: dict[str, Any], *, promotes: bool = True, **counts: int) -> list[tuple[Weight, str]]:
    return list(serving(job, planned(**counts), {"web": 3}, by_up=frozenset({"web"}), promotes=promotes))


def test_up_promotes_where_nomad_would_not_wait_for_the_checks() -> None:
    one = (
        "group web: all 1 running instance keeps serving until 1 canary passes its checks "
        '(health_check is "task_states", so `up` promotes, not Nomad)'
    )
    assert told(checked(), Canary=1, Ignore=1) == [(Weight.NOTE, one)]
    weight, text = told(checked(3), Canary=1, Ignore=3)[1]
    assert weight is Weight.WARNING
    assert text == (
        "group web: once promoted, Nomad replaces the other 2 instances without waiting for checks "
        '(health_check is "task_states"); 1 canary keeps serving'
    )


def test_a_promotion_without_the_checks_is_downtime() -> None:
    _, (weight, text) = told(checked(), promotes=False, Canary=1, Ignore=1)
    assert weight is Weight.DOWNTIME
    assert text == (
        "group web: Nomad promotes as soon as 1 canary runs, whether its checks pass or not "
        '(health_check is "task_states"); the old instances end then'
    )


def test_a_step_that_goes_on_without_the_checks_is_downtime() -> None:
    ((weight, text),) = told(checked(3, Canary=0, AutoPromote=False), DestructiveUpdate=1, Ignore=2)
    assert weight is Weight.DOWNTIME
    assert "Nomad goes on when a successor runs, whether its checks pass or not" in text
    ((weight, _),) = told(checked(3, Canary=0, HealthCheck="manual"), DestructiveUpdate=1, Ignore=2)
    assert weight is Weight.NOTE


def test_what_runs_is_told_from_the_allocations() -> None:
    def allocation(client: str, desired: str = "run", deployment: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"TaskGroup": "web", "ClientStatus": client, "DesiredStatus": desired, "DeploymentStatus": deployment}

    old = allocation("running", deployment={"Canary": False})
    canary = allocation("running", deployment={"Canary": True})
    assert running([old, canary, allocation("failed"), allocation("running", "stop"), allocation("running")]) == {
        "web": 2
    }


@pytest.mark.parametrize(("name", "asked"), [("update", True), ("destructive", True), ("count-0", False)])
def test_what_runs_is_asked_where_instances_are_replaced(name: str, asked: bool) -> None:
    assert replaces_instances(recorded(f"plan-{name}")) is asked


def test_a_group_that_stops_is_warned_of() -> None:
    assert advised("count-0") == [(True, "group web: all 2 instances stop; none serves afterwards")]


@pytest.mark.parametrize("name", ["unchanged", "new", "count-in-place"])
def test_nothing_to_say(name: str) -> None:
    assert advised(name) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", 'line 2: "b" → "B"'),
        ("a\nb\nc\n", "a\n", 'line 2: "b" → "" (and 1 more lines)'),
        ("x" * 200 + "1" + "y" * 200, "x" * 200 + "2", f'line 1: "…{"x" * 30}1{"y" * 89}…" → "…{"x" * 30}2"'),
        ("one\ntwo", "one\r\ntwo", "line ends differ"),
    ],
)
def test_long_values_show_where_they_differ(old: str, new: str, expected: str) -> None:
    change = Change(("group g", "task t"), "Template.EmbeddedTmpl", old, new, "Edited")
    assert change.text() == f"group g, task t: Template.EmbeddedTmpl {expected}"
    assert change.text(secret=True).endswith("[secret] → [secret]")
