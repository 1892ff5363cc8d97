"""Keys of a JSON job: Nomad's API ignores those that it does not know, so a misspelt one is found here."""

import json
import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

ALLOWED = "CARAVAN_NOMAD_KEYS"
"""Environment variable with keys, by commas, that a newer Nomad knows and this table does not."""

_REMOVED = {
    "MaxClientDisconnect": "Disconnect.LostAfter",
    "PreventRescheduleOnLost": "Disconnect.Replace",
    "StopAfterClientDisconnect": "Disconnect.StopOnClientAfter",
}
"""Keys of a group that Nomad has read and ignored since 1.10, and what took their place (source: Nomad `api`)."""

_PRINTED = {"Service": frozenset({"Namespace"})}
"""Keys that Nomad prints in a registered job and does not take."""

OF_THE_SERVER = frozenset(
    {
        "CreateIndex",
        "DispatchIdempotencyToken",
        "Dispatched",
        "JobModifyIndex",
        "ModifyIndex",
        "NomadTokenID",
        "ParentID",
        "Payload",
        "Stable",
        "Status",
        "StatusDescription",
        "Stop",
        "SubmitTime",
        "Version",
        "VersionTag",
    }
)
"""What Nomad keeps beside a job's specification, and `nomad job inspect` prints with it."""


def unknown(source: str, environment: Mapping[str, str] = os.environ) -> list[str]:
    """A sentence for each key of a JSON jobspec that Nomad would ignore: not known, written twice, beside the job.

    One for `Stop` besides, which it would not ignore. None where it is not a JSON object at all.
    """
    repeated: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        repeated.extend(
            f'"{name}" stands twice in one object of the jobspec, and only the last one would count; take one out.'
            for name in sorted(set(names))
            if names.count(name) > 1
        )
        return dict(pairs)

    try:
        parsed = json.loads(source, object_pairs_hook=unique)
    except json.JSONDecodeError:
        return []
    if not isinstance(parsed, dict):
        return []
    job, where, beside = unwrapped(parsed)
    if not isinstance(job, dict):
        return []
    known, reasons = spelled(job, where, environment)
    return [*repeated, *beside, *_stopped(known, where), *reasons]


def _stopped(job: Mapping[str, Any], where: str) -> Iterator[str]:
    """That a job cannot be registered as one that does not run: it would be made, and nothing would ever start."""
    if job.get("Stop"):
        yield (
            f'"{_join(where, "Stop")}" is true: the job was saved after it had been stopped, and would be registered '
            "without starting anything. Remove Stop to run the job. To stop a job, remove its resource from the "
            "program, or set its groups' Count to 0."
        )


def unwrapped(parsed: dict[str, Any]) -> tuple[Any, str, list[str]]:
    """The job in what a user gives, bare or as `{"Job": {...}}`; where it stands ("Job" or ""); what is wrong."""
    wrapper = [key for key in parsed if key.lower() == "job"]
    if not wrapper:
        return parsed, "", []
    reasons = [
        f'"{key}" stands beside "{wrapper[0]}" and would be ignored; take it out.'
        for key in parsed
        if key not in wrapper[:1]
    ]
    return parsed[wrapper[0]], wrapper[0], reasons


def spelled(
    job: Mapping[str, Any], where: str, environment: Mapping[str, str] = os.environ
) -> tuple[dict[str, Any], list[str]]:
    """The job with its keys in Nomad's own spelling, and a sentence for each key that Nomad would ignore.

    Nomad takes keys in any case, as Go's JSON decoder does. What stands in a driver's `Config`, `Env` or `Meta` is the
    user's own and stays as it is. `where` is the path that the sentences begin with.
    """
    allowed = frozenset(key.strip().lower() for key in environment.get(ALLOWED, "").split(",") if key.strip())
    reasons: list[str] = []
    return dict(_spelled(job, "Job", where, allowed, reasons)), reasons


def accepted(job: Mapping[str, Any]) -> dict[str, Any]:
    """A registered job without what Nomad prints and does not take, such as a service's `Namespace`."""
    return dict(_spelled(job, "Job", "", frozenset(), None))


def without_the_servers(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job without what Nomad keeps beside its specification: no content of it, and nothing that a user can set."""
    return {key: value for key, value in job.items() if key not in OF_THE_SERVER}


def removed(job: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each key of the groups that Nomad reads and ignores. It writes them itself, empty."""
    for group in job.get("TaskGroups") or []:
        for key, instead in _REMOVED.items():
            if isinstance(group, Mapping) and group.get(key):
                yield f'group "{group.get("Name")}": {key} is ignored since Nomad 1.10; set {instead} instead.'


def ignored_policies(job: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each task whose Vault policies Nomad drops, since 1.10: the token comes from the role alone."""
    for group in job.get("TaskGroups") or []:
        for task in group.get("Tasks") or []:
            if (task.get("Vault") or {}).get("Policies"):
                yield (
                    f'group "{group.get("Name")}", task "{task.get("Name")}": vault.policies is ignored since Nomad '
                    "1.10, and the task gets the policies of its Vault role: set vault.role, and take policies out."
                )


def _spelled(value: Any, held: str, where: str, allowed: frozenset[str], reasons: list[str] | None) -> Any:
    """`value` where the table says `held`. A value of a wrong type is left as it is: Nomad names those.

    Keys that are not known are kept and told in `reasons`; without `reasons` they are left out.
    """
    if held in ("", "*") or value is None:
        return value
    if isinstance(value, list):
        return [_spelled(item, held, f"{where}[{number}]", allowed, reasons) for number, item in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    if held.startswith("{}"):
        inner = held.removeprefix("{}")
        return {key: _spelled(item, inner, _join(where, key), allowed, reasons) for key, item in value.items()}
    keys = _structs()[held]
    known = _by_lower_case(held)
    result: dict[str, Any] = {}
    for key, item in value.items():
        # As Nomad itself writes it, mostly.
        name = key if key in keys else known.get(key.lower())
        if name is None:
            if reasons is not None:
                if key in _PRINTED.get(held, ()):
                    continue
                result[key] = item
                # `nomad job inspect` of a newer Nomad prints keys that are not set, too.
                if item is not None and key.lower() not in allowed:
                    reasons.append(_unknown(_join(where, key), key, keys))
        elif name in result:
            if reasons is not None:
                reasons.append(f'"{_join(where, key)}" stands twice, in two spellings; take one out.')
        else:
            result[name] = _spelled(item, keys[name], _join(where, name), allowed, reasons)
    return result


def _unknown(path: str, key: str, keys: Mapping[str, str]) -> str:
    near = get_close_matches(key.lower().replace("_", ""), [name.lower() for name in keys], 1)
    meant = next((name for name in keys if near and name.lower() == near[0]), None)
    hint = f'Did you mean "{meant}"?' if meant else f"There are: {', '.join(keys)}."
    return (
        f'"{path}" is not a key of Nomad {_table()["nomad"]}, which would ignore it. {hint} '
        f"(If your Nomad is newer and knows it: {ALLOWED}={key})"
    )


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


@cache
def _table() -> Any:
    return json.loads((Path(__file__).parent / "jobspec_keys.json").read_text(encoding="utf-8"))


@cache
def _by_lower_case(struct: str) -> Mapping[str, str]:
    return {key.lower(): key for key in _structs()[struct]}


def _structs() -> Mapping[str, Mapping[str, str]]:
    structs: Mapping[str, Mapping[str, str]] = _table()["structs"]
    return structs
