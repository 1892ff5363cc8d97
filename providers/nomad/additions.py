"""A registered job as its author may have written it: without what Nomad has added by itself.

`filled_in` knows what that is where a jobspec is at hand to compare with; here there is none.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from providers.nomad.client import Json
from providers.nomad.filled_in import without_filled_in
from providers.nomad.job_types import fields

_OF_THE_JOB = {"Namespace": "default", "NodePool": "default", "Priority": 50, "Region": "global"}
"""What Nomad takes for a job's own keys."""
_INJECTED = re.compile("connect-(?:proxy|ingress|terminating|mesh):")
"""The kinds of tasks that Nomad adds for the service mesh. Source: Nomad, `structs.TaskKind`."""
_NOMADS_AUDIENCE = ["consul.io"]
"""Of the identity that Nomad gives a service. Source: Nomad, `consul.service_identity` of its configuration."""


def without_additions(job: Mapping[str, Any]) -> Json:
    """A registered job without what Nomad has added: conditions, identities, and the mesh's tasks and ports.

    Gone are also defaults of the job's own keys, and whole numbers are as they were written.
    """
    rolls = (job.get("Type") or "service") in ("service", "system")
    kept = {key: item for key, item in job.items() if item not in ("", _OF_THE_JOB.get(key))}
    groups = []
    for group in job.get("TaskGroups") or []:
        tasks = [it for it in group.get("Tasks") or [] if not _INJECTED.match(str(it.get("Kind") or ""))]
        groups.append({**group, "Tasks": tasks, **({} if rolls else {"Update": None})})
    return _bare("Job", _as_written({**kept, "TaskGroups": groups, **({} if rolls else {"Update": None})}))


def _as_written(value: Any) -> Any:
    """The value with whole numbers as such: Nomad keeps those of a driver's configuration as 100.0."""
    if isinstance(value, Mapping):
        return {key: _as_written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_written(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _bare(struct: str, value: Mapping[str, Any]) -> Json:
    """A struct, with all below it, without what Nomad adds where the user writes nothing."""
    own = struct == "Service" and ((value.get("Identity") or {}).get("Audience") or _NOMADS_AUDIENCE)
    # An identity with another audience is the author's.
    written = {"Identity": None} if own and own != _NOMADS_AUDIENCE else {}
    given = {key: item for key, item in value.items() if item is not None}
    return inner(struct, without_filled_in(struct, given, written), _bare)


def inner(struct: str, value: Mapping[str, Any], change: Callable[[str, Mapping[str, Any]], Json]) -> Json:
    """The struct with each struct directly below it changed."""
    known, result = fields(struct), dict(value)
    for key, item in value.items():
        type_ = known.get(key)
        if type_ is None or type_.kind != "struct":
            continue
        if isinstance(item, list):
            result[key] = [change(type_.struct, one) if isinstance(one, Mapping) else one for one in item]
        elif isinstance(item, Mapping) and type_.many == "{}":
            result[key] = {name: change(type_.struct, one) for name, one in item.items() if isinstance(one, Mapping)}
        elif isinstance(item, Mapping):
            result[key] = change(type_.struct, item)
    return result
