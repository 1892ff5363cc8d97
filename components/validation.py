"""Turn a mapping into a valid Service, or into everything that is wrong with it."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from components.layers import Layer
from components.model_keys import known_keys, may_be_null
from components.output_text import outputs
from components.problems import Problem, SettingsError, did_you_mean, shown
from components.service_model import Service
from components.service_rules import violations
from components.stack_secrets import set_command
from components.yaml_file import KeyPath


def validate(data: Mapping[str, Any], where: Callable[[KeyPath], str]) -> Service:
    """The service that the mapping describes.

    Args:
        data: as in service.yaml, with `name`.
        where: names the place of a key to the user.

    Raises:
        SettingsError: with every problem found.
    """
    if too_late := list(outputs(data)):
        raise SettingsError(Problem(where(path), _KNOWN_TOO_LATE.format(what)) for path, what in too_late)
    try:
        service = Service.model_validate(dict(data))
    except ValidationError as error:
        problems = problems_of(error, Service, where)
        raise SettingsError(problems + _remaining_violations(data, wrong_paths(error), where)) from error
    broken = [Problem(where(violation.path), violation.what) for violation in violations(service)]
    if broken:
        raise SettingsError(broken)
    return service


def problems_of_layer(layer: Layer) -> list[Problem]:
    """What is wrong with what one layer says, whether another one covers it here or not: in other stacks it may count.

    What is missing in it is no problem: that may be in another one.
    """
    try:
        Service.model_validate({"name": "x", "version": "0", **_without_taken_away(layer.data, ())})
    except ValidationError as error:
        return problems_of(error, Service, layer.where, ignored=("missing",))
    return []


def _without_taken_away(said: Mapping[str, Any], path: KeyPath) -> dict[str, Any]:
    """Without null where that is no value, but takes away what is below it."""
    found = {}
    for key, value in said.items():
        here = (*path, key)
        if isinstance(value, Mapping):
            found[key] = _without_taken_away(value, here)
        elif value is not None or may_be_null(Service, here):
            found[key] = value
    return found


def problems_of(
    error: ValidationError, root: type[BaseModel], where: Callable[[KeyPath], str], ignored: Sequence[str] = ()
) -> list[Problem]:
    """A sentence for each thing that the model found wrong.

    Args:
        error: what validation raised.
        root: the model that was validated.
        where: names the place of a key to the user.
        ignored: kinds of problems that are none.
    """
    return [
        Problem(where(_path(details)), _sentence(details, _path(details), root))
        for details in error.errors()
        if details["type"] not in ignored
    ]


def wrong_paths(error: ValidationError) -> list[KeyPath]:
    """Where the model found something wrong."""
    return [_path(details) for details in error.errors()]


def without(data: Mapping[str, Any], wrong: Sequence[KeyPath]) -> dict[str, Any]:
    """A copy without the values at the paths; where one is missing, without what it is missing in."""
    rest = copy.deepcopy(dict(data))
    for path in wrong:
        _remove(rest, path)
    return rest


def _remaining_violations(
    data: Mapping[str, Any], wrong: Sequence[KeyPath], where: Callable[[KeyPath], str]
) -> list[Problem]:
    """The broken rules between values that are right for themselves; the wrong ones are replaced by defaults."""
    rest = without(data, wrong)
    rest.setdefault("version", "0")
    try:
        service = Service.model_validate(rest)
    except ValidationError:
        return []
    wrong_keys = [".".join(map(str, path)) for path in wrong]

    def sound(key: str) -> bool:
        return not any(key == bad or key.startswith(bad + ".") or bad.startswith(key + ".") for bad in wrong_keys)

    return [
        Problem(where(violation.path), violation.what)
        for violation in violations(service)
        if sound(violation.key) and all(sound(key) for key in violation.involves)
    ]


def _remove(data: Any, path: KeyPath) -> None:
    for position, part in enumerate(path):
        if not isinstance(data, dict) or part not in data:
            return
        if position == len(path) - 1 or path[position + 1] not in _container(data[part]):
            del data[part]
            return
        data = data[part]


def _container(value: Any) -> Any:
    return value if isinstance(value, dict) else ()


# pydantic's mark, at the end of a location, for an error in the key of a mapping.
_KEY = "[key]"


def _path(details: ErrorDetails) -> KeyPath:
    return tuple(part for part in details["loc"] if part != _KEY)


_NOT_A_MAPPING = frozenset({"model_type", "model_attributes_type", "dict_type", "mapping_type"})


def _sentence(details: ErrorDetails, path: KeyPath, root: type[BaseModel]) -> str:
    """What is wrong, what was found and what is allowed."""
    found = details["input"]
    context = details.get("ctx", {})
    kind = details["type"]
    is_text = isinstance(found, str)
    if path[:1] == ("secrets",) and len(path) <= 2 and kind in _NOT_A_MAPPING:
        return _secret_sentence(path, known_keys(root, path))
    match kind:
        case "extra_forbidden":
            return f"is not a known key; {did_you_mean(str(path[-1]), known_keys(root, path[:-1]))}"
        case "missing":
            return "is missing"
        case "string_type":
            quoted = shown(found if is_text else str(shown(found)))
            hint = f": write it in quotes, {quoted}" if isinstance(found, bool | int | float) else ""
            hint = hint.replace(",", ", as") if isinstance(found, bool) else hint
            return f"is {shown(found)}, but must be text{hint}"
        case "int_type" | "int_from_float" | "float_type" | "finite_number":
            return f"is {shown(found)}, but must be {_number(path, whole=kind.startswith('int'))}"
        case "bool_type":
            return f"is {shown(found)}, but must be true or false, without quotes"
        case "greater_than_equal":
            return f"is {shown(found)}, but must be {context['ge']:g} or more"
        case "greater_than":
            return f"is {shown(found)}, but must be more than {context['gt']:g}"
        case "less_than_equal":
            return f"is {shown(found)}, but must be {context['le']:g} or less"
        case "literal_error":
            return f"is {shown(found)}, but must be {context['expected'].replace(chr(39), chr(34))}"
        case _ if kind in _NOT_A_MAPPING:
            keys = known_keys(root, path)
            known = f"; known are {', '.join(keys)}" if keys else ""
            return f"is {shown(found)}, but must be a mapping of keys to values{known}"
        case "tuple_type" | "list_type":
            return f"is {shown(found)}, but must be a list"
        case "too_short":
            return f"is empty, but must have {context['min_length']} or more"
        case "value_error":
            error = context["error"]
            return str(error) if details["loc"][-1] == _KEY else f"is {shown(found)}, but {error}"
    return f"is {shown(found)}: {details['msg']}"


_KNOWN_TOO_LATE = (
    "is {}, whose value is not known yet: only image, image_digest, secrets and secrets_version may be Outputs. "
    "Get the value without one, or deliver it as a secret"
)


def _secret_sentence(path: KeyPath, keys: Sequence[str]) -> str:
    """What stands where a service declares its secrets may be one: no sentence shows it."""
    if len(path) == 1:
        return "must be a mapping of names, as in {DB_PASSWORD: {}}: their values stand nowhere here"
    return (
        f"must be {{}} or a mapping of keys to values; known are {', '.join(keys)}. If the secret itself stands there: "
        f"take it out, change it wherever it is used, and run {set_command(f'secrets.<service>.{path[1]}')}"
    )


def _number(path: KeyPath, *, whole: bool) -> str:
    name = str(path[-1])
    units = {"_s": "seconds", "_mb": "MiB", "_mhz": "MHz"}
    unit = next((unit for ending, unit in units.items() if name.endswith(ending)), None)
    number = "a whole number" if whole else "a number"
    return f"{number} of {unit}, without the unit" if unit else number
