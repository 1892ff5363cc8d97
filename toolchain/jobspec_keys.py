"""Records which keys Nomad's JSON jobs have, and of which types, from Nomad's own source.

`python3 -m toolchain.jobspec_keys` writes both tables.

Run it after a change of Nomad's version in versions.toml, once `make tools` has built that Nomad from its Go modules.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from toolchain import paths, versions

TABLE = paths.ROOT / "providers" / "nomad" / "jobspec_keys.json"
TYPES = paths.ROOT / "providers" / "nomad" / "job_types.json"
ROOT_STRUCT = "Job"

SERVER_NAMES = {"NUMAResource": "NUMA", "TaskLifecycle": "TaskLifecycleConfig"}
"""Structs that the server calls by another name than the API."""

_STRUCT = re.compile(r"^type (?P<name>\w+) struct \{\n(?P<body>.*?)^\}", re.M | re.S)
_FIELD = re.compile(r"^\t(?P<name>[A-Z]\w*)\s+(?P<type>[^`\n/]+?)\s*(?P<tag>`[^`]*`)?\s*(?://.*)?$", re.M)
_JSON_TAG = re.compile(r'json:"(?P<name>[^,"]*)')
_FREE_MAPS = ("map[string]any", "map[string]interface{}", "map[string]string", "map[string][]string")


def structs(source: str) -> dict[str, dict[str, str]]:
    """The exported fields of each Go struct by their JSON key, with their Go types."""
    return {found["name"]: dict(_fields(found["body"])) for found in _STRUCT.finditer(source)}


def _fields(body: str) -> Iterator[tuple[str, str]]:
    for field in _FIELD.finditer(body):
        tag = _JSON_TAG.search(field["tag"] or "")
        if tag is None or tag["name"] != "-":
            yield (tag["name"] if tag and tag["name"] else field["name"]), field["type"]


def table(api: str, server: str) -> dict[str, dict[str, str]]:
    """For each struct below Job: its keys, and what stands in them.

    That is the name of another struct, `{}STRUCT` for a map of them by names of the user's, `*` for what is free, and
    "" for a plain value. Keys that `server` (the source of the Nomad that runs) does not know are left out: the API
    module can be newer than the server.
    """
    known = structs(api)
    result: dict[str, dict[str, str]] = {}
    waiting = [ROOT_STRUCT]
    while waiting:
        name = waiting.pop()
        if name in result:
            continue
        result[name] = {
            key: _holds(type_, known) for key, type_ in known[name].items() if re.search(rf"\b{key}\b", server)
        }
        waiting.extend(held.removeprefix("{}") for held in result[name].values() if held not in ("", "*"))
    return {name: dict(sorted(result[name].items())) for name in sorted(result)}


def _holds(type_: str, known: dict[str, dict[str, str]]) -> str:
    if type_ in _FREE_MAPS:
        return "*"
    by_name = type_.startswith("map[string]")
    element = type_.removeprefix("map[string]").removeprefix("[]").removeprefix("*")
    if element not in known:
        return ""
    return f"{{}}{element}" if by_name else element


def types(keys: dict[str, dict[str, str]], api: str, server: str) -> dict[str, dict[str, str]]:
    """The type of each key of `keys` (see `table`).

    That is `string`, `number`, `bool`, `duration`, `list` (of plain values), `map` (free), or the name of a struct with
    `[]` before it for a list and `{}` for a map of them. At the end, where "not set" is something else than zero or
    empty: `*` in the API only, so that a default takes the place of the one and not of the other; `?` in the server
    (the source of its structs), too. `-` at the beginning: the server keeps no such key; it is merged into others, or
    ignored.
    """
    known, kept = structs(api), structs(server)
    return {
        name: {
            key: _type(known[name][key], held, kept.get(SERVER_NAMES.get(name, name), {}), key)
            for key, held in fields.items()
        }
        for name, fields in keys.items()
    }


def _type(go: str, held: str, server: dict[str, str], key: str) -> str:
    found = {name.lower(): type_ for name, type_ in server.items()}.get(key.lower())
    shape = _shape(go, held)
    if go.startswith("*") and not held:
        shape += "?" if (found or "").startswith("*") else "*"
    return shape if found is not None else f"-{shape}"


def _shape(go: str, held: str) -> str:
    if go.startswith("map["):
        return "map" if held == "*" or not held else held
    if go.startswith("[]") and go != "[]byte":
        return f"[]{held}" if held else "list"
    if held:
        return held
    plain = go.removeprefix("*")
    if plain in ("bool", "time.Duration"):
        return plain.removeprefix("time.").lower()
    return "number" if re.fullmatch(r"u?int\d*|float\d*", plain) else "string"


def _module(name: str) -> Path:
    """Where Go keeps the source of a module that toolchain/go/nomad builds with."""
    command = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", name]
    folder = paths.ROOT / "toolchain" / "go" / "nomad"
    return Path(subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip())


def _source(files: Iterator[Path]) -> str:
    return "\n".join(file.read_text() for file in sorted(files) if not file.name.endswith("_test.go"))


if __name__ == "__main__":
    nomad = _module("github.com/hashicorp/nomad")
    kept = _source((nomad / "nomad" / "structs").glob("*.go"))
    agent = _source((nomad / "command" / "agent").glob("job_*.go"))
    api = _source(_module("github.com/hashicorp/nomad/api").glob("*.go"))
    found = table(api, kept + agent)
    for path, content in ((TABLE, found), (TYPES, types(found, api, kept))):
        recorded = {"nomad": versions.load().nomad, "structs": content}
        path.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")
