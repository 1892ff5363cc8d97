"""The commands of `python -m components`, each in a file of its own."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from components.cli import explain, import_job, schema
from components.problems import SettingsError

COMMANDS = (explain, import_job, schema)


def main(arguments: Sequence[str]) -> int:
    """Run a command in the folder of Pulumi.yaml; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m components", description="Questions about the settings.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    options = parser.parse_args(arguments)
    try:
        print(options.run(Path.cwd(), options))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
