"""Records which keys Nomad's JSON jobs have, from Nomad's own source: `python3 -m toolchain.jobspec_keys`.

Run it after a change of Nomad's version in versions.toml, once `make tools` has built that Nomad from its Go modules.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from toolchain import paths, versions

TABLE = paths.ROOT / "providers" / "nomad" / "jobspec_keys.json"
ROOT_STRUCT = "Job"

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


def _module(name: str) -> Path:
    """Where Go keeps the source of a module that toolchain/go/nomad builds with."""
    command = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", name]
    folder = paths.ROOT / "toolchain" / "go" / "nomad"
    return Path(subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip())


def _source(files: Iterator[Path]) -> str:
    return "\n".join(file.read_text() for file in sorted(files) if not file.name.endswith("_test.go"))


if __name__ == "__main__":
    nomad = _module("github.com/hashicorp/nomad")
    server = _source((nomad / "nomad" / "structs").glob("*.go")) + _source(
        (nomad / "command" / "agent").glob("job_*.go")
    )
    found = table(_source(_module("github.com/hashicorp/nomad/api").glob("*.go")), server)
    recorded = {"nomad": versions.load().nomad, "structs": found}
    TABLE.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")
