"""The same job, written in another way."""

import random
from typing import Any

from providers.nomad.drift import content
from providers.nomad.job_types import PLAIN, fields
from providers.nomad.jobspec_keys import accepted
from tests.cluster.full_blocks import Json
from tests.cluster.job_changes import apply
from tests.cluster.job_places import places


def rewritten(job: Json, current: Json, chance: random.Random) -> Json:
    """The same job in another order, with what is not set, and what Nomad has filled in, written out in places."""
    changed = _with_defaults(_with_zeros("Job", job, chance), accepted(content(current)), chance)
    # From the inside out: what is moved takes what is in it along.
    for place in reversed(list(places(changed))):
        value = place.holder(changed)[place.key]
        if isinstance(value, list) and len(value) > 1:
            change = apply(changed, place, "order", chance)
            if change is not None and not change.counts:
                place.holder(changed)[place.key] = place.holder(change.job)[place.key]
    result: Json = _other_keys_first(changed, chance)
    return result


_OWN_KEYS = frozenset(
    {"EnvoyGatewayNoDefaultBind", "ID", "Namespace", "PortLabel", "PreventRescheduleOnLost", "Region", "Stop"}
)
"""Keys that are not to be written out: refused, or, as a gateway's port and bind, not the same when they are."""


def _with_defaults(written: Any, current: Any, chance: random.Random, depth: int = 0) -> Any:
    if isinstance(written, list) and isinstance(current, list) and len(written) <= len(current):
        return [_with_defaults(item, current[number], chance, depth + 1) for number, item in enumerate(written)]
    if not isinstance(written, dict) or not isinstance(current, dict):
        return written
    # The job's own `update` is kept in part only: what else is printed there is no default.
    as_it_is = ("Config", "Env") if depth else ("Update",)
    result = {
        key: item if key in as_it_is else _with_defaults(item, current.get(key), chance, depth + 1)
        for key, item in written.items()
    }
    for key, item in current.items():
        plain = isinstance(item, int | str | float) and not isinstance(item, dict)
        if key not in result and plain and depth and key not in _OWN_KEYS and chance.random() < 0.5:
            result[key] = item
    return result


_ZEROS = {"string": "", "number": 0, "bool": False, "duration": 0}


def _with_zeros(struct: str, value: Any, chance: random.Random) -> Any:
    """With zeros for keys that are not set, as Nomad's parser of HCL writes them: it cannot tell the two apart."""
    if isinstance(value, list):
        return [_with_zeros(struct, item, chance) for item in value]
    result = {}
    for key, item in value.items():
        type_ = fields(struct).get(key)
        if type_ is None or type_.kind != "struct" or item is None:
            result[key] = item
        elif type_.many == "{}":
            result[key] = {name: _with_zeros(type_.struct, one, chance) for name, one in item.items()}
        else:
            result[key] = _with_zeros(type_.struct, item, chance)
    for key, type_ in fields(struct).items():
        plain = type_.kind in PLAIN and not type_.unset
        if plain and struct != "Job" and key not in value and key not in _OWN_KEYS and chance.random() < 0.5:
            result[key] = _ZEROS[type_.kind]
    return result


def _other_keys_first(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        items = [(key, _other_keys_first(item, chance)) for key, item in value.items()]
        chance.shuffle(items)
        return dict(items)
    return [_other_keys_first(item, chance) for item in value] if isinstance(value, list) else value
