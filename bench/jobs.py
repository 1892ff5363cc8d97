"""The jobs that are measured: of a usual size, without instances, so that Nomad's own work is not the measure."""

from typing import Any

Job = dict[str, Any]


def job(prefix: str, number: int, version: int) -> Job:
    """Job `number` in Nomad's JSON, about 1 kB. Versions differ in one variable of the task's environment."""
    name = f"{prefix}-{number:06}"
    second = 1_000_000_000
    return {
        "ID": name,
        "Name": name,
        "Type": "service",
        "Datacenters": ["dc1"],
        "TaskGroups": [
            {
                "Name": name,
                "Count": 0,
                "Meta": {"team": "bench"},
                "Update": {
                    "MaxParallel": 1,
                    "Canary": 1,
                    "AutoPromote": True,
                    "AutoRevert": True,
                    "HealthCheck": "checks",
                    "MinHealthyTime": 10 * second,
                    "HealthyDeadline": 120 * second,
                    "ProgressDeadline": 180 * second,
                },
                "RestartPolicy": {"Attempts": 2, "Interval": 300 * second, "Delay": 5 * second, "Mode": "fail"},
                "Networks": [{"DynamicPorts": [{"Label": "http", "To": 8080}]}],
                "Services": [
                    {
                        "Name": name,
                        "Provider": "consul",
                        "PortLabel": "http",
                        "Checks": [
                            {
                                "Name": f"{name} http",
                                "Type": "http",
                                "Path": "/health",
                                "Interval": 5 * second,
                                "Timeout": 2 * second,
                            }
                        ],
                    }
                ],
                "Tasks": [
                    {
                        "Name": name,
                        "Driver": "raw_exec",
                        "Config": {"command": "/bin/sleep", "args": ["600"]},
                        "Env": {"VERSION": str(version), "LOG_LEVEL": "info", "PORT": "8080"},
                        "Resources": {"CPU": 50, "MemoryMB": 32},
                    }
                ],
            }
        ],
    }


def instant(prefix: str, number: int, driver: str) -> Job:
    """A job whose one instance starts at once and is healthy a second later. `driver`: mock_driver or raw_exec."""
    name = f"{prefix}-{number:06}"
    second = 1_000_000_000
    config = {"run_for": "1h"} if driver == "mock_driver" else {"command": "/bin/sleep", "args": ["3600"]}
    return {
        "ID": name,
        "Name": name,
        "Type": "service",
        "Datacenters": ["dc1"],
        "TaskGroups": [
            {
                "Name": name,
                "Count": 1,
                "Update": {"MinHealthyTime": second, "HealthyDeadline": 300 * second, "ProgressDeadline": 600 * second},
                "Tasks": [
                    {
                        "Name": name,
                        "Driver": driver,
                        "Config": config,
                        "Resources": {"CPU": 1, "MemoryMB": 10},
                        "LogConfig": {"Disabled": True, "MaxFiles": 1, "MaxFileSizeMB": 1},
                        "KillTimeout": second,
                    }
                ],
                "EphemeralDisk": {"SizeMB": 10},
            }
        ],
    }
