"""JSON Schemas of what users write, from the models: for editors, which complete and check with them."""

import json
from typing import Any

from components.service_model import Service
from components.stack_file import PROJECT
from components.stack_model import Stack

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, str]:
    """The text of each schema, by the name of its file."""
    return {
        name: json.dumps({"$schema": _DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"
        for name, schema in (
            ("service.json", _service()),
            ("defaults.json", _defaults()),
            ("stack.json", _stack()),
        )
    }


def _service() -> dict[str, Any]:
    """The model as one layer of several: each of them may leave anything out, and take away what is below it."""
    return {"title": "A service: services/<name>/service.yaml", **_plain(Service.model_json_schema(), layer=True)}


def _defaults() -> dict[str, Any]:
    return {
        "title": "The team's defaults: services/defaults.yaml",
        "$ref": "service.json",
        "properties": {"name": {"not": {}, "description": "One service's own."}},
    }


def _stack() -> dict[str, Any]:
    schema = _plain(Stack.model_json_schema())
    properties = {f"{PROJECT}:{key}": value for key, value in schema["properties"].items()}
    properties[f"{PROJECT}:defaults"] |= {"$ref": "defaults.json"}
    properties[f"{PROJECT}:services"]["additionalProperties"] = {
        "anyOf": [{"$ref": "service.json"}, {"const": False}, _NULL]
    }
    properties[f"{PROJECT}:registry"]["anyOf"].insert(0, {"type": "string"})
    config = {
        "type": "object",
        "properties": properties,
        # Other packages have keys of their own: nomad:address.
        "patternProperties": {f"^(?!{PROJECT}:)": {}},
        "additionalProperties": False,
    }
    return {
        "title": "An environment: stacks/Pulumi.<stack>.yaml",
        "type": "object",
        "properties": {"config": config},
        "$defs": schema["$defs"],
    }


_NAMED = ("properties", "$defs")
_LISTED = ("anyOf", "oneOf", "allOf")
_NESTED = ("items", "additionalProperties")
_NULL = {"type": "null"}


def _plain(schema: dict[str, Any], *, layer: bool = False) -> dict[str, Any]:
    """The schema without pydantic's titles; for a layer nothing is required, and null may be wherever a value is."""
    plain: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _NAMED:
            plain[key] = {name: _plain(part, layer=layer) for name, part in value.items()}
        elif key in _LISTED:
            plain[key] = [_plain(part, layer=layer) for part in value]
        elif key in _NESTED and isinstance(value, dict):
            plain[key] = _plain(value, layer=layer)
        elif key != "title" and not (layer and key == "required"):
            plain[key] = value
    if layer and "properties" in plain:
        plain["properties"] = {name: _or_null(part) for name, part in plain["properties"].items()}
    if layer and isinstance(plain.get("additionalProperties"), dict):
        plain["additionalProperties"] = _or_null(plain["additionalProperties"])
    return plain


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if not schema or _NULL in schema.get("anyOf", ()):
        return schema
    about: dict[str, Any] = {key: schema[key] for key in ("description", "default") if key in schema}
    return {**about, "anyOf": [{key: value for key, value in schema.items() if key not in about}, _NULL]}
