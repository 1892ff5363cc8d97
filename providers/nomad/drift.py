"""An out-of-band change written into the jobspec that the user knows.

So `pulumi refresh` shows that change and no more.
"""

import json
from typing import Any

from providers.nomad.client import Json, NomadClient
from providers.nomad.jobspec_keys import accepted, without_the_servers
from providers.nomad.own_promotion import released
from providers.nomad.spec import OWNER_KEY, is_json, is_known, json_job, parse
from providers.properties import Properties


def patched(wanted: Json, recorded: Json, current: Json) -> Json:
    """`wanted` (as the user writes it) with everything that differs between `recorded` and `current`.

    These two are as Nomad writes them. Named parts of lists (groups, tasks, services) are matched by name.
    """
    result: Json = _patch(wanted, content(recorded), content(current))
    return result


def content(job: Json) -> Json:
    """A job as Nomad has it without bookkeeping and without our mark."""
    kept = without_the_servers(job)
    meta = {key: value for key, value in (job.get("Meta") or {}).items() if key != OWNER_KEY}
    return {**kept, "Meta": meta or None}


def jobspec(job: Json) -> str:
    """A registered job as a JSON jobspec."""
    kept = accepted(content(job))
    return json.dumps({key: value for key, value in kept.items() if value is not None}, sort_keys=True)


async def drifted(client: NomadClient, inputs: Properties, outputs: Properties, current: Json) -> str:
    """The jobspec of a resource with the out-of-band change in it.

    It is the user's own JSON where Nomad still has the recorded version.
    """
    if is_json(inputs):
        for version in await client.versions(current["Namespace"], current["ID"]):
            if str(version["JobModifyIndex"]) == outputs.get("modifyIndex"):
                source, where = json_job(inputs.values["jobspec"])
                wanted = accepted(patched(source, version, current))
                return json.dumps({where: wanted} if where else wanted, sort_keys=True)
    by_up = (await parse(client, inputs)).by_up if is_known(inputs) else frozenset()
    return jobspec(released(current, by_up))


def _patch(wanted: Any, recorded: Any, current: Any) -> Any:
    if recorded == current:
        return wanted
    if isinstance(wanted, dict) and isinstance(recorded, dict) and isinstance(current, dict):
        result = dict(wanted)
        for key in recorded.keys() | current.keys():
            if recorded.get(key) == current.get(key):
                continue
            if key not in current or current[key] is None:
                result.pop(key, None)
            elif key in wanted:
                result[key] = _patch(wanted[key], recorded.get(key), current[key])
            else:
                result[key] = current[key]
        return result
    lists = [_by_name(value) for value in (wanted, recorded, current)]
    if all(part is not None for part in lists):
        in_wanted, in_recorded, in_current = (part or {} for part in lists)
        return [
            _patch(in_wanted[name], in_recorded.get(name), value) if name in in_wanted else value
            for name, value in in_current.items()
        ]
    return current


def _by_name(value: Any) -> Json | None:
    if not isinstance(value, list) or not all(isinstance(item, dict) and item.get("Name") for item in value):
        return None
    return {item["Name"]: item for item in value}
