"""Services for fault tests: no image to build, a real HTTP check in Consul, versions good or bad on purpose."""

import json
import sys
from pathlib import Path
from typing import Any

from tests.cluster.programs import use
from tests.cluster.project import Project
from tests.quick_engine.stack import Stack

SECOND_NS = 1_000_000_000
SERVER = Path(__file__).with_name("server.py")


def service(name: str, greeting: str, *, health: int = 200, count: int = 1, **task: Any) -> dict[str, Any]:
    """A service job with a canary, auto-promote, auto-revert and a check each second; `task` overrides the task's keys.

    It greets with `greeting`; `health` is what its check gets. One process per instance, on a port of Nomad's choice.
    """
    return {
        "ID": name,
        "Type": "service",
        "Datacenters": ["dc1"],
        "TaskGroups": [
            {
                "Name": "web",
                "Count": count,
                "ShutdownDelay": int(1.5 * SECOND_NS),
                "Networks": [{"DynamicPorts": [{"Label": "http"}]}],
                "Update": {
                    "Canary": 1,
                    "AutoPromote": True,
                    "AutoRevert": True,
                    "MinHealthyTime": SECOND_NS,
                    "HealthyDeadline": 15 * SECOND_NS,
                    "ProgressDeadline": 20 * SECOND_NS,
                },
                "RestartPolicy": {"Attempts": 0, "Mode": "fail"},
                "ReschedulePolicy": {"Attempts": 0, "Interval": 600 * SECOND_NS, "Unlimited": False},
                "Services": [
                    {
                        "Name": name,
                        "Provider": "consul",
                        "PortLabel": "http",
                        "Checks": [
                            {"Type": "http", "Path": "/health", "Interval": SECOND_NS, "Timeout": 3 * SECOND_NS},
                        ],
                    }
                ],
                "Tasks": [
                    {
                        "Name": "server",
                        "Driver": "raw_exec",
                        "Config": {
                            "command": sys.executable,
                            "args": [str(SERVER), "${NOMAD_PORT_http}", greeting, str(health)],
                        },
                        "Resources": {"CPU": 20, "MemoryMB": 32},
                        "KillTimeout": 5 * SECOND_NS,
                        **task,
                    }
                ],
            }
        ],
    }


def unawaited(name: str, greeting: str, *, ignored: bool = False, **settings: Any) -> dict[str, Any]:
    """A service whose checks Nomad leaves out, for the reason of its update block or (`ignored`) of the check."""
    spec = service(name, greeting, **settings)
    (group,) = spec["TaskGroups"]
    if ignored:
        group["Services"][0]["Checks"][0]["OnUpdate"] = "ignore"
    else:
        group["Update"]["HealthCheck"] = "task_states"
    return spec


def deploys(target: Project | Stack, *jobs: dict[str, Any], **settings: Any) -> None:
    """Makes the program declare these jobs, each waited for, unless `settings` of the resources differ."""
    lines = [declared(job, **settings) for job in jobs]
    if isinstance(target, Stack):
        target.write(*lines)
    else:
        use(target, "".join(f"{line}\n" for line in lines))


def declared(job: dict[str, Any], **settings: Any) -> str:
    """The line of a program that declares this job; it is waited for, unless `settings` of the resource differ."""
    given = "".join(f", {name}={value!r}" for name, value in {"detach": False, **settings}.items())
    jobspec = f"jobspec=json.dumps(json.loads({json.dumps(job)!r}))"
    return f"nomad.Job({job['ID']!r}, {jobspec}, json=True, purge_on_destroy=True{given})"
