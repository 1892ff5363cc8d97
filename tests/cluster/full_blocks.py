"""Blocks that jobs, groups and tasks have, with every key, each with a value that is no default."""

from typing import Any

Json = dict[str, Any]
SECOND = 10**9

RULES = [
    {"LTarget": "${attr.cpu.arch}", "Operand": "=", "RTarget": "z80"},
    {"LTarget": "${meta.rack}", "Operand": "regexp", "RTarget": "r1"},
]
WISHES = [{**rule, "Weight": weight} for rule, weight in zip(RULES, (30, -20), strict=True)]
SPREADS = [
    {
        "Attribute": "${node.datacenter}",
        "Weight": 40,
        "SpreadTarget": [{"Value": "dc1", "Percent": 30}, {"Value": "dc2", "Percent": 20}],
    },
    {"Attribute": "${meta.rack}", "Weight": 60, "SpreadTarget": [{"Value": "r1", "Percent": 10}]},
]
UPDATE = {
    "MaxParallel": 2,
    "Stagger": 20 * SECOND,
    "HealthCheck": "task_states",
    "MinHealthyTime": 5 * SECOND,
    "HealthyDeadline": 200 * SECOND,
    "ProgressDeadline": 700 * SECOND,
    "AutoRevert": True,
    "AutoPromote": True,
    "Canary": 2,
}
MIGRATE = {
    "MaxParallel": 2,
    "HealthCheck": "task_states",
    "MinHealthyTime": 5 * SECOND,
    "HealthyDeadline": 200 * SECOND,
}
RESTART = {"Attempts": 4, "Interval": 900 * SECOND, "Delay": 3 * SECOND, "Mode": "delay", "RenderTemplates": True}
RESCHEDULE = {
    "Delay": 40 * SECOND,
    "DelayFunction": "fibonacci",
    "MaxDelay": 4000 * SECOND,
    "Unlimited": True,
}
RESCHEDULE_BATCH = {
    "Attempts": 2,
    "Interval": 50_000 * SECOND,
    "Delay": 6 * SECOND,
    "DelayFunction": "exponential",
    "MaxDelay": 60 * SECOND,
    "Unlimited": False,
}
IDENTITIES = [
    {
        "Name": name,
        "Audience": ["one.example", "two.example"],
        "ChangeMode": "signal",
        "ChangeSignal": "SIGUSR1",
        "Env": True,
        "File": True,
        "Filepath": f"local/{name}.jwt",
        "TTL": 3600 * SECOND,
    }
    for name in ("cloud", "registry")
]
LOGS = {"MaxFiles": 3, "MaxFileSizeMB": 4, "Disabled": True}
MOUNTS = [
    {
        "Volume": "data",
        "Destination": "/data",
        "ReadOnly": True,
        "PropagationMode": "host-to-task",
        "SELinuxLabel": "Z",
    },
    {"Volume": "shared", "Destination": "/data/inner"},
    {"Volume": "shared", "Destination": "/else"},
]
RESOURCES = {
    "CPU": 50,
    "MemoryMB": 64,
    "MemoryMaxMB": 128,
    "Devices": [
        {"Name": "gpu", "Count": 2, "Constraints": RULES, "Affinities": WISHES},
        {"Name": "fpga", "Count": 3},
    ],
}


def without(block: Json, *keys: str) -> Json:
    return {key: value for key, value in block.items() if key not in keys}
