"""Checks and tags as service.yaml says them; the counterpart of components/jobspec/consul.py."""

import re
from collections.abc import Mapping
from typing import Any

from components.importing.read import block, parts, said, seconds
from components.service.base import MAX_NAME

Block = Mapping[str, Any]


def own_service(services: list[Block], name: str) -> Block:
    """The entry that is the service itself; empty where there is none."""
    return next((service for service in services if service.get("Name") == name), {})


def checks(service: Block, name: str) -> dict[str, Any]:
    """`check` and `checks`; `check: null` where there is none, because one would be there by default."""
    found: dict[str, dict[str, Any]] = {}
    own = None
    for number, check in enumerate(parts(service, "Checks")):
        said_name = check.get("Name") or f'service: "{name}" check'
        described = _check(check, service.get("PortLabel"))
        if own is None and (number == 0 or said_name == f"{name} {described['type']}"):
            own = described if said_name == f"{name} {described['type']}" else {**described, "name": said_name}
            continue
        key = _key(said_name.removeprefix(f"{name} "), number)
        found[key] = described if said_name == f"{name} {key}" else {**described, "name": said_name}
    return {"check": own, **said(checks=found)}


def tags(service: Block, name: str) -> tuple[str | None, list[str]]:
    """The version that a tag tells, and the tags besides the name's and the version's."""
    found = list(service.get("Tags") or [])
    if len(found) >= 2 and found[0] == name and found[1].startswith(f"{name}@"):
        return found[1].removeprefix(f"{name}@"), found[2:]
    return None, found


def _check(check: Block, port: Any) -> dict[str, Any]:
    type_ = check.get("Type")
    headers = {key: value[0] for key, value in block(check, "Header").items() if isinstance(value, list) and value}
    restart = block(check, "CheckRestart")
    script = type_ == "script"
    return {
        "type": type_,
        **said(
            port=None if script else check.get("PortLabel") or port,
            path=check.get("Path"),
            method=check.get("Method"),
            headers=headers,
            tls=check.get("Protocol") == "https" or check.get("GRPCUseTLS") or None,
            tls_skip_verify=check.get("TLSSkipVerify") or None,
            tls_server_name=check.get("TLSServerName"),
            grpc_service=check.get("GRPCService"),
            command=check.get("Command"),
            args=list(check.get("Args") or []),
            task=check.get("TaskName") if script else None,
            interval_s=seconds(check.get("Interval")),
            timeout_s=seconds(check.get("Timeout")),
            successes_before_passing=check.get("SuccessBeforePassing") or None,
            failures_before_critical=check.get("FailuresBeforeCritical") or None,
            restart=said(limit=restart.get("Limit"), grace_s=seconds(restart.get("Grace"))),
        ),
    }


def _key(name: str, number: int) -> str:
    """A key for a check of this name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:MAX_NAME].strip("-") or f"check-{number}"
