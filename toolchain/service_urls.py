"""Prints where the deployed services are, from the stack's outputs on standard input."""

import json
import sys
from typing import Any


def describe(outputs: dict[str, Any]) -> str:
    """One line for each service: the stack has an output of its name that says where it is."""
    lines = [f"  {name}: {where}" for name, where in sorted(outputs.items())]
    return "\n".join(["Services", *(lines or ["  none in this stack"])])


if __name__ == "__main__":
    print(describe(json.load(sys.stdin)))
