"""What a Nomad job can hold, for generating jobs: each block's keys in JSON and in HCL2, and values for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from hypothesis import strategies as st

SECOND = 10**9
WORDS = st.sampled_from(("alpha", "beta", "gamma", "delta", "omega"))
TEXTS = st.sampled_from(("plain", "two words", 'say "hi"', "${NOMAD_ALLOC_ID}", "a\nb", "ümlaut", "0", "back\\slash"))
FLAGS = st.booleans()
WORD_LISTS = st.lists(WORDS, min_size=1, max_size=3, unique=True)


def numbers(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least, most)


def seconds(least: int, most: int) -> st.SearchStrategy[int]:
    """Durations in nanoseconds."""
    return st.integers(least, most).map(lambda value: value * SECOND)


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


@dataclass(frozen=True)
class Value:
    """A plain value. `hcl`: its name in HCL2; `default`: what Nomad takes where it is absent.

    `always`: the block cannot do without it; `fixed`: others depend on it, so that it is not changed alone.
    `shows`: how a diff names it, where not as in JSON.
    """

    hcl: str
    values: st.SearchStrategy[Any]
    default: Any = None
    always: bool = False
    fixed: bool = False
    duration: bool = False
    is_set: bool = False
    shows: str = ""


Duration = partial(Value, duration=True)
Words = partial(Value, values=WORD_LISTS, is_set=True)


@dataclass(frozen=True)
class Map:
    """A `name = value` block of texts."""

    hcl: str


@dataclass(frozen=True)
class Block:
    """A block, or with `most` up to that many of them, in any order.

    `label`: the key that stands as the block's label in HCL2; `key`: the one that tells such blocks apart.
    `named`: the name under which it stands in a JSON object, and its label in HCL2.
    """

    hcl: str
    fields: Mapping[str, "Field"]
    most: int = 0
    label: str = ""
    key: str = ""
    named: str = ""


Field = Value | Map | Block
Fields = Mapping[str, Field]

RULE: dict[str, Field] = {
    "LTarget": Value("attribute", one_of("${attr.cpu.arch}", "${node.class}", "${meta.rack}"), always=True),
    "Operand": Value("operator", one_of("=", "!=", "regexp"), always=True),
    "RTarget": Value("value", WORDS, always=True),
}
CONSTRAINTS = Block("constraint", RULE, most=2, key="LTarget")
AFFINITIES = Block(
    "affinity",
    {**RULE, "Weight": Value("weight", numbers(1, 100), default=50)},
    most=2,
    key="LTarget",
)
SPREADS = Block(
    "spread",
    {
        "Attribute": Value("attribute", one_of("${node.datacenter}", "${meta.rack}"), always=True),
        "Weight": Value("weight", numbers(1, 100), default=50),
        "SpreadTarget": Block(
            "target",
            {
                "Value": Value("", WORDS, always=True, fixed=True),
                "Percent": Value("percent", numbers(1, 40), always=True),
            },
            most=2,
            label="Value",
            key="Value",
        ),
    },
    most=2,
    key="Attribute",
)
UPDATE: dict[str, Field] = {
    "MaxParallel": Value("max_parallel", numbers(1, 5), default=1),
    "HealthCheck": Value("health_check", one_of("checks", "task_states"), default="checks"),
    "MinHealthyTime": Duration("min_healthy_time", seconds(1, 20), default=10 * SECOND),
    "HealthyDeadline": Duration("healthy_deadline", seconds(120, 400), default=300 * SECOND),
    "ProgressDeadline": Duration("progress_deadline", seconds(500, 900), default=600 * SECOND),
    "AutoRevert": Value("auto_revert", FLAGS, default=False),
    "Canary": Value("canary", numbers(1, 3), default=0),
}
MIGRATE: dict[str, Field] = {
    "MaxParallel": Value("max_parallel", numbers(1, 5), default=1),
    "HealthCheck": Value("health_check", one_of("checks", "task_states"), default="checks"),
    "MinHealthyTime": Duration("min_healthy_time", seconds(1, 20), default=10 * SECOND),
    "HealthyDeadline": Duration("healthy_deadline", seconds(120, 400), default=300 * SECOND),
}
RESCHEDULE_SERVICE: dict[str, Field] = {
    "Delay": Duration("delay", seconds(10, 60), default=30 * SECOND),
    "DelayFunction": Value("delay_function", one_of("constant", "exponential", "fibonacci"), default="exponential"),
    "MaxDelay": Duration("max_delay", seconds(1000, 4000), default=3600 * SECOND),
}
RESCHEDULE_BATCH: dict[str, Field] = {
    "Attempts": Value("attempts", numbers(1, 3), default=1),
    "Interval": Duration("interval", seconds(40_000, 80_000), default=86_400 * SECOND),
    "Delay": Duration("delay", seconds(5, 60), default=5 * SECOND),
}


RESTART: dict[str, Value] = {
    "Attempts": Value("attempts", numbers(1, 3), default=2),
    "Interval": Duration("interval", seconds(600, 2000), default=1800 * SECOND),
    "Delay": Duration("delay", seconds(1, 30), default=15 * SECOND),
    "Mode": Value("mode", one_of("fail", "delay"), default="fail"),
    "RenderTemplates": Value("render_templates", FLAGS, default=False),
}
RESTART_BATCH: dict[str, Value] = {
    **RESTART,
    "Attempts": Value("attempts", numbers(1, 3), default=3),
    "Interval": Duration("interval", seconds(600, 2000), default=86_400 * SECOND),
}


CHECKS = Block(
    "check",
    {
        "Name": Value("name", WORDS, always=True, fixed=True),
        "Type": Value("type", one_of("http"), always=True, fixed=True),
        "Path": Value("path", one_of("/", "/health", "/ready?full=1"), always=True),
        "Interval": Duration("interval", seconds(5, 60), always=True),
        "Timeout": Duration("timeout", seconds(1, 4), always=True),
        "Method": Value("method", one_of("GET", "HEAD", "POST")),
        "Protocol": Value("protocol", one_of("http", "https")),
        "Body": Value("body", WORDS),
        "InitialStatus": Value("initial_status", one_of("passing", "critical", "warning")),
        "SuccessBeforePassing": Value("success_before_passing", numbers(1, 5), default=0),
        "FailuresBeforeCritical": Value("failures_before_critical", numbers(1, 5), default=0),
        "CheckRestart": Block(
            "check_restart",
            {
                "Limit": Value("limit", numbers(1, 5), always=True),
                "Grace": Duration("grace", seconds(1, 90), default=SECOND),
                "IgnoreWarnings": Value("ignore_warnings", st.just(True), always=True, fixed=True),
            },
        ),
    },
    most=2,
    key="Name",
)
SERVICES = Block(
    "service",
    {
        "Name": Value("name", WORDS, always=True, fixed=True),
        "PortLabel": Value("port", one_of("8080", "9090"), always=True),
        "AddressMode": Value("address_mode", one_of("auto", "host"), default="auto"),
        "EnableTagOverride": Value("enable_tag_override", FLAGS, default=False),
        "OnUpdate": Value("on_update", one_of("require_healthy", "ignore_warnings"), default="require_healthy"),
        "Tags": Words("tags"),
        "CanaryTags": Words("canary_tags"),
        "Meta": Map("meta"),
        "CanaryMeta": Map("canary_meta"),
        "Checks": CHECKS,
    },
    most=3,
    key="Name",
)
SCRIPT_SERVICES = Block(
    "service",
    {
        "Name": Value("name", one_of("script-a", "script-b"), always=True, fixed=True),
        "Checks": Block(
            "check",
            {
                "Name": Value("name", WORDS, always=True, fixed=True),
                "Type": Value("type", one_of("script"), always=True, fixed=True),
                "Command": Value("command", one_of("/bin/true", "/bin/false"), always=True),
                "Args": Value("args", st.permutations(("one", "two", "three")), always=True),
                "Interval": Duration("interval", seconds(5, 60), always=True),
                "Timeout": Duration("timeout", seconds(1, 4), always=True),
            },
            most=2,
            key="Name",
        ),
    },
    most=2,
    key="Name",
)
NETWORKS = Block(
    "network",
    {
        "Mode": Value("mode", one_of("host", "bridge"), always=True),
        "DynamicPorts": Block(
            "port",
            {
                "Label": Value("", one_of("http", "admin", "metrics"), always=True, fixed=True),
                "To": Value("to", numbers(1000, 2000), default=0),
            },
            most=2,
            label="Label",
            key="Label",
        ),
        "ReservedPorts": Block(
            "port",
            {
                "Label": Value("", one_of("dns", "ssh"), always=True, fixed=True),
                "Value": Value("static", numbers(20_000, 20_100), always=True),
                "To": Value("to", numbers(1000, 2000), default=0),
            },
            most=1,
            label="Label",
            key="Label",
        ),
        "DNS": Block("dns", {"Servers": Value("servers", st.just(["10.0.0.1"]), always=True, fixed=True)}),
    },
    most=1,
    key="Mode",
)
TEMPLATES = Block(
    "template",
    {
        "DestPath": Value("destination", one_of("local/a", "local/b", "secrets/c"), always=True, fixed=True),
        "EmbeddedTmpl": Value("data", one_of("one", "two\nlines\n", '{{ env "A" }}'), always=True),
        "ChangeMode": Value("change_mode", one_of("script"), always=True, fixed=True),
        "Splay": Duration("splay", seconds(1, 9), default=5 * SECOND),
        "Perms": Value("perms", one_of("600", "640"), default="0644"),
        "Envvars": Value("env", FLAGS, default=False),
        "LeftDelim": Value("left_delimiter", one_of("{{", "<<"), default="{{"),
        "ErrMissingKey": Value("error_on_missing_key", FLAGS, default=False),
        "Uid": Value("uid", numbers(1, 9), always=True),
        "ChangeScript": Block(
            "change_script",
            {
                "Command": Value("command", one_of("/bin/date", "/bin/id"), always=True),
                "Args": Value("args", st.permutations(("one", "two", "three")), always=True),
                "FailOnError": Value("fail_on_error", FLAGS, default=False),
            },
        ),
        "Wait": Block(
            "wait",
            {
                "Min": Duration("min", seconds(1, 5), always=True),
                "Max": Duration("max", seconds(6, 20), always=True),
            },
        ),
    },
    most=3,
    key="DestPath",
)
ARTIFACTS = Block(
    "artifact",
    {
        "RelativeDest": Value("destination", one_of("local/d", "local/e"), always=True, fixed=True),
        "GetterSource": Value("source", one_of("http://127.0.0.1/a.tgz", "http://127.0.0.1/b"), always=True),
        "GetterMode": Value("mode", one_of("any", "file", "dir"), default="any"),
        "GetterOptions": Map("options"),
        "GetterHeaders": Map("headers"),
        "GetterInsecure": Value("insecure", FLAGS, default=False),
    },
    most=2,
    key="RelativeDest",
)
RESOURCES: dict[str, Field] = {
    "CPU": Value("cpu", numbers(20, 400), default=100),
    "MemoryMB": Value("memory", numbers(10, 400), default=300),
    "MemoryMaxMB": Value("memory_max", numbers(500, 900), default=0),
    "Devices": Block(
        "device",
        {
            "Name": Value("", one_of("nvidia/gpu", "fpga"), always=True, fixed=True),
            "Count": Value("count", numbers(1, 3), default=1),
            "Constraints": CONSTRAINTS,
            "Affinities": AFFINITIES,
        },
        most=2,
        label="Name",
        key="Name",
    ),
}
TASK: dict[str, Field] = {
    "Name": Value("", one_of("app", "helper", "log-shipper"), always=True, fixed=True),
    "Driver": Value("driver", st.just("raw_exec"), always=True, fixed=True),
    "Config": Block(
        "config",
        {
            "command": Value("command", one_of("/bin/sleep", "/bin/true", "local/run"), always=True),
            "args": Value("args", st.lists(TEXTS, max_size=3), fixed=True),
        },
    ),
    "User": Value("user", one_of("nobody", "root")),
    "KillTimeout": Duration("kill_timeout", seconds(1, 20), default=5 * SECOND),
    "KillSignal": Value("kill_signal", one_of("SIGINT", "SIGQUIT")),
    "ShutdownDelay": Duration("shutdown_delay", seconds(1, 20), default=0),
    "Lifecycle": Block(
        "lifecycle",
        {
            "Hook": Value("hook", one_of("prestart", "poststart", "poststop"), always=True),
            "Sidecar": Value("sidecar", st.just(False), default=False, fixed=True),
        },
    ),
    "Constraints": CONSTRAINTS,
    "Affinities": AFFINITIES,
    "Env": Map("env"),
    "Meta": Map("meta"),
    "Resources": Block("resources", RESOURCES),
    "LogConfig": Block(
        "logs",
        {
            "MaxFiles": Value("max_files", numbers(1, 5), default=10),
            "MaxFileSizeMB": Value("max_file_size", numbers(1, 5), default=10),
            "Disabled": Value("disabled", FLAGS, default=False),
        },
    ),
    "Templates": TEMPLATES,
    "Artifacts": ARTIFACTS,
    "Identities": Block(
        "identity",
        {
            "Name": Value("name", one_of("vault_x", "registry", "cloud"), always=True, fixed=True),
            "Audience": Words("aud", always=True),
            "Env": Value("env", FLAGS, default=False),
            "File": Value("file", FLAGS, default=False),
            "TTL": Duration("ttl", seconds(1000, 4000), default=0),
        },
        most=2,
        key="Name",
    ),
    "Actions": Block(
        "action",
        {
            "Name": Value("", WORDS, always=True, fixed=True),
            "Command": Value("command", one_of("/bin/date", "/bin/id"), always=True),
            "Args": Value("args", st.permutations(("one", "two", "three")), always=True),
        },
        most=2,
        label="Name",
        key="Name",
    ),
    "Services": SCRIPT_SERVICES,
}
GROUP: dict[str, Field] = {
    "Name": Value("", one_of("web", "api", "cache"), always=True, fixed=True),
    "Count": Value("count", st.just(0), always=True, fixed=True),
    "Constraints": CONSTRAINTS,
    "Meta": Map("meta"),
    "EphemeralDisk": Block(
        "ephemeral_disk",
        {
            "SizeMB": Value("size", numbers(320, 500), default=300),
            "Sticky": Value("sticky", FLAGS, default=False),
            "Migrate": Value("migrate", FLAGS, default=False),
        },
    ),
    "ShutdownDelay": Duration("shutdown_delay", seconds(1, 20)),
    "Networks": NETWORKS,
    "Services": SERVICES,
    "Volumes": Block(
        "volume",
        {
            "Name": Value("", one_of("data"), always=True, fixed=True),
            "Type": Value("type", one_of("host"), always=True, fixed=True),
            "Source": Value("source", WORDS, always=True),
            "ReadOnly": Value("read_only", FLAGS, default=False),
        },
        named="data",
    ),
    "Disconnect": Block(
        "disconnect",
        {
            "LostAfter": Duration("lost_after", seconds(60, 600), always=True),
            "Replace": Value("replace", FLAGS, default=True),
            "Reconcile": Value("reconcile", one_of("best_score", "keep_original"), default="best_score"),
        },
    ),
}
JOB: dict[str, Field] = {
    "Priority": Value("priority", numbers(1, 99), default=50),
    "Datacenters": Words("datacenters", default=["*"]),
    "AllAtOnce": Value("all_at_once", FLAGS, default=False),
    "Constraints": CONSTRAINTS,
    "Meta": Map("meta"),
    "UI": Block(
        "ui",
        {
            "Description": Value("description", TEXTS, always=True),
            "Links": Block(
                "link",
                {
                    "Label": Value("label", WORDS, always=True, fixed=True),
                    "URL": Value("url", one_of("https://a.example", "https://b.example"), always=True),
                },
                most=1,
                key="Label",
            ),
        },
    ),
}
SCALING: dict[str, Field] = {
    "Enabled": Value("enabled", FLAGS, default=True),
    "Min": Value("min", st.just(0), always=True, fixed=True),
    "Max": Value("max", numbers(1, 9), always=True),
}
PERIODIC: dict[str, Field] = {
    "Specs": Value(
        "crons", st.lists(one_of("0 3 * * *", "@daily", "5 4 * * 1"), min_size=1, unique=True), is_set=True, always=True
    ),
    "ProhibitOverlap": Value("prohibit_overlap", FLAGS, default=False),
    "TimeZone": Value("time_zone", one_of("UTC", "Europe/Vienna"), default="UTC"),
    "Enabled": Value("enabled", FLAGS, default=True),
}
PARAMETERIZED: dict[str, Field] = {
    "Payload": Value("payload", one_of("optional", "required", "forbidden"), default="optional"),
    "MetaRequired": Value("meta_required", st.just(["alpha"]), fixed=True),
    "MetaOptional": Value("meta_optional", st.just(["beta"]), fixed=True),
}
KINDS = ("service", "batch", "system", "sysbatch", "periodic", "parameterized")


def fields_of(kind: str) -> dict[str, Field]:
    """What a job of a kind can hold."""
    scheduled: dict[str, Callable[[], dict[str, Field]]] = {
        "periodic": lambda: {"Periodic": Block("periodic", PERIODIC)},
        "parameterized": lambda: {"ParameterizedJob": Block("parameterized", PARAMETERIZED)},
    }
    task, group, job = dict(TASK), dict(GROUP), dict(JOB)
    fails = Block("restart", RESTART_BATCH if type_of(kind) in ("batch", "sysbatch") else RESTART)
    group["RestartPolicy"] = fails
    # What a task leaves out it takes from its group.
    task["RestartPolicy"] = replace(fails, fields={k: replace(v, always=True) for k, v in RESTART.items()})
    if kind == "service":
        group["Update"] = Block("update", UPDATE)
        group["Migrate"] = Block("migrate", MIGRATE)
        group["ReschedulePolicy"] = Block("reschedule", RESCHEDULE_SERVICE)
        group["Scaling"] = Block("scaling", SCALING)
    if type_of(kind) == "batch":
        group["ReschedulePolicy"] = Block("reschedule", RESCHEDULE_BATCH)
    if type_of(kind) in ("service", "batch"):
        group.update(Affinities=AFFINITIES, Spreads=SPREADS)
        job.update(Affinities=AFFINITIES, Spreads=SPREADS)
    else:
        task.pop("Affinities")
    group["Tasks"] = Block("task", task, most=3, label="Name", key="Name")
    job["TaskGroups"] = Block("group", group, most=2, label="Name", key="Name")
    return {**job, **scheduled.get(kind, dict)()}


def type_of(kind: str) -> str:
    """Nomad's type of a job of a kind."""
    return "batch" if kind in ("periodic", "parameterized") else kind
