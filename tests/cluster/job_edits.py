"""How a key of a job is changed, and whether another order of it means something."""

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from providers.nomad.job_types import IDENTITY, Type, fields
from tests.cluster.full_blocks import SECOND, Json
from tests.cluster.job_places import Place

ORDERED = frozenset(
    {
        "Action.Args",
        "CSIMountOptions.MountFlags",
        "ChangeScript.Args",
        "ConsulGatewayTLSConfig.CipherSuites",
        "DNSConfig.Options",
        "DNSConfig.Searches",
        "DNSConfig.Servers",
        "ServiceCheck.Args",
    }
)
"""Lists of plain values whose order means something."""

OTHER_VALUES: dict[str, tuple[Any, ...]] = {
    "AccessMode": ("multi-node-reader-only", "single-node-reader-only"),
    "AddressMode": ("auto", "host", "alloc"),
    "AttachmentMode": ("file-system", "block-device"),
    "ChangeMode": ("noop", "restart"),
    "ChangeSignal": ("SIGHUP", "SIGUSR1", "SIGTERM"),
    "DelayFunction": ("constant", "exponential", "fibonacci"),
    "Driver": ("raw_exec", "exec"),
    "EnvoyDNSDiscoveryType": ("STRICT_DNS", "LOGICAL_DNS"),
    "GetterMode": ("any", "file", "dir"),
    "HealthCheck": ("checks", "task_states"),
    "Hook": ("prestart", "poststart", "poststop"),
    "InitialStatus": ("passing", "warning", "critical"),
    "Interval": (13 * SECOND, 14 * SECOND, 50_001 * SECOND),
    "KillSignal": ("SIGINT", "SIGQUIT"),
    "LocalBindSocketMode": ("0600", "0640"),
    "Method": ("GET", "POST", "PUT"),
    "Mode": ("fail", "delay", "local", "remote", "host", "bridge"),
    "OnUpdate": ("require_healthy", "ignore_warnings", "ignore"),
    "Operand": ("=", "!=", "regexp"),
    "Payload": ("optional", "required", "forbidden"),
    "Perms": ("600", "640"),
    "PropagationMode": ("private", "host-to-task", "bidirectional"),
    "Protocol": ("http", "https", "grpc", "tcp"),
    "Provider": ("consul", "nomad"),
    "Reconcile": ("keep_original", "best_score", "longest_running"),
    "SELinuxLabel": ("z", "Z"),
    "TLSMaxVersion": ("TLSv1_2", "TLSv1_3"),
    "TLSMinVersion": ("TLSv1_1", "TLSv1_2"),
    "TimeZone": ("UTC", "Europe/Vienna", "Asia/Tokyo"),
    "Spec": ("0 5 * * *", "0 6 * * *"),
    "Specs": ("0 7 * * *", "@weekly"),
    "CipherSuites": ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",),
}
"""Other values of keys that take only certain ones."""


def other(key: str, type_: Type, old: Any, chance: random.Random) -> Any:
    others = [value for value in OTHER_VALUES.get(key, ()) if value != old and type(value) is type(old)]
    if others:
        return chance.choice(others)
    if isinstance(old, bool):
        return not old
    if isinstance(old, int | float):
        return old + (SECOND if type_.kind == "duration" else 1)
    return f"{old}x"


def _changed_entry(holder: Json, place: Place, chance: random.Random) -> None:
    entries = holder[place.key]
    name = chance.choice(sorted(entries))
    if isinstance(entries[name], dict) and place.type.kind == "struct":
        key = chance.choice([key for key, item in entries[name].items() if not isinstance(item, dict | list)])
        entries[name][key] = other(key, fields(place.type.struct)[key], entries[name][key], chance)
    else:
        entries[name] = _another_of_its_type(entries[name])


def _another_of_its_type(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, list):
        return [*value[:-1], _another_of_its_type(value[-1])] if value else ["new"]
    return {**value, "new": "1"}


def _added_entry(holder: Json, place: Place, chance: random.Random) -> None:
    entries = holder[place.key]
    if place.type.kind == "struct":
        # Raises IndexError where an earlier change has removed the last one.
        like = entries[chance.choice(sorted(entries))]
        entries["another"] = {**deepcopy(like), **({"Name": "another"} if "Name" in like else {})}
    else:
        like = entries[chance.choice(sorted(entries))] if entries else "1"
        entries["ANOTHER"] = like if isinstance(like, list) else "1"


def _removed_entry(holder: Json, place: Place, chance: random.Random) -> None:
    entries = holder[place.key]
    del entries[chance.choice(sorted(entries))]


def _empty_entry(holder: Json, place: Place, chance: random.Random) -> None:
    holder[place.key]["NOTHING"] = ""


def _deep(holder: Json, place: Place, chance: random.Random) -> None:
    """Changes a value somewhere deep in a free map."""
    leaves = list(_leaves(holder[place.key]))
    container, key = chance.choice(leaves)
    container[key] = _another_of_its_type(container[key])


def _another_type(holder: Json, place: Place, chance: random.Random) -> None:
    numbers = [(container, key) for container, key in _leaves(holder[place.key]) if not isinstance(container[key], str)]
    if numbers:
        container, key = chance.choice(numbers)
        container[key] = json.dumps(container[key])


def _leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in entries:
        if isinstance(item, dict | list) and item:
            yield from _leaves(item)
        elif not isinstance(item, dict | list):
            yield value, key


def _added_element(holder: Json, place: Place, chance: random.Random) -> None:
    elements = holder[place.key]
    if place.type.kind == "list":
        elements.insert(chance.randint(0, len(elements)), _other_element(place, elements[0], chance))
        return
    new = deepcopy(chance.choice(elements))
    for key in IDENTITY.get(place.type.struct, ())[:1]:
        if key in new:
            new[key] = other(key, fields(place.type.struct)[key], new[key], chance)
    elements.append(new)


def _other_element(place: Place, like: Any, chance: random.Random) -> Any:
    return other(place.key, Type("string"), like, chance)


def _removed_element(holder: Json, place: Place, chance: random.Random) -> None:
    elements = holder[place.key]
    del elements[chance.randrange(len(elements))]


def _repeated_element(holder: Json, place: Place, chance: random.Random) -> None:
    holder[place.key].append(deepcopy(chance.choice(holder[place.key])))


def _changed_element(holder: Json, place: Place, chance: random.Random) -> None:
    elements = holder[place.key]
    number = chance.randrange(len(elements))
    elements[number] = _other_element(place, elements[number], chance)


def _reordered(holder: Json, place: Place, chance: random.Random) -> None:
    elements = holder[place.key]
    one, other = sorted(chance.sample(range(len(elements)), 2))
    elements[one], elements[other] = elements[other], elements[one]


EDITS: dict[str, Callable[[Json, Place, random.Random], None]] = {
    "entry changed": _changed_entry,
    "entry added": _added_entry,
    "entry removed": _removed_entry,
    "empty entry": _empty_entry,
    "deep": _deep,
    "another type": _another_type,
    "element added": _added_element,
    "element removed": _removed_element,
    "element changed": _changed_element,
    "repeated": _repeated_element,
    "order": _reordered,
}


def order_counts(place: Place, old: Any, new: Any) -> bool:
    """Whether another order of a list means something else: what is done first, and what overwrites what."""
    if place.type.kind == "list":
        return place.name in ORDERED
    if place.name == "JobUIConfig.Links":
        return True
    if place.name == "Task.Templates":
        both = [[one for one in side if one.get("Envvars")] for side in (old, new)]
        return both[0] != both[1] or _same_folder_moved("DestPath", old, new)
    if place.name == "Task.Artifacts":
        return _same_folder_moved("RelativeDest", old, new)
    if place.key == "VolumeMounts":
        return _same_folder_moved("Destination", old, new)
    return False


def _same_folder_moved(key: str, old: list[Json], new: list[Json]) -> bool:
    """Whether two elements of which one writes into the other's folder have changed places."""

    def folder(element: Json) -> str:
        return f"{str(element.get(key) or _destination(element)).rstrip('/')}/"

    def one_over_another(elements: list[Json]) -> list[tuple[str, str]]:
        pairs = [(a, b) for number, a in enumerate(elements) for b in elements[number + 1 :]]
        # Templates of one path only; files in a folder, too.
        nested = key != "DestPath"
        return sorted(
            (json.dumps(a), json.dumps(b))
            for a, b in pairs
            if folder(a) == folder(b)
            or (nested and (folder(a).startswith(folder(b)) or folder(b).startswith(folder(a))))
        )

    return one_over_another(old) != one_over_another(new)


def _destination(artifact: Json) -> str:
    is_file = artifact.get("GetterMode") == "file"
    return f"local/{str(artifact.get('GetterSource')).rsplit('/', 1)[-1]}" if is_file else "local"
