"""Prints where the deployed services are, from the stack's outputs on standard input."""

import json
import sys
from typing import Any


def describe(outputs: dict[str, Any]) -> str:
    """One line for each URL of each service in the output `services`, which maps a name to {urls, image, version}."""
    lines = []
    for name, service in sorted(outputs.get("services", {}).items()):
        urls = service.get("urls") or []
        lines += [f"  {name}: {url}" for url in urls] or [f"  {name}: no address"]
    return "\n".join(["Services", *(lines or ["  none in this stack"])])


if __name__ == "__main__":
    print(describe(json.load(sys.stdin)))
