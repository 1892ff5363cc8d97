"""The user's files, read, merged and checked: all that the program needs to know before it declares a resource."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from components.build_context import Build
from components.file_sources import read_sources
from components.layers import Layers
from components.problems import Problem, SettingsError, did_you_mean
from components.service_build import how_to_build
from components.service_folder import Folders
from components.service_model import Service
from components.stack_config import StackConfig, read_stack_config
from components.stack_file import StackFile
from components.stack_rules import broken_rules, doubtful
from components.validation import problems_of_layer, validate
from components.yaml_file import KeyPath


@dataclass(frozen=True)
class DeployedService:
    """A service as this stack deploys it."""

    key: str
    """Its folder in services/, which is also its key in the stack file."""
    spec: Service
    build: Build | None
    """How its image is built; None where it is used as it is."""
    layers: Layers
    """Where its settings come from."""


@dataclass(frozen=True)
class Settings:
    """Everything that the user wrote, valid and merged."""

    stack: StackConfig
    services: tuple[DeployedService, ...]
    """In the order of their names."""
    warnings: tuple[Problem, ...] = ()
    """What may be meant, but is more often a mistake."""

    def secrets_of(self, service: DeployedService) -> tuple[dict[str, str], str | None]:
        """The values of the service's secrets, by name, and their version: see StackSecrets."""
        keys = {other.spec.name: other.key for other in self.services}
        holders = {name: service.key if it.of is None else keys[it.of] for name, it in service.spec.secrets.items()}
        return self.stack.secrets.values(holders), self.stack.secrets.version(holders)


def load(root: Path, file: StackFile, environment: Mapping[str, str]) -> Settings:
    """Read the services that the stack lists.

    Args:
        root: the folder of Pulumi.yaml.
        file: the stack's configuration.
        environment: the process's variables.

    Raises:
        SettingsError: with every problem found in any of the files.
    """
    problems: list[Problem] = []
    stack = read_stack_config(file, environment, problems)
    folders = Folders(root, stack)
    services = []
    for key in sorted(stack.services):
        try:
            services.append(_service(root, stack, folders, key))
        except SettingsError as error:
            problems += error.problems
    problems += broken_rules(stack, services, folders.keys())
    if any(service.build for service in services) and stack.registry is None and not problems:
        what = "is missing, and so is CARAVAN_REGISTRY: built images need a registry, such as 127.0.0.1:5000"
        problems.append(Problem(file.where(("registry",)), what))
    if problems:
        raise SettingsError(problems)
    return Settings(stack, tuple(services), tuple(doubtful(stack, services)))


def load_service(
    root: Path, file: StackFile, key: str, environment: Mapping[str, str], problems: list[Problem]
) -> DeployedService:
    """One service alone, whatever is wrong with others.

    Args:
        root, file, environment: as for `load`.
        key: the service's folder.
        problems: what is wrong with the rest of the stack's file is added here.

    Raises:
        SettingsError: with what is wrong with the service.
    """
    stack = read_stack_config(file, environment, problems)
    if key not in stack.services:
        what = "is left out of this stack" if key in stack.left_out else "is not listed in this stack"
        hint = "" if key in stack.left_out else f"; {did_you_mean(key, stack.services)}"
        raise SettingsError([Problem(file.where(("services", key)), what + hint)])
    return _service(root, stack, Folders(root, stack), key)


def _service(root: Path, stack: StackConfig, folders: Folders, key: str) -> DeployedService:
    layers = folders.layers(key)
    wrong = [problem for layer in layers.all for problem in problems_of_layer(layer)]
    try:
        described = validate({"name": key, **layers.merged()}, layers.where)
    except SettingsError as error:
        raise SettingsError([*wrong, *error.problems]) from error
    if wrong:
        raise SettingsError(wrong)
    spec = read_sources(described, root / "services" / key, layers.where)
    try:
        return DeployedService(key, spec, how_to_build(root, key, spec, stack), layers)
    except ValueError as error:
        path: KeyPath = ("image", "build" if spec.image.build else "reference")
        raise SettingsError([Problem(layers.where(path), str(error))]) from error
