"""What Nomad fills in where a job says nothing, and a job without it."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from providers.nomad.client import Json, NomadClient

_SKELETON = """
job "-" {
  type = "%s"
  group "-" {
    network {
      port "-" {}
    }
    scaling {
      min = 7777
      max = 7777
    }
    service {
      name = "-"
      port = "-"
      check {
        type     = "-"
        interval = "7777ns"
        timeout  = "7777ns"
      }
    }
    task "-" {
      driver = "-"
      artifact {
        source = "-"
      }
      template {
        data        = "-"
        destination = "-"
      }
      volume_mount {
        volume      = "-"
        destination = "-"
      }
    }
  }
}
"""
_WRITTEN = ("-", 7777)
"""Values in the skeleton that are not Nomad's."""

_TELLING = frozenset({"Namespace", "Type"})
"""Keys that a reader looks for, whatever their values."""

_FREE = frozenset({"Config", "Env", "Meta"})
"""Blocks with keys of the author's own, where something empty may be meant."""

# What the server makes of a job beyond the parser's defaults, as far as the two differ. (Sources: Nomad
# `structs.Job.Canonicalize`; `jobImplicitIdentitiesHook`.)
_SERVER_JOB = {"Datacenters": ["*"], "NodePool": "default"}
_SERVER_UPDATE = {
    "AutoPromote": False,
    "AutoRevert": False,
    "Canary": 0,
    "HealthCheck": "",
    "HealthyDeadline": 0,
    "MaxParallel": 0,
    "MinHealthyTime": 0,
    "ProgressDeadline": 0,
    "Stagger": 0,
}
_SERVER_ROLLING_UPDATE = {**_SERVER_UPDATE, "MaxParallel": 1, "Stagger": 30 * 10**9}
_SERVER_TASK = {"Identity": {"Audience": ["nomadproject.io"], "Env": False, "File": False, "Name": "default", "TTL": 0}}
_SERVER_PORT = {"HostNetwork": "default"}
_SCALING_BOOKKEEPING = ("CreateIndex", "ID", "ModifyIndex", "Target")


async def defaults(client: NomadClient, type_: str) -> Json:
    """A job of this type with everything that Nomad fills in. Its one group, task, service, ... stand for all."""
    job: Json = _without_written(await client.parse_hcl(_SKELETON % type_, "", canonicalize=True))
    group = job["TaskGroups"][0]
    group["Tasks"][0].update(_SERVER_TASK)
    for network in group.get("Networks") or []:
        ports = [{**port, **_SERVER_PORT} for port in network["DynamicPorts"]]
        network.update(DynamicPorts=ports, ReservedPorts=ports)
    update = _SERVER_ROLLING_UPDATE if type_ in ("service", "system") else _SERVER_UPDATE
    return {**job, **_SERVER_JOB, "Update": update}


def without_made_up(job: Json) -> Json:
    """The job without the names and numbers that Nomad makes up for its parts."""
    job = without_scaling_bookkeeping(job)
    for service, check in checks(job):
        if check.get("Name") == made_up_name(service):
            del check["Name"]
    return job


def without_scaling_bookkeeping(job: Json) -> Json:
    """A copy of the job without the IDs and indexes of its scaling policies."""
    job = deepcopy(job)
    for group in job.get("TaskGroups") or []:
        for key in _SCALING_BOOKKEEPING:
            (group.get("Scaling") or {}).pop(key, None)
    return job


def checks(job: Json) -> Iterator[tuple[Json, Json]]:
    """Each check of a job, with its service."""
    for group in job.get("TaskGroups") or []:
        for owner in (group, *(group.get("Tasks") or [])):
            for service in owner.get("Services") or []:
                yield from ((service, check) for check in service.get("Checks") or [])


def made_up_name(service: Json) -> str:
    """What Nomad calls a check of the service that has no name."""
    return f'service: "{service["Name"]}" check'


def without_defaults(value: Any, default: Any, *, zeros: bool) -> Any:
    """`value` without what is empty or equals `default`; with `zeros`, without 0 and false that have no default too."""
    if isinstance(value, list):
        known = default[0] if isinstance(default, list) and default else None
        return [without_defaults(item, known, zeros=zeros) for item in value]
    if not isinstance(value, dict):
        return value
    known = default if isinstance(default, dict) else {}
    kept = {}
    for key, inner in value.items():
        usual = known.get(key)
        if (key in _TELLING and inner) or key in _FREE:
            lean = inner or None
        elif inner == usual or (_is_empty(inner, zeros=zeros) and _is_empty(usual, zeros=zeros)):
            continue
        else:
            lean = without_defaults(inner, usual, zeros=zeros)
        # A block that is not there by default says something even when it is empty.
        if lean is not None and (lean != {} or usual is None):
            kept[key] = lean
    return kept


def _without_written(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_written(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_written(inner) for key, inner in value.items() if inner not in _WRITTEN}
    return value


def _is_empty(value: Any, *, zeros: bool) -> bool:
    return value is None or value in ("", []) or (zeros and value == 0)
