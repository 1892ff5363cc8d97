"""The steps of the program: from what the user wrote to resources."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pulumi

from components.call_order import call_order
from components.call_targets import callers, resolved_calls
from components.consul import ExternalCheckArgs, ExternalService, ExternalServiceArgs
from components.image import Image, ImageArgs, registry_provider
from components.image_reference import Registry
from components.microservice import Microservice
from components.microservice_args import MicroserviceArgs
from components.not_reached import tell_what_is_not_reached
from components.problems import Problem, SettingsError
from components.settings import DeployedService, Settings, load
from components.stack_file import PROJECT, StackFile, file_name
from components.stack_model import KEYS, External

_STRUCTURED = ("datacenters", "defaults", "external_services", "images", "registry", "secrets", "services")


def read_settings() -> Settings:
    """What the stack's file and the services' files say.

    Raises:
        pulumi.RunError: with everything that is wrong with them.
    """
    problems = list(_of_the_project())
    try:
        values, secret_keys = _config()
        file = StackFile.of_pulumi(Path.cwd(), pulumi.get_stack(), values, secret_keys)
        settings = load(Path.cwd(), file, os.environ)
    except SettingsError as error:
        problems += error.problems
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in SettingsError(problems).problems)
        raise pulumi.RunError(f"these settings cannot be deployed:\n{listed}") from None
    for warning in settings.warnings:
        pulumi.log.warn(str(warning))
    return settings


def build_images(settings: Settings) -> dict[str, Image]:
    """Build and push the image of each service that has one of its own, by the service's name."""
    registry = settings.stack.registry
    built = [service for service in settings.services if service.build is not None]
    if registry is None or not built:
        return {}
    account = settings.stack.registry_account
    provider = (
        registry_provider(registry, account.username, account.password) if account else registry_provider(registry)
    )
    return {
        service.spec.name: Image(
            service.spec.name, _image_args(service, registry), pulumi.ResourceOptions(providers=[provider])
        )
        for service in built
    }


def deploy(settings: Settings, images: Mapping[str, Image]) -> dict[str, Microservice]:
    """Run each service, by its name: none of them before every image is built and pushed, and each after those that it
    calls. Where one fails, those that wait for it are left as they are, and named."""
    services = {service.spec.name: service for service in settings.services}
    calls = {name: service.spec.calls for name, service in services.items()}
    order = call_order(calls)
    outside = register_external_services(settings)
    for cycle in order.cycles:
        pulumi.log.warn(f"calls go in a circle: {' → '.join(cycle)}; {cycle[0]} changes first, before what it calls")
    deployed: dict[str, Microservice] = {}
    for name in order.names:
        opts = pulumi.ResourceOptions(
            depends_on=[
                *images.values(),
                *(outside[callee] for callee in sorted(calls[name]) if callee in outside),
                *(deployed[callee] for callee in order.waits_for[name]),
            ],
            transformations=[tell_what_is_not_reached(name, order.waiting_for(name))],
        )
        args = _microservice_args(settings, services[name], images.get(name))
        deployed[name] = Microservice(name, args, opts)
    return dict(sorted(deployed.items()))


def register_external_services(settings: Settings) -> dict[str, ExternalService]:
    """Make the services known to Consul that run outside of the cluster, as far as the stack gives their addresses."""
    return {
        name: ExternalService(name, _external_args(external))
        for name, external in sorted(settings.stack.external_services.items())
        if external.address is not None
    }


def _config() -> tuple[dict[str, Any], frozenset[str]]:
    """The stack's configuration of this project without the `caravan:`, and the keys that hold a secret."""
    # pulumi.Config cannot list its keys, and so cannot find a misspelt one.
    written = {key.partition(":")[2] for key in pulumi.runtime.get_config_env() if key.startswith(f"{PROJECT}:")}
    values = {key: pulumi.runtime.get_config(f"{PROJECT}:{key}") for key in written.union(KEYS)}
    secret = frozenset(key for key in written if pulumi.runtime.is_config_secret(f"{PROJECT}:{key}"))
    return {key: _value(key, text) for key, text in values.items() if text is not None}, secret


def _of_the_project() -> Iterator[Problem]:
    """Keys that nobody reads: `pulumi config set services...` writes the project's name before it, whatever that is."""
    project = pulumi.get_project()
    for key in sorted(pulumi.runtime.get_config_env()) if project != PROJECT else ():
        name = key.removeprefix(f"{project}:")
        if name != key and name in KEYS:
            where = f"{file_name(pulumi.get_stack())}: {key}"
            yield Problem(where, f"is read by nobody: write {PROJECT}:{name}, whatever the project is called")


def _value(key: str, text: str) -> Any:
    """A value as it was written: Pulumi hands over lists and mappings as JSON."""
    if key not in _STRUCTURED:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _external_args(external: External) -> ExternalServiceArgs:
    assert external.address is not None
    args: ExternalServiceArgs = {"address": external.address}
    if external.port is not None:
        args["port"] = external.port
    if external.check is not None:
        args["check"] = cast(ExternalCheckArgs, external.check.model_dump(exclude_none=True))
    return args


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
        "ignore": build.ignore,
    }


def _microservice_args(settings: Settings, service: DeployedService, image: Image | None) -> MicroserviceArgs:
    # Only what was written: a default may be another one where the value is said to be there.
    described = service.spec.model_dump(exclude={"image", "calls", "secrets"}, exclude_unset=True)
    spec = service.spec
    if spec.calls:
        others = {other.spec.name: other.spec for other in settings.services}
        schemes = {name: external.scheme for name, external in settings.stack.external_services.items()}
        described["calls"] = {name: call.model_dump() for name, call in resolved_calls(spec, others, schemes).items()}
    calls = {other.spec.name: other.spec.calls for other in settings.services}
    described["callers"] = callers(spec.name, spec, calls)
    if spec.secrets:
        values, version = settings.secrets_of(service)
        described["secrets"] = {name: pulumi.Output.secret(value) for name, value in values.items()}
        described["secret_options"] = {name: it.model_dump(exclude={"of"}) for name, it in spec.secrets.items()}
        described["secrets_version"] = version
    source: dict[str, Any] = {}
    if image is not None:
        source = {"image": image.reference, "image_digest": image.digest}
    elif spec.image.reference is not None:
        source = {"image": spec.image.reference}
    return cast(MicroserviceArgs, {**described, **source})
