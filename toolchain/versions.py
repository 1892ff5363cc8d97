"""The pinned versions, read from versions.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

VERSIONS_FILE = Path(__file__).with_name("versions.toml")


@dataclass(frozen=True)
class Versions:
    """What versions.toml pins. Versions have no leading "v"."""

    pulumi: str
    language_host_built: str
    yaml_host_built: str
    docker_plugin: str
    nomad: str
    consul: str
    go_minimum: str
    go_fallback: str
    base_image: str
    store_image: str
    python: dict[str, str]
    """PyPI package name to version."""


def load(file: Path = VERSIONS_FILE) -> Versions:
    """Read the pinned versions. Raises KeyError naming a table or key that is missing."""
    pins = tomllib.loads(file.read_text(encoding="utf-8"))
    return Versions(
        pulumi=pins["pulumi"]["version"],
        language_host_built=pins["pulumi"]["language_host_built"],
        yaml_host_built=pins["pulumi"]["yaml_host_built"],
        docker_plugin=pins["plugin"]["docker"]["version"],
        nomad=pins["nomad"]["version"],
        consul=pins["consul"]["version"],
        go_minimum=pins["go"]["minimum"],
        go_fallback=pins["go"]["fallback"],
        base_image=pins["base_image"]["reference"],
        store_image=pins["store_image"]["reference"],
        python=pins["python"],
    )
