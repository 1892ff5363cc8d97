"""The settings of an environment: the `caravan:` keys of its stack file, and the variables that stand in for some."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from components.image_reference import ImageReference, Registry
from components.problems import Problem, shown
from components.stack_file import StackFile
from components.stack_model import External, Stack
from components.stack_secrets import StackSecrets, open_values, read_secrets, set_command
from components.validation import problems_of, without, wrong_paths
from components.yaml_file import KeyPath

IMAGES_VARIABLE = "CARAVAN_IMAGES"
"""Stands in for `caravan:images`."""
PLACEMENT = ("datacenters", "namespace", "region", "host_network")
"""Keys that say where the environment's services run."""


@dataclass(frozen=True)
class RegistryAccount:
    """As whom to push."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class StackConfig:
    """The settings of one environment."""

    file: StackFile
    registry: Registry | None = None
    """Where built images go. From `caravan:registry`, else from CARAVAN_REGISTRY."""
    registry_account: RegistryAccount | None = None
    """Default: that of `docker login`."""
    base_image: str | None = None
    """Value for `ARG BASE_IMAGE` in Dockerfiles that have it. From `caravan:base_image`, else CARAVAN_BASE_IMAGE."""
    images: Mapping[str, str] = field(default_factory=dict)
    """By the reference of a finished image, the one that is used here. From `caravan:images`, else CARAVAN_IMAGES."""
    datacenters: tuple[str, ...] = ("dc1",)
    """Nomad datacenters that instances may run in."""
    namespace: str | None = None
    """Nomad namespace. Default: the provider's."""
    region: str | None = None
    """Nomad region. Default: the provider's."""
    host_network: str | None = None
    """Network of the nodes that ports are published on. Default: their default network."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What differs here in every service."""
    services: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The services to deploy, each with what differs here from its service.yaml."""
    left_out: frozenset[str] = frozenset()
    """The services that are listed as false."""
    external_services: Mapping[str, External] = field(default_factory=dict)
    """Services outside of this stack that calls may name."""
    secrets: StackSecrets = field(default_factory=StackSecrets)


def read_stack_config(stack: StackFile, environment: Mapping[str, str], problems: list[Problem]) -> StackConfig:
    """The stack's settings, and defaults in place of what is wrong: so the services can be checked all the same.

    Args:
        stack: the keys as they were written.
        environment: the process's variables.
        problems: what is wrong is added here.
    """
    secrets = read_secrets(stack, problems)
    model = _validated(stack, problems)
    registry, base_image = model.registry.address if model.registry else None, model.base_image
    if "registry" not in stack.values:
        registry = environment.get("CARAVAN_REGISTRY") or None
    if "base_image" not in stack.values:
        base_image = environment.get("CARAVAN_BASE_IMAGE") or None
    images = model.images if "images" in stack.values else _images(environment.get(IMAGES_VARIABLE), problems)
    where = (lambda key: stack.where(("images", key))) if "images" in stack.values else _of_the_variable
    problems += _images_of_one_name(images, where)
    return StackConfig(
        file=stack,
        registry=_registry(registry, problems),
        registry_account=_account(model, secrets, stack, problems),
        base_image=_base_image(base_image, problems),
        images=images,
        datacenters=model.datacenters,
        namespace=model.namespace,
        region=model.region,
        host_network=model.host_network,
        defaults=model.defaults,
        services={name: override for name, override in model.services.items() if isinstance(override, dict)},
        left_out=frozenset(name for name, override in model.services.items() if override is False),
        external_services={name: external or External() for name, external in model.external_services.items()},
        secrets=secrets,
    )


def _validated(stack: StackFile, problems: list[Problem]) -> Stack:
    """The keys as the model has them, without those that are wrong."""
    values = open_values(stack)
    if not stack.values.get("services"):
        what = "must list the services to deploy, each with what differs here, as in {web: {}}"
        problems.append(Problem(stack.where(("services",)), what))
        values["services"] = {}
    values.setdefault("services", {})
    try:
        return Stack.model_validate(values)
    except ValidationError as error:
        problems += problems_of(error, Stack, lambda path: _where(stack, path))
        rest = without(values, wrong_paths(error))
    rest.setdefault("services", {})
    try:
        return Stack.model_validate(rest)
    except ValidationError:
        return Stack(services={})


def _where(stack: StackFile, path: KeyPath) -> str:
    # A registry that is just an address has no keys of its own.
    just_text = isinstance(stack.values.get(str(path[0])), str)
    return stack.where(path[:1] if just_text else path)


def _registry(text: str | None, problems: list[Problem]) -> Registry | None:
    """The registry that the stack or, without a word of the stack, the process's variable names."""
    try:
        return None if text is None else Registry.parse(text)
    except ValueError as error:
        problems.append(Problem("The environment variable CARAVAN_REGISTRY", f"is {shown(text)}, but {error}"))
        return None


def _base_image(text: str | None, problems: list[Problem]) -> str | None:
    try:
        if text is not None:
            ImageReference.parse(text)
        return text
    except ValueError as error:
        problems.append(Problem("The environment variable CARAVAN_BASE_IMAGE", f"is {shown(text)}, but {error}"))
        return None


def _images(text: str | None, problems: list[Problem]) -> dict[str, str]:
    """The stand-ins that the process's variable names."""
    images: dict[str, str] = {}
    for pair in text.split(",") if text else ():
        usual, _, other = pair.partition("=")
        try:
            for reference in (usual, other):
                ImageReference.parse(reference)
            if images.setdefault(usual, other) != other:
                what = f"has two images for {shown(usual)}, {shown(images[usual])} and {shown(other)}: keep one"
                problems.append(Problem(f"The environment variable {IMAGES_VARIABLE}", what))
        except ValueError as error:
            what = f"has {shown(pair)}, but must be as reference=other,reference=other; each {error}"
            problems.append(Problem(f"The environment variable {IMAGES_VARIABLE}", what))
    return images


def _of_the_variable(key: str) -> str:
    return f"The environment variable {IMAGES_VARIABLE}: {key}"


def _images_of_one_name(images: Mapping[str, str], where: Callable[[str], str]) -> Iterator[Problem]:
    """References that are one, but written in two ways and taken from two places."""
    seen: dict[str, str] = {}
    for usual, other in images.items():
        first = seen.setdefault(ImageReference.parse(usual).canonical, usual)
        if images[first] != other:
            what = f"is {shown(other)}, but the same image, written {shown(first)}, is {shown(images[first])}: keep one"
            yield Problem(where(usual), what)


def _account(model: Stack, secrets: StackSecrets, stack: StackFile, problems: list[Problem]) -> RegistryAccount | None:
    if model.registry is None:
        return None
    username, password = model.registry.username, secrets.registry_password
    if (username is None) == (password is None):
        return None if username is None or password is None else RegistryAccount(username, password)
    if username is None:
        problems.append(Problem(stack.where(("registry", "username")), "is missing, but there is a password"))
    elif "password" not in stack.values.get("registry", {}):
        what = f"is missing, but there is a username: {set_command('registry.password')}"
        problems.append(Problem(stack.where(("registry", "password")), what))
    return None
