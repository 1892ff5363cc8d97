"""`python -m components schema`: writes the JSON Schemas that editors check and complete the files with."""

import argparse
from pathlib import Path
from typing import Any

from components.json_schema import schemas

FOLDER = "schemas"


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("schema", help="write schemas/*.json, the JSON Schemas of the files")
    parser.set_defaults(run=run)


def run(root: Path, _: argparse.Namespace) -> str:
    """Write the schemas; what to print."""
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")
    return "\n".join(f"{FOLDER}/{name}" for name in schemas())
