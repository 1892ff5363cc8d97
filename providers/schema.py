"""A plugin's Pulumi schema, read from the Python SDK that programs use.

The CLI asks for it where it writes or checks programs: `pulumi import`, `pulumi package get-schema`, programs in YAML.
"""

import collections.abc
import importlib
import inspect
import json
import re
import typing
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pulumi

# Private, but it is what pulumi itself translates names and types of an SDK by; the version is pinned.
from pulumi import _types as sdk_types

_INPUT = {"Output": pulumi.Output, "T": type(None)}
"""What stands open in the hints of `pulumi.Input`."""

_PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number"}


def schema(name: str, version: str, sdk: str, serves: Mapping[str, frozenset[str]]) -> str:
    """The schema as JSON.

    `sdk` is the Python package ("pulumi_nomad"); `serves` gives the names of the secret properties by the token of a
    resource ("nomad:index/job:Job") or look-up ("nomad:index/getJob:getJob"). Source: Pulumi `pulumi.schema.json`.
    """
    return json.dumps(_Reader(name, sdk, serves).package(version))


def tokens(sdk: str) -> list[str]:
    """The tokens of all resources and look-ups of a Python SDK."""
    members = vars(importlib.import_module(sdk))
    package = sdk.removeprefix("pulumi_")
    kinds = [one for one in members.values() if inspect.isclass(one) and issubclass(one, pulumi.CustomResource)]
    types = [getattr(kind, "pulumi_type", "") for kind in kinds if not issubclass(kind, pulumi.ProviderResource)]
    look_ups = [_camel(name) for name in members if name.startswith("get_") and f"{name}_output" in members]
    return sorted({*types, *(f"{package}:index/{name}:{name}" for name in look_ups)})


def completed(own: str, official: str, served: Collection[str]) -> str:
    """The schema `own`, with all that is not `served` here as the official plugin describes it. Both are JSON."""
    whole, theirs = json.loads(own), json.loads(official)
    for part in ("resources", "functions"):
        kept = {
            token: one for token, one in whole[part].items() if token in served or token not in theirs.get(part, {})
        }
        whole[part] = dict(sorted({**theirs.get(part, {}), **kept}.items()))
    whole["types"] = dict(sorted({**theirs.get("types", {}), **whole["types"]}.items()))
    return json.dumps(whole)


class _Reader:
    def __init__(self, name: str, sdk: str, serves: Mapping[str, frozenset[str]]) -> None:
        self._name = name
        self._sdk = importlib.import_module(sdk)
        self._serves = serves
        self._types: dict[str, dict[str, Any]] = {}

    def package(self, version: str) -> dict[str, Any]:
        resources, functions = {}, {}
        for token, secret in sorted(self._serves.items()):
            member = token.rsplit(":", 1)[-1]
            if member[0].isupper():
                resources[token] = self._resource(member, secret)
            else:
                functions[token] = self._function(member, secret)
        inputs = self._properties(self._sdk.ProviderArgs)
        return {
            "name": self._name,
            "version": version,
            "meta": {"moduleFormat": "(.*)(?:/[^/]*)"},
            "language": {"python": {"packageName": self._sdk.__name__, "compatibility": "tfbridge20"}},
            "config": {"variables": inputs},
            "provider": {"inputProperties": inputs},
            "resources": resources,
            "functions": functions,
            "types": dict(sorted(self._types.items())),
        }

    def _resource(self, member: str, secret: frozenset[str]) -> dict[str, Any]:
        arguments, made = getattr(self._sdk, f"{member}Args"), getattr(self._sdk, member)
        inputs, outputs = self._properties(arguments, secret), self._properties(made, secret)
        return {
            "description": _text(typing.get_overloads(made.__init__)[0]),
            "inputProperties": inputs,
            "requiredInputs": _required(arguments),
            "properties": outputs,
            "required": [name for name, (getter, _) in _getters(made).items() if _always(getter)],
        }

    def _function(self, member: str, secret: frozenset[str]) -> dict[str, Any]:
        look_up = getattr(self._sdk, _snake(member))
        result = getattr(self._sdk, f"{member[0].upper()}{member[1:]}Result")
        # Only the form that takes outputs tells which of its parameters are required.
        hints = typing.get_type_hints(getattr(self._sdk, f"{_snake(member)}_output"), localns=_INPUT)
        parameters = {_camel(name): hint for name, hint in hints.items() if name not in ("opts", "return")}
        outputs = self._properties(result, secret)
        return {
            "description": _text(look_up),
            "inputs": {
                "properties": {name: self._type(hint) for name, hint in parameters.items()},
                "required": [name for name, hint in parameters.items() if not _takes_none(hint)],
            },
            "outputs": {"properties": outputs, "required": list(outputs)},
        }

    def _properties(self, owner: type, secret: Iterable[str] = ()) -> dict[str, Any]:
        found = {}
        for name, (getter, hint) in _getters(owner).items():
            found[name] = {**self._type(hint), "description": _text(getter)}
            if name in secret:
                found[name]["secret"] = True
        return found

    def _type(self, hint: Any) -> dict[str, Any]:
        """A type specification for a Python type, without what `pulumi.Input` and `Optional` add to it."""
        hint = sdk_types.unwrap_type(hint)
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if hint in _PLAIN:
            return {"type": _PLAIN[hint]}
        if origin is collections.abc.Sequence:
            return {"type": "array", "items": self._type(arguments[0])}
        if origin is collections.abc.Mapping:
            return {"type": "object", "additionalProperties": self._type(arguments[1])}
        if origin is typing.Union:
            # A block of a look-up: an args class, a dictionary or a result.
            return self._type(next(one for one in arguments if sdk_types.is_input_type(one)))
        if inspect.isclass(hint) and (sdk_types.is_input_type(hint) or sdk_types.is_output_type(hint)):
            return {"$ref": f"#/types/{self._object(hint)}"}
        raise TypeError(f"{self._sdk.__name__} has a type that a schema is not known for: {hint!r}")

    def _object(self, owner: type) -> str:
        name = owner.__name__.removesuffix("Args")
        if name.endswith("Result"):
            name = f"{name[0].lower()}{name[1:]}".removesuffix("Result")
        token = f"{self._name}:index/{name}:{name}"
        if token not in self._types:
            self._types[token] = {}
            self._types[token] = {
                "type": "object",
                "properties": self._properties(owner),
                "required": _required(owner),
            }
        return token


def _getters(owner: type) -> dict[str, tuple[Any, Any]]:
    """The Pulumi properties of a class: name to getter and type."""
    python_names = sdk_types.resource_pulumi_to_py_names(owner)
    types = sdk_types.resource_types(owner)
    return {name: (getattr(owner, python_names[name]).fget, hint) for name, hint in sorted(types.items())}


def _required(owner: type) -> list[str]:
    """The properties without which an input or output class cannot be made."""
    names = sdk_types._py_to_pulumi_names_from_py_properties(owner)
    parameters = inspect.signature(owner).parameters.values()
    return sorted(names[p.name] for p in parameters if p.default is inspect.Parameter.empty)


def _takes_none(hint: Any) -> bool:
    """Whether an argument of a look-up may be left out: `Input[Optional[T]]`, while all are `Optional[Input[...]]`."""
    awaited = next(part for part in typing.get_args(hint) if typing.get_origin(part) is collections.abc.Awaitable)
    return type(None) in typing.get_args(typing.get_args(awaited)[0])


def _always(getter: Any) -> bool:
    """Whether an output of a resource always has a value."""
    output = typing.get_type_hints(getter)["return"]
    return type(None) not in typing.get_args(typing.get_args(output)[0])


def _text(documented: Any) -> str:
    """The first part of a docstring, without examples and parameters."""
    text = inspect.getdoc(documented) or ""
    return re.split(r"(?m)^(?:## |:param )", text, maxsplit=1)[0].strip()


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda match: f"_{match[1].lower()}", name)
