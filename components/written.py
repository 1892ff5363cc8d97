"""What a YAML file has for a value, where that is more than the value: `1.10` is the number 1.1.

Read is YAML 1.2, much as Pulumi reads a stack's file. What only some readers take for a number, a boolean or a date, as
`22:30`, `NO` or `0755`, is text here.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

_NULL = re.compile(r"(?:~|null|Null|NULL|)")
_BOOLEAN = re.compile(r"(?:true|True|TRUE|false|False|FALSE)")
_INTEGER = re.compile(r"(?:[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+)")
_FLOAT = re.compile(
    r"(?:[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_UNCLEAR = re.compile(
    r"(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF"
    r"|[-+]?0[0-9]+|[-+]?0b[01_]+|[-+]?0x[0-9a-fA-F_]*_[0-9a-fA-F_]*|[-+]?[0-9][0-9]*_[0-9_]*(?:\.[0-9_]*)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}\S*(?:[ \t]*(?:Z|[-+][0-9:]+))?)?)"
)
_UNCLEAR_TAG = "tag:caravan,unclear"
_OF_GO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
"""What Pulumi makes of a date. Source: Go, time.Time.String."""


class WrittenInt(int):
    """A whole number."""

    text: str

    def __new__(cls, value: int, text: str = "") -> "WrittenInt":
        made = super().__new__(cls, value)
        made.text = text
        return made


class WrittenFloat(float):
    """A number."""

    text: str

    def __new__(cls, value: float, text: str = "") -> "WrittenFloat":
        made = super().__new__(cls, value)
        made.text = text
        return made


class Unclear(str):
    """A text without quotes that others take for something else."""


def plain(value: Any) -> Any:
    """The value as if a program had it."""
    match value:
        case Mapping():
            return {key: plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case WrittenInt():
            return int(value)
        case WrittenFloat():
            return float(value)
        case Unclear():
            return str(value)
    return value


def as_written(value: Any, literal: Any) -> Any:
    """What Pulumi hands over, with what the stack's file has for it where Pulumi has made something else of that.

    Args:
        value: Pulumi's.
        literal: that of the file at the same place. It may be of no effect, as another file can be asked for.
    """
    match value, literal:
        case Mapping(), Mapping():
            return {key: as_written(inner, literal.get(key)) for key, inner in value.items()}
        case list(), list() if len(value) == len(literal):
            return [as_written(inner, its) for inner, its in zip(value, literal, strict=True)]
        case bool(), _:
            return value
        case (int() | float(), WrittenInt() | WrittenFloat()) if float(value) == float(literal):
            return literal
        case (int() | float() | str(), Unclear()) if _made_of(literal, value):
            return literal
    return value


def _made_of(literal: Unclear, value: float | str) -> bool:
    """Whether Pulumi makes the value of the text."""
    if isinstance(value, str):
        return _OF_GO.match(value) is not None and _date(value) == _date(literal)
    digits = literal.replace("_", "")
    octal = re.fullmatch(r"([-+]?)0([0-7]+)", digits)
    try:
        return value == (int(f"{octal[1]}0o{octal[2]}", 0) if octal else _number(digits))
    except ValueError:
        return False


def _number(digits: str) -> float:
    return float(digits) if re.fullmatch(r"[-+]?[0-9.]+", digits) else int(digits, 0)


def _date(text: str) -> list[int]:
    return [int(part) for part in re.split(r"[-Tt \t]", text)[:3]]


def resolve(loader: type[yaml.SafeLoader]) -> None:
    """Let the loader read what is here instead of YAML 1.1."""
    loader.yaml_implicit_resolvers = {}
    for tag, pattern in (
        (_UNCLEAR_TAG, _UNCLEAR),
        ("tag:yaml.org,2002:null", _NULL),
        ("tag:yaml.org,2002:bool", _BOOLEAN),
        ("tag:yaml.org,2002:int", _INTEGER),
        ("tag:yaml.org,2002:float", _FLOAT),
    ):
        loader.add_implicit_resolver(tag, re.compile(rf"(?:{pattern.pattern})\Z"), None)
    loader.add_constructor(_UNCLEAR_TAG, lambda _, node: Unclear(node.value))
    loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: WrittenInt(int(node.value, 0), node.value))
    loader.add_constructor("tag:yaml.org,2002:float", _float(loader))


def _float(loader: type[yaml.SafeLoader]) -> Callable[[Any, Any], WrittenFloat]:
    construct = loader.yaml_constructors["tag:yaml.org,2002:float"]
    return lambda it, node: WrittenFloat(construct(it, node), node.value)
