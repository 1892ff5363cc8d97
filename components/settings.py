"""The user's files, read and checked: everything that the program needs to know before it declares a resource."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.build_context import Build, BuildContextError
from components.image_reference import ImageReference
from components.problems import Problem, SettingsError, did_you_mean, shown
from components.service_model import Service
from components.stack_config import StackConfig, read_stack_config
from components.validation import Path as KeyPath
from components.validation import validate
from components.yaml_file import read_mapping

BASE_IMAGE_ARG = "BASE_IMAGE"


@dataclass(frozen=True)
class DeployedService:
    """A service as this stack deploys it."""

    spec: Service
    build: Build | None
    """How its image is built; None where it is used as it is."""


@dataclass(frozen=True)
class Settings:
    """Everything that the user wrote, valid and merged."""

    stack: StackConfig
    services: tuple[DeployedService, ...]
    """In the order of their names."""


def load(root: Path, stack: str, config: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Read `services/*/service.yaml` for the services that the stack lists, with what the stack changes in them.

    Args:
        root: the folder of Pulumi.yaml.
        stack: the stack's name.
        config: the stack's configuration without its `caravan:`.
        environment: the process's variables.

    Raises:
        SettingsError: with every problem found in any of the files.
    """
    problems: list[Problem] = []
    file = f"stacks/Pulumi.{stack}.yaml"
    try:
        stack_config = read_stack_config(config, environment, file)
    except SettingsError as error:
        problems += error.problems
        # Services can be checked all the same, so that one run shows everything.
        listed = config.get("services")
        known = {name: override or {} for name, override in listed.items()} if isinstance(listed, dict) else {}
        stack_config = StackConfig(file=file, services={k: v for k, v in known.items() if isinstance(v, dict)})

    services = []
    for name, override in sorted(stack_config.services.items()):
        try:
            services.append(_Folder(root, name, stack, stack_config).read(override))
        except SettingsError as error:
            problems += error.problems
    problems += _same_names(services, file)
    if any(service.build for service in services) and stack_config.registry is None and not problems:
        what = "is missing, and so is CARAVAN_REGISTRY: built images need a registry, such as 127.0.0.1:5000"
        problems.append(Problem(f"{file}: caravan:registry", what))
    if problems:
        raise SettingsError(problems)
    return Settings(stack_config, tuple(services))


def _same_names(services: list[DeployedService], file: str) -> list[Problem]:
    names = [service.spec.name for service in services]
    twice = sorted({name for name in names if names.count(name) > 1})
    return [Problem(f"{file}: caravan:services", f'has two services named "{name}"') for name in twice]


class _Folder:
    """The folder of one service."""

    def __init__(self, root: Path, name: str, stack: str, config: StackConfig) -> None:
        self._root = root
        self._name = name
        self._stack = stack
        self._config = config
        self._path = root / "services" / name
        self._file = f"services/{name}/service.yaml"

    def read(self, override: Mapping[str, Any]) -> DeployedService:
        """The service with the stack's changes.

        Raises:
            SettingsError: with every problem found.
        """
        self._require()
        written = read_mapping(self._path / "service.yaml", self._file)

        def where(path: KeyPath) -> str:
            inside_stack = _holds(override, path)
            key = ".".join(map(str, path))
            return (
                f"{self._config.file}: caravan:services.{self._name}.{key}" if inside_stack else f"{self._file}: {key}"
            )

        spec = validate({"name": self._name, **_merge_service(written, override)}, where)
        try:
            return DeployedService(spec, self._image(spec))
        except ValueError as error:
            key: KeyPath = ("image", "build" if spec.image.build else "reference")
            raise SettingsError([Problem(where(key), str(error))]) from error

    def _require(self) -> None:
        if (self._path / "service.yaml").is_file() and Path(self._name).name == self._name:
            return
        names = [path.parent.name for path in (self._root / "services").glob("*/service.yaml")]
        what = f"has no file {shown(self._file)}; {did_you_mean(self._name, names)}"
        raise SettingsError([Problem(f"{self._config.file}: caravan:services.{self._name}", what)])

    def _image(self, spec: Service) -> Build | None:
        """How to build the image.

        Raises:
            ValueError: it cannot be built, or its reference may mean something else tomorrow.
        """
        if spec.image.build is None:
            _pinned(spec.image.reference or "", self._stack)
            return None
        wanted = spec.image.build
        context = Path(os.path.normpath(self._path / wanted.context))
        build = Build.of(context, wanted.dockerfile, wanted.args, wanted.target, wanted.platform)
        boundary = _repository(self._root)
        for what, path in (("context", context), ("dockerfile", build.dockerfile)):
            if not path.resolve().is_relative_to(boundary):
                raise ValueError(f'has the {what} "{getattr(wanted, what)}", which is outside the repository')
        try:
            build.check()
        except BuildContextError as error:
            raise ValueError(f'has the context "{wanted.context}", which {error}') from error
        base = self._config.base_image
        if base is None or BASE_IMAGE_ARG in wanted.args or not build.declares_arg(BASE_IMAGE_ARG):
            return build
        args = {**wanted.args, BASE_IMAGE_ARG: base}
        return Build.of(context, wanted.dockerfile, args, wanted.target, wanted.platform)


def _pinned(reference: str, stack: str) -> None:
    image = ImageReference.parse(reference)
    if image.tag is None and image.digest is None:
        raise ValueError(f'is "{reference}", but must have a tag or a digest')
    if image.tag == "latest" and image.digest is None and stack != "dev":
        raise ValueError(f'is "{reference}", but the tag "latest" may mean another image tomorrow: name a version')


def _repository(root: Path) -> Path:
    """The checkout that the folder is in, or the folder itself."""
    root = root.resolve()
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)


def _merge(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are merged key by key; anything else replaces what it overrides."""
    merged = dict(base)
    for key, value in override.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _merge_service(written: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """The service with the stack's changes. A stack that says where the image comes from means just that one place."""
    image, chosen = written.get("image"), override.get("image")
    if isinstance(image, Mapping) and isinstance(chosen, Mapping):
        alternatives = {"build": "reference", "reference": "build"}
        replaced = {other for source, other in alternatives.items() if source in chosen}
        written = {**written, "image": {key: value for key, value in image.items() if key not in replaced}}
    return _merge(written, override)


def _holds(data: Any, path: KeyPath) -> bool:
    """Whether the mapping has a value at the path. A list counts as a whole: it is never merged."""
    for part in path:
        if isinstance(data, list):
            return True
        if not isinstance(data, Mapping) or part not in data:
            return False
        data = data[part]
    return True
