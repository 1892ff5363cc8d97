"""Checks and tags as service.yaml says them; the counterpart of components/jobspec/consul.py."""

from collections.abc import Mapping
from typing import Any

from components.importing.read import block, key_of, parts, said, seconds
from components.service.base import MAX_NAME

Block = Mapping[str, Any]


def registrations(group: Block) -> dict[str, Any]:
    """`services`: what the group and its tasks register."""
    owners: list[tuple[str | None, Block]] = [(None, group)]
    owners += [(str(task.get("Name")), task) for task in parts(group, "Tasks")]
    found: dict[str, Any] = {}
    for task, owner in owners:
        for service in parts(owner, "Services"):
            name = str(service.get("Name"))
            key = _unused(_key(name, len(found)), found)
            found[key] = {**said(name=None if key == name else name), **_registration(service, task)}
    return found


def _registration(service: Block, task: str | None) -> dict[str, Any]:
    checks: dict[str, Any] = {}
    for number, check in enumerate(parts(service, "Checks")):
        name = check.get("Name")
        key = _unused(_key(str(name), number) if name else f"check-{number}", checks)
        checks[key] = {**said(name=name), **_check(check, None)}
    connect = block(service, "Connect")
    proxy = block(block(connect, "SidecarService"), "Proxy")
    return said(
        provider=service.get("Provider"),
        port=service.get("PortLabel"),
        address_mode=service.get("AddressMode"),
        address=service.get("Address"),
        tags=list(service.get("Tags") or []),
        canary_tags=list(service.get("CanaryTags") or []),
        meta=dict(block(service, "Meta")),
        canary_meta=dict(block(service, "CanaryMeta")),
        enable_tag_override=service.get("EnableTagOverride") or None,
        on_update=service.get("OnUpdate"),
        task=task or service.get("TaskName"),
        of_task=task is not None or None,
        native=connect.get("Native") or None,
        sidecar="SidecarService" in connect or None,
        upstreams={
            str(it.get("DestinationName")): it.get("LocalBindPort")
            for it in parts(proxy, "Upstreams")
            if it.get("LocalBindPort")
        },
        local_port=proxy.get("LocalServicePort") or None,
        checks=checks,
    )


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
            failures_before_warning=check.get("FailuresBeforeWarning") or None,
            restart=said(
                limit=restart.get("Limit"),
                grace_s=seconds(restart.get("Grace")),
                ignore_warnings=restart.get("IgnoreWarnings") or None,
            ),
            address_mode=check.get("AddressMode"),
            body=check.get("Body"),
            initial_status=check.get("InitialStatus"),
            notes=check.get("Notes"),
            on_update=check.get("OnUpdate"),
            expose=check.get("Expose") or None,
        ),
    }


def _unused(key: str, taken: Mapping[str, Any]) -> str:
    """The key, with a number where it is taken."""
    number = 2
    wanted = key
    while wanted in taken:
        wanted = f"{key[: MAX_NAME - 4]}-{number}"
        number += 1
    return wanted


def _key(name: str, number: int) -> str:
    """A key for a check of this name."""
    return key_of(name) or f"check-{number}"
