"""What all parts of a service are made of: texts, numbers and their rules.

Times are in seconds, memory in MiB, processor time in MHz. The sources named in these files are pages of Nomad's
jobspec reference.
"""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from components.written import Unclear, plain

MAX_NAME = 63
"""Longest DNS label (RFC 1035), and Nomad's limit for the name of a service."""


class Model(BaseModel):
    """A part of a service: typed strictly, closed to unknown keys, not to be changed once made."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)


def matching(pattern: str, rule: str) -> AfterValidator:
    """Text that matches a pattern as a whole; `rule` says what it must be."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if compiled.fullmatch(value) is None:
            raise ValueError(rule)
        return value

    return AfterValidator(check)


def _one_line(value: str) -> str:
    if not value or not value.isprintable():
        raise ValueError("must be text on one line, not empty and without control characters")
    return value


def _no_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain a NUL character: no process can receive it")
    return value


def _inside_path(value: str) -> str:
    _one_line(value)
    if value.startswith("/"):
        raise ValueError("must be a relative path")
    return value


def _absolute_path(value: str) -> str:
    _one_line(value)
    if not value.startswith("/"):
        raise ValueError('must start with "/"')
    return value


def _json(value: dict[str, Any]) -> dict[str, Any]:
    _require_json(value)
    found: dict[str, Any] = plain(value)
    return found


def _require_json(value: Any) -> None:
    match value:
        case dict():
            for key, inner in value.items():
                if not isinstance(key, str):
                    raise ValueError(f"must have text as keys, not {key!r}: it becomes JSON")
                _require_json(inner)
        case list():
            for inner in value:
                _require_json(inner)
        case Unclear():
            raise ValueError(
                f"must hold what JSON can: {value} may be text or something else to a reader of YAML; "
                f'write it in quotes, "{value}", or as a number, true or false'
            )
        case None | bool() | int() | str():
            pass
        case float() if value - value == 0:
            pass
        case _:
            raise ValueError(
                f"must hold what JSON can: {value} is not text, a number, true, false, null or made of them"
            )


Name = Annotated[
    str,
    matching(
        rf"[a-z0-9](?:[a-z0-9-]{{0,{MAX_NAME - 2}}}[a-z0-9])?",
        f"must be 1 to {MAX_NAME} lower-case letters, digits and hyphens, with a letter or digit at both ends: "
        "it becomes a name in Nomad, Consul and DNS",
    ),
]
JobId = Annotated[
    str,
    matching(
        r"[A-Za-z0-9_.-]{1,128}",
        "must be 1 to 128 letters, digits and characters of _.-, as the ID of a job in Nomad",
    ),
]
Caller = Annotated[
    str,
    matching(
        r"\*|[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
        'must be the name of a service in Consul (lower-case letters, digits and hyphens), or "*" for everybody',
    ),
]
EnvName = Annotated[
    str,
    matching(
        r"(?!NOMAD_)[A-Za-z_][A-Za-z0-9_]*",
        "must be letters, digits and underscores, not starting with a digit nor with NOMAD_, as the name of a variable",
    ),
]
"""A name that a template can write into a file of variables."""
AnyEnvName = Annotated[
    str,
    matching(
        r"(?!NOMAD_)[A-Za-z_][A-Za-z0-9_.-]*",
        "must be letters, digits and _.-, not starting with a digit nor with NOMAD_, as the name of a variable",
    ),
]
"""A name that a process can have, though a shell may not take it: `cluster.name`."""
PortLabel = Annotated[
    str, matching(r"[A-Za-z0-9_]{1,63}", "must be 1 to 63 letters, digits and underscores, as the label of a port")
]
MetaKey = Annotated[
    str,
    matching(
        r"(?!caravan_)[A-Za-z_][A-Za-z0-9_./-]*",
        "must be letters, digits and _./-, starting with a letter or underscore and not with caravan_",
    ),
]
Signal = Annotated[str, matching(r"SIG[A-Z][A-Z0-9+-]*", 'must be the name of a signal, as "SIGHUP"')]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(ge=0, le=7 * 24 * 3600, allow_inf_nan=False)]
Text = Annotated[str, AfterValidator(_one_line)]
Value = Annotated[str, AfterValidator(_no_nul)]
"""Any text that a process can receive."""
RelativePath = Annotated[str, AfterValidator(_inside_path)]
AbsolutePath = Annotated[str, AfterValidator(_absolute_path)]
Json = Annotated[dict[str, Any], AfterValidator(_json)]
"""Handed on as it is."""

Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Values = Annotated[tuple[Value, ...], Field(strict=False)]
