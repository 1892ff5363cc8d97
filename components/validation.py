"""Turn a mapping into a valid Service, or into everything that is wrong with it."""

import copy
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from components.problems import Problem, SettingsError, did_you_mean, shown
from components.service_model import Service
from components.service_rules import violations

Path = tuple[str | int, ...]


def validate(data: Mapping[str, Any], where: Callable[[Path], str]) -> Service:
    """The service that the mapping describes.

    Args:
        data: as in service.yaml, with `name`.
        where: names the place of a key to the user.

    Raises:
        SettingsError: with every problem found.
    """
    try:
        service = Service.model_validate(dict(data))
    except ValidationError as error:
        problems = [_problem(details, where) for details in error.errors()]
        wrong = [_path(details) for details in error.errors()]
        raise SettingsError(problems + _remaining_violations(data, wrong, where)) from error
    broken = [Problem(where(_split(violation.key)), violation.what) for violation in violations(service)]
    if broken:
        raise SettingsError(broken)
    return service


def _remaining_violations(
    data: Mapping[str, Any], wrong: Sequence[Path], where: Callable[[Path], str]
) -> list[Problem]:
    """The broken rules between values that are right for themselves; the wrong ones are replaced by defaults."""
    rest = copy.deepcopy(dict(data))
    rest.setdefault("version", "0")
    for path in wrong:
        _remove(rest, path)
    try:
        service = Service.model_validate(rest)
    except ValidationError:
        return []
    wrong_keys = [".".join(map(str, path)) for path in wrong]

    def sound(key: str) -> bool:
        return not any(key == bad or key.startswith(bad + ".") or bad.startswith(key + ".") for bad in wrong_keys)

    return [
        Problem(where(_split(violation.key)), violation.what)
        for violation in violations(service)
        if sound(violation.key) and all(sound(key) for key in violation.involves)
    ]


def _remove(data: Any, path: Path) -> None:
    """Remove a value; where it is missing, what it is missing in."""
    for position, part in enumerate(path):
        if not isinstance(data, dict) or part not in data:
            return
        if position == len(path) - 1 or path[position + 1] not in _container(data[part]):
            del data[part]
            return
        data = data[part]


def _container(value: Any) -> Any:
    return value if isinstance(value, dict) else ()


def _split(key: str) -> Path:
    return tuple(key.split("."))


# pydantic's mark, at the end of a location, for an error in the key of a mapping.
_KEY = "[key]"


def _path(details: ErrorDetails) -> Path:
    return tuple(part for part in details["loc"] if part != _KEY)


def _problem(details: ErrorDetails, where: Callable[[Path], str]) -> Problem:
    path = _path(details)
    return Problem(where(path), _sentence(details, path))


def _sentence(details: ErrorDetails, path: Path) -> str:
    """What is wrong, what was found and what is allowed."""
    found = details["input"]
    context = details.get("ctx", {})
    kind = details["type"]
    is_text = isinstance(found, str)
    match kind:
        case "extra_forbidden":
            return f"is not a known key; {did_you_mean(str(path[-1]), _known_keys(path[:-1]))}"
        case "missing":
            return "is missing"
        case "string_type":
            quoted = shown(found if is_text else str(shown(found)))
            hint = f": write it in quotes, {quoted}" if isinstance(found, bool | int | float) else ""
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
        case "model_type" | "model_attributes_type" | "dict_type" | "mapping_type":
            return f"is {shown(found)}, but must be a mapping of keys to values"
        case "tuple_type" | "list_type":
            return f"is {shown(found)}, but must be a list"
        case "value_error":
            error = context["error"]
            return str(error) if details["loc"][-1] == _KEY else f"is {shown(found)}, but {error}"
    return f"is {shown(found)}: {details['msg']}"


def _number(path: Path, *, whole: bool) -> str:
    name = str(path[-1])
    units = {"_s": "seconds", "_mb": "MiB", "_mhz": "MHz"}
    unit = next((unit for ending, unit in units.items() if name.endswith(ending)), None)
    number = "a whole number" if whole else "a number"
    return f"{number} of {unit}, without the unit" if unit else number


def _known_keys(path: Path) -> list[str]:
    """The keys that the model at the path has."""
    annotation: Any = Service
    for part in path:
        model = _model(annotation)
        # What is no model is a mapping: its elements' type is the last argument, as in dict[str, Port].
        annotation = model.model_fields[str(part)].annotation if model else typing.get_args(annotation)[-1]
    model = _model(annotation)
    return [] if model is None else list(model.model_fields)


def _model(annotation: Any) -> type[BaseModel] | None:
    """The model in `Model`, `Model | None` or `Annotated[Model, ...]`."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _model(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next((model for part in typing.get_args(annotation) if (model := _model(part))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
