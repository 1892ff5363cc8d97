"""What an environment is: the `caravan:` keys of its stack file, and their defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.image_reference import ImageReference, Registry
from components.problems import Problem, SettingsError, did_you_mean, shown

KEYS = ("base_image", "datacenters", "namespace", "region", "registry", "services")


@dataclass(frozen=True)
class StackConfig:
    """The settings of one environment."""

    file: str
    """The stack's file, as to name it to the user."""
    registry: Registry | None = None
    """Where built images go. From `caravan:registry`, else from CARAVAN_REGISTRY."""
    base_image: str | None = None
    """Value for `ARG BASE_IMAGE` in Dockerfiles that have it. From `caravan:base_image`, else CARAVAN_BASE_IMAGE."""
    datacenters: tuple[str, ...] = ("dc1",)
    """Nomad datacenters that instances may run in."""
    namespace: str | None = None
    """Nomad namespace. Default: the provider's."""
    region: str | None = None
    """Nomad region. Default: the provider's."""
    services: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The services to deploy, each with what differs here from its service.yaml."""


def read_stack_config(config: Mapping[str, Any], environment: Mapping[str, str], file: str) -> StackConfig:
    """The stack's settings.

    Args:
        config: the stack's keys without their `caravan:`.
        environment: the process's variables.
        file: the stack's file, as to name it to the user.

    Raises:
        SettingsError: with every problem found.
    """
    reader = _Reader(config, environment, file)
    settings = StackConfig(
        file=file,
        registry=reader.registry(),
        base_image=reader.base_image(),
        datacenters=reader.datacenters(),
        namespace=reader.text("namespace"),
        region=reader.text("region"),
        services=reader.services(),
    )
    for key in sorted(set(config) - set(KEYS)):
        reader.problem(key, f"is not a known key; {did_you_mean(key, KEYS)}")
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings


class _Reader:
    """Reads key by key and collects what is wrong."""

    def __init__(self, config: Mapping[str, Any], environment: Mapping[str, str], file: str) -> None:
        self.problems: list[Problem] = []
        self._config = config
        self._environment = environment
        self._file = file

    def problem(self, key: str, what: str) -> None:
        self.problems.append(Problem(f"{self._file}: caravan:{key}", what))

    def text(self, key: str) -> str | None:
        value = self._config.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value or not value.isprintable():
            self.problem(key, f"is {shown(value)}, but must be text on one line, not empty")
            return None
        return value

    def registry(self) -> Registry | None:
        where, value = self._or_environment("registry", "CARAVAN_REGISTRY")
        if value is None:
            return None
        try:
            return Registry.parse(value)
        except ValueError as error:
            self.problems.append(Problem(where, f"is {shown(value)}, but {error}"))
            return None

    def base_image(self) -> str | None:
        where, value = self._or_environment("base_image", "CARAVAN_BASE_IMAGE")
        if value is None:
            return None
        try:
            ImageReference.parse(value)
        except ValueError as error:
            self.problems.append(Problem(where, f"is {shown(value)}, but {error}"))
        return value

    def datacenters(self) -> tuple[str, ...]:
        value = self._config.get("datacenters", ["dc1"])
        if not isinstance(value, list) or not value or not all(isinstance(name, str) and name for name in value):
            self.problem("datacenters", f"is {shown(value)}, but must be a list of names, with one at least")
            return ()
        return tuple(value)

    def services(self) -> Mapping[str, Mapping[str, Any]]:
        value = self._config.get("services")
        if not isinstance(value, dict) or not value:
            found = "is missing" if value is None else f"is {shown(value)}"
            self.problem("services", f"{found}, but must be a mapping of the services to deploy to what differs here")
            return {}
        overrides = {}
        for name, override in value.items():
            if not isinstance(override, dict | None):
                self.problem(
                    f"services.{name}", f"is {shown(override)}, but must be a mapping of what differs here, or {{}}"
                )
            overrides[name] = override if isinstance(override, dict) else {}
        return overrides

    def _or_environment(self, key: str, variable: str) -> tuple[str, str | None]:
        if self._config.get(key) is not None:
            return f"{self._file}: caravan:{key}", self.text(key)
        return f"The environment variable {variable}", self._environment.get(variable) or None
