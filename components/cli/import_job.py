"""`python -m components import JOB`: the service.yaml of a job, with which the next preview shows no change."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components.importing import nomad
from components.importing.service import Complete, Data
from components.importing.text import service_yaml, yaml_text
from components.layers import Layer, Layers
from components.problems import Problem, SettingsError
from components.service_folder import FOLDER, team_defaults
from components.stack_config import PLACEMENT
from components.stack_file import StackFile, file_name
from components.validation import validate
from components.yaml_file import KeyPath
from providers.plugin import ProviderError


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("import", help="write the service.yaml of a job that runs, or of a job file")
    parser.add_argument("job", metavar="JOB", help="ID, ID@NAMESPACE, or the path of an HCL or JSON job file")
    parser.add_argument("--var-file", type=Path, action="append", default=[], help="values for an HCL file's variables")
    parser.add_argument("--write", action="store_true", help="write services/NAME/service.yaml; default: print it")
    stack = os.environ.get("PULUMI_STACK") or "dev"
    parser.add_argument("--stack", default=stack, help="default: PULUMI_STACK, else dev (here: %(default)s)")
    parser.set_defaults(run=run)


def run(root: Path, options: argparse.Namespace) -> str:
    """Print or write the service; what to do next goes to standard error.

    Raises:
        SettingsError: there is no such job, no service.yaml can say it, or there is such a service already.
    """
    stack = _stack_values(root, options.stack)
    complete = _completion(root, stack)
    try:
        given, data = asyncio.run(_imported(options.job, _texts(options), complete))
    except ProviderError as error:
        raise SettingsError([Problem(f"{options.job}:", str(error).rstrip("."))]) from error
    name = data["name"]
    text = service_yaml(data, _title(options.job, given))
    file = root / FOLDER / name / "service.yaml"
    shown = file.relative_to(root)
    if options.write:
        if file.exists():
            raise SettingsError([Problem(str(shown), "exists already: move it away, or import without --write")])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        text = f"{shown} is written."
    if given.owner:
        print(f"The job belongs to {given.owner} already; a second resource cannot have it.", file=sys.stderr)
    service = validate(complete(data), lambda path: ".".join(map(str, path)))
    if service.image.floating:
        what = f'The image "{service.image.reference}" may be another one tomorrow, which image.floating allows'
        print(f"{what}: name a version when you can.", file=sys.stderr)
    entry = {name: stack_entry(stack.get("defaults"), service.model_dump(mode="json")) or {}}
    print("\n".join(_next(options, given, name, yaml_text(entry))), file=sys.stderr)
    return text


async def _imported(wanted: str, texts: tuple[str, str] | None, complete: Complete) -> tuple[nomad.Given, Data]:
    client = nomad.client_of_environment()
    try:
        given = await (nomad.of_text(client, *texts) if texts else nomad.registered(client, wanted))
        return given, await nomad.as_service(client, given, complete)
    finally:
        await client.close()


def _texts(options: argparse.Namespace) -> tuple[str, str] | None:
    """The job file and its variables; None where no file is meant."""
    if not Path(options.job).is_file():
        return None
    try:
        return Path(options.job).read_text("utf-8"), "\n".join(file.read_text("utf-8") for file in options.var_file)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([Problem(options.job, f"or its variables cannot be read: {error}")]) from error


def _stack_values(root: Path, stack: str) -> Mapping[str, Any]:
    return StackFile.read(root, stack).values if (root / file_name(stack)).exists() else {}


def _completion(root: Path, stack: Mapping[str, Any]) -> Complete:
    """What the layers below a service.yaml add to it."""
    team = team_defaults(root)
    where = Layer({key: stack[key] for key in PLACEMENT if key in stack}, lambda _: "")

    def complete(data: Data) -> Data:
        own = Layer({key: value for key, value in data.items() if key != "name"}, lambda _: "")
        return {"name": data.get("name"), **Layers([where, team, own], own).merged()}

    return complete


def _title(wanted: str, given: nomad.Given) -> str:
    if given.running is None:
        return f"From {wanted}."
    return f'From the job "{given.job["ID"]}", version {given.running["Version"]}.'


def stack_entry(defaults: Any, service: Mapping[str, Any]) -> dict[str, Any]:
    """What the stack's entry must say again, because the stack's defaults say otherwise.

    Args:
        defaults: `caravan:defaults`, or None.
        service: all keys of the service, with the models' defaults.
    """
    entry: dict[str, Any] = {}
    for path, value in _leaves(defaults if isinstance(defaults, Mapping) else {}):
        wanted: Any = service
        for depth, part in enumerate(path):
            wanted = wanted.get(part)
            if not isinstance(wanted, Mapping):
                # Where the service has nothing, null takes away all that the defaults have there.
                path = path[: depth + 1] if wanted is None else path
                break
        if wanted != value:
            inside = entry
            for part in path[:-1]:
                inside = inside.setdefault(str(part), {})
            whole = isinstance(wanted, float) and wanted.is_integer()
            inside[str(path[-1])] = int(wanted) if whole else wanted
    return entry


def _leaves(data: Mapping[str, Any], prefix: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*prefix, key))
        else:
            yield (*prefix, key), value


def _next(options: argparse.Namespace, given: nomad.Given, name: str, entry: str) -> Iterator[str]:
    yield f"Next, list it in {file_name(options.stack)}:"
    yield "    caravan:services:"
    yield from (f"      {line}" for line in entry.splitlines())
    if given.running is None:
        yield "and run pulumi up."
        return
    resources = [
        {"type": "caravan:index:Microservice", "name": name, "component": True},
        {
            "type": "nomad:index/job:Job",
            "name": f"{name}-job",
            "id": f"{given.job['ID']}@{given.job['Namespace']}",
            "parent": name,
        },
    ]
    yield "and let the stack take the running job over, which changes nothing in Nomad:"
    wanted = json.dumps({"resources": resources})
    yield f"    echo '{wanted}' > import.json"
    yield f"    pulumi import --stack {options.stack} --file import.json --generate-code=false --protect=false --yes"
