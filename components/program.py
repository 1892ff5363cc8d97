"""The steps of the program: from what the user wrote to resources."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pulumi

from components.image import Image, ImageArgs, registry_provider
from components.image_reference import Registry
from components.microservice import Microservice
from components.microservice_args import MicroserviceArgs
from components.problems import Problem, SettingsError
from components.settings import DeployedService, Settings, load
from components.stack_config import KEYS

PROJECT = "caravan"
_STRUCTURED = ("datacenters", "services")


def read_settings() -> Settings:
    """What the stack's file and the services' files say.

    Raises:
        pulumi.RunError: with everything that is wrong with them.
    """
    try:
        return load(Path.cwd(), pulumi.get_stack(), _config(), os.environ)
    except SettingsError as error:
        listed = "\n".join(f"  - {problem}" for problem in error.problems)
        raise pulumi.RunError(f"these settings cannot be deployed:\n{listed}") from None


def build_images(settings: Settings) -> dict[str, Image]:
    """Build and push the image of each service that has one of its own, by the service's name."""
    registry = settings.stack.registry
    built = [service for service in settings.services if service.build is not None]
    if registry is None or not built:
        return {}
    provider = registry_provider(registry)
    return {
        service.spec.name: Image(
            service.spec.name, _image_args(service, registry), pulumi.ResourceOptions(providers=[provider])
        )
        for service in built
    }


def deploy(settings: Settings, images: Mapping[str, Image]) -> dict[str, Microservice]:
    """Run each service, by its name. None of them changes before every image is built and pushed."""
    opts = pulumi.ResourceOptions(depends_on=list(images.values()))
    return {
        service.spec.name: Microservice(
            service.spec.name, _microservice_args(settings, service, images.get(service.spec.name)), opts
        )
        for service in settings.services
    }


def _config() -> dict[str, Any]:
    """The stack's configuration of this project, without the `caravan:`."""
    config = pulumi.Config(PROJECT)
    # pulumi.Config cannot list its keys, and so cannot find a misspelt one.
    written = {key.partition(":")[2] for key in pulumi.runtime.get_config_env() if key.startswith(f"{PROJECT}:")}
    secret = sorted(key for key in written if pulumi.runtime.is_config_secret(f"{PROJECT}:{key}"))
    if secret:
        what = "holds a secret, which everybody who can read the job would see: keep it in a Nomad Variable"
        raise SettingsError(
            Problem(f"stacks/Pulumi.{pulumi.get_stack()}.yaml: {PROJECT}:{key}", what) for key in secret
        )
    values = {key: config.get(key) for key in written.union(KEYS)}
    return {key: _value(key, text) for key, text in values.items() if text is not None}


def _value(key: str, text: str) -> Any:
    """A value as it was written: Pulumi hands over lists and mappings as JSON."""
    if key not in _STRUCTURED:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _image_args(service: DeployedService, registry: Registry) -> ImageArgs:
    build = service.build
    assert build is not None
    return {
        "repository": f"{registry.address}/{service.spec.name}",
        "version": service.spec.version,
        "context": str(build.context),
        "dockerfile": os.path.relpath(build.dockerfile, build.context),
        "build_args": dict(build.args),
        "target": build.target,
        "platform": build.platform,
    }


def _microservice_args(settings: Settings, service: DeployedService, image: Image | None) -> MicroserviceArgs:
    described = service.spec.model_dump(exclude={"image"})
    source: dict[str, Any] = {"image": service.spec.image.reference}
    if image is not None:
        source = {"image": image.reference, "image_digest": image.digest}
    stack = settings.stack
    place = {"datacenters": stack.datacenters, "namespace": stack.namespace, "region": stack.region}
    return cast(MicroserviceArgs, {**described, **source, **place})
