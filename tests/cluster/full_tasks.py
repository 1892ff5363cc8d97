"""Tasks and services with every key."""

from typing import Any

from tests.cluster.full_blocks import IDENTITIES, LOGS, MOUNTS, RESOURCES, RESTART, RULES, SECOND, WISHES, Json


def check(name: str, **more: Any) -> Json:
    return {
        "Name": name,
        "Type": "http",
        "Path": f"/{name or 'health'}",
        "Interval": 7 * SECOND,
        "Timeout": 3 * SECOND,
        **more,
    }


_CHECKS = [
    check(
        "up",
        PortLabel="http",
        AddressMode="host",
        Protocol="https",
        TLSServerName="up.example",
        TLSSkipVerify=True,
        Method="POST",
        Body="ping",
        Header={"X-One": ["a", "b"], "X-Two": ["c"]},
        InitialStatus="passing",
        Notes="of the door",
        SuccessBeforePassing=2,
        FailuresBeforeCritical=3,
        FailuresBeforeWarning=2,
        OnUpdate="require_healthy",
        CheckRestart={"Limit": 3, "Grace": 30 * SECOND, "IgnoreWarnings": True},
    ),
    check("", PortLabel="http"),
    {**check("", PortLabel="http"), "Path": "/second"},
    {
        "Name": "rpc",
        "Type": "grpc",
        "GRPCService": "acme.Door",
        "GRPCUseTLS": True,
        "PortLabel": "http",
        "Interval": 7 * SECOND,
        "Timeout": 3 * SECOND,
    },
    {
        "Name": "script",
        "Type": "script",
        "Command": "/bin/true",
        "Args": ["a", "b"],
        "TaskName": "app",
        "Interval": 7 * SECOND,
        "Timeout": 3 * SECOND,
    },
]
SERVICES = [
    {
        "Name": "door",
        "PortLabel": "http",
        "Address": "10.0.0.9",
        "Tags": ["one", "two"],
        "CanaryTags": ["new", "newer"],
        "EnableTagOverride": True,
        "Meta": {"team": "red", "tier": "1"},
        "CanaryMeta": {"team": "blue"},
        "TaggedAddresses": {"wan": "192.0.2.9"},
        "OnUpdate": "ignore",
        "Weights": {"Passing": 3, "Warning": 2},
        "Identity": {"Audience": ["consul.example"], "TTL": 3600 * SECOND},
        "Checks": _CHECKS,
    },
    {
        "Name": "bell",
        "TaskName": "app",
        "PortLabel": "admin",
        "AddressMode": "host",
        "CheckRestart": {"Limit": 5, "Grace": 20 * SECOND, "IgnoreWarnings": True},
        "Checks": [check("ring"), check("", CheckRestart={"Limit": 6})],
    },
]


def _template(path: str, **more: Any) -> Json:
    return {"DestPath": path, "EmbeddedTmpl": f"# {path}\nA={{{{ 1 }}}}\n", "Envvars": True, **more}


TASK: Json = {
    "Name": "app",
    "Driver": "raw_exec",
    "User": "nobody",
    "Leader": True,
    "KillSignal": "SIGINT",
    "KillTimeout": 8 * SECOND,
    "ShutdownDelay": 2 * SECOND,
    "Config": {
        "command": "/bin/sleep",
        "args": ["1", "2"],
        "work_dir": "/srv",
        "deep": [{"a": {"b": 1, "c": [True, 2.5]}}],
        "none": [],
    },
    "Env": {"A": "1", "EMPTY": "", "API_TOKEN": "s3cret"},
    "Meta": {"team": "red"},
    "Constraints": RULES,
    "Affinities": WISHES,
    "RestartPolicy": {**RESTART, "Attempts": 5},
    "LogConfig": LOGS,
    "Resources": RESOURCES,
    "Services": [
        {
            "Name": "inner",
            "Tags": ["x"],
            "Checks": [
                {
                    "Type": "script",
                    "Command": "/bin/true",
                    "Args": ["a", "b"],
                    "Interval": 7 * SECOND,
                    "Timeout": 3 * SECOND,
                }
            ],
        }
    ],
    "Artifacts": [
        {
            "GetterSource": "http://127.0.0.1/1",
            "GetterMode": "dir",
            "GetterOptions": {"archive": "false"},
            "GetterHeaders": {"Authorization": "Bearer s3cret"},
            "GetterInsecure": True,
            "RelativeDest": "local/",
            "Chown": True,
        },
        {"GetterSource": "http://127.0.0.1/2", "RelativeDest": "local/"},
        {"GetterSource": "http://127.0.0.1/3", "GetterMode": "file"},
        {"GetterSource": "http://127.0.0.1/4"},
    ],
    "Templates": [
        _template(
            "local/env-1",
            ChangeMode="script",
            Splay=2 * SECOND,
            Perms="600",
            Uid=1,
            Gid=2,
            LeftDelim="[[",
            RightDelim="]]",
            ErrMissingKey=True,
            Once=True,
            VaultGrace=3 * SECOND,
            ChangeScript={"Command": "/bin/date", "Args": ["a", "b"], "Timeout": 9 * SECOND, "FailOnError": True},
            Wait={"Min": 2 * SECOND, "Max": 9 * SECOND},
        ),
        _template("local/env-2"),
        _template("local/plain", Envvars=False, ChangeMode="signal", ChangeSignal="SIGUSR1"),
        {"DestPath": "local/plain-2", "SourcePath": "local/source"},
    ],
    "Identity": {"Env": True, "File": True, "ChangeMode": "signal", "ChangeSignal": "SIGUSR2"},
    "Identities": IDENTITIES,
    "Actions": [
        {"Name": "one", "Command": "/bin/date", "Args": ["a", "b"]},
        {"Name": "two", "Command": "/bin/id"},
    ],
    "VolumeMounts": MOUNTS,
    "ScalingPolicies": [
        {
            "Type": f"vertical_{what}",
            "Enabled": True,
            "Min": 10,
            "Max": 500,
            "Policy": {"cooldown": "1m", "check": [{"avg": [{"strategy": [{"target": 70}]}]}]},
        }
        for what in ("cpu", "mem")
    ],
    "Secrets": [
        {
            "Name": "vars",
            "Provider": "nomad",
            "Path": "nomad/jobs/x",
            "Config": {"namespace": "default"},
        },
        {"Name": "own", "Provider": "mine", "Path": "p", "Env": {"KEY": "v"}},
    ],
}
HELPER: Json = {
    "Name": "helper",
    "Driver": "raw_exec",
    "Config": {"command": "/bin/true"},
    "Lifecycle": {"Hook": "prestart", "Sidecar": True},
    "Resources": {"Cores": 1, "MemoryMB": 32, "SecretsMB": 2},
    "Consul": {"Cluster": "default"},
}
