"""The service of a job: fields where there are fields, `job:` for the rest, and nothing that goes without saying."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from components.importing.candidate import candidate
from components.importing.lean import Lean
from components.importing.remainder import SETS, remainder
from components.jobspec import Job, Placement, build_job
from components.jobspec.merge import merged
from components.problems import Problem, SettingsError
from components.service_model import Service
from components.validation import validate, without
from components.yaml_file import KeyPath

Data = dict[str, Any]
Complete = Callable[[Data], Data]
"""The keys of a service with what a team's defaults add to them."""

_KEPT = ("version", "image")
"""What is required, and what would be another image if it were left out."""


_NULLS = ("check", "shutdown_delay_s")
"""Keys to which null says something."""
UNSAYABLE = "no service.yaml can say this job; use pulumi_nomad.Job for it"


def service_of(job: Job, filled: Job, lean: Lean, complete: Complete = dict, sets: frozenset[str] = SETS) -> Data:
    """The keys of a service.yaml that builds `job`, with `name` first.

    Args:
        job: in Nomad's JSON.
        filled: the same with what Nomad fills in.
        lean: takes that away again.
        complete: adds what a team's defaults say to a service.
        sets: keys of lists whose order means nothing.

    Raises:
        SettingsError: no service.yaml can say this job.
    """
    found = candidate(filled)
    data, service = _valid({key: value for key, value in found.items() if value is not None or key in _NULLS})
    if found.get("image") and service.image.reference is None:
        # Without a reference it would be a service whose image is built.
        what = f'its image "{found["image"].get("reference")}" is known to its nodes only'
        raise SettingsError([Problem(str(job["ID"]), f"{what}: {UNSAYABLE}")])
    built = _built(service)
    # Where a service is that names none: there is nothing to say.
    usual = {key for key in ("Namespace", "Region") if key not in built}
    rest = remainder(lean(built), {key: value for key, value in lean(job).items() if key not in usual}, sets)
    wanted = _wanted(service, rest, lean)
    below = {key: value for key, value in complete({}).items() if value is not None}
    written = _with_nulls(data, below)
    written = _pruned(written, lambda tried: _wanted_of(complete(tried), rest, lean) == wanted)
    if rest:
        written["job"] = _with_nulls(rest, below.get("job") or {})
    try:
        validate(complete(written), _place)
    except SettingsError as error:
        raise _unsayable(error) from None
    return written


def build(data: Mapping[str, Any]) -> Job:
    """The job of a service.yaml's keys, where the stack says nothing else. Raises SettingsError."""
    return _built(validate(data, _place))


def _built(service: Service) -> Job:
    return build_job(service, service.image.reference, Placement(), built=False)


def _wanted(service: Service, rest: Job, lean: Lean) -> str:
    return json.dumps(lean(merged(_built(service), rest)), sort_keys=True)


def _wanted_of(data: Data, rest: Job, lean: Lean) -> str | None:
    try:
        return _wanted(validate(data, _place), rest, lean)
    except SettingsError:
        return None


def _valid(data: Data) -> tuple[Data, Service]:
    """The data without what a service cannot have, which then is for `job:`."""
    while True:
        try:
            return data, validate(data, _place)
        except SettingsError as error:
            tried = data
            for problem in error.problems:
                data = _without(data, json.loads(problem.where))
            if data == tried:
                raise _unsayable(error) from None


def _place(path: KeyPath) -> str:
    return json.dumps([str(part) for part in path])


def _without(data: Data, path: Sequence[str]) -> Data:
    """The data without the value at the path or, where there is none, without what it is missing in."""
    if path == ["name"]:
        return data
    for end in range(len(path), 0, -1):
        if (parent := _at(data, path[: end - 1])) is not None and path[end - 1] in parent:
            return without(data, [tuple(path[:end])])
        if isinstance(_at(data, path[: end - 1]), list):
            return without(data, [tuple(path[: end - 1])])
    if list(path) == ["rollout", "health_check"]:
        return {**data, "rollout": {**data.get("rollout", {}), "health_check": "task_states"}}
    if list(path) == ["version"]:
        return {**data, "version": "1"}
    return data


def _at(data: Any, path: Sequence[str]) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping | list) else None


def _unsayable(error: SettingsError) -> SettingsError:
    return SettingsError(
        Problem(
            ".".join(json.loads(problem.where)),
            f"{problem.what}: {UNSAYABLE}",
        )
        for problem in error.problems
    )


def _with_nulls(data: Data, defaults: Mapping[str, Any]) -> Data:
    """The data with null for everything that only the team's defaults have."""
    result = dict(data)
    for key, value in defaults.items():
        if key not in result:
            result[key] = None
        elif isinstance(value, Mapping) and isinstance(result[key], Mapping):
            result[key] = _with_nulls(dict(result[key]), value)
    return result


def _pruned(data: Data, same: Callable[[Data], bool]) -> Data:
    """The data without each value that makes no difference."""
    for path in list(_paths(data)):
        if path[0] == "name" or (path[0] in _KEPT and data[path[0]]):
            continue
        tried = copy.deepcopy(data)
        parent: Any = tried
        for part in path[:-1]:
            parent = parent.get(part) if isinstance(parent, dict) else None
        if not isinstance(parent, dict) or path[-1] not in parent:
            continue
        del parent[path[-1]]
        if same(tried):
            data = tried
    return data


def _paths(data: Mapping[str, Any], prefix: KeyPath = ()) -> Iterator[KeyPath]:
    """The path of each value, those around others first."""
    for key, value in data.items():
        yield (*prefix, key)
        if isinstance(value, Mapping):
            yield from _paths(value, (*prefix, key))
