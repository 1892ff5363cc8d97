"""A microservice: a Nomad job that Consul knows, and the addresses at which Consul finds it healthy."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_consul as consul
import pulumi_nomad as nomad

from components.arguments import OUTPUT_IN_A_TEXT, ArgumentsError
from components.consul import ServiceIntentions
from components.file_sources import read_sources
from components.jobspec import Placement, build_job
from components.microservice_args import MicroserviceArgs
from components.microservice_secrets import SecretValues
from components.output_text import output_texts
from components.problems import Problem, SettingsError, shown
from components.service_model import Service
from components.validation import validate
from components.yaml_file import KeyPath

_APART = ("image", "image_digest", "secrets", "secret_options", "secrets_version")
"""Arguments that are no keys of service.yaml, or have other values there."""


class Microservice(pulumi.ComponentResource):
    """Runs a service or another job in Nomad, and waits until Consul finds it healthy.

    A version that does not get healthy fails the update while the previous one keeps serving.

    Raises:
        ArgumentsError: arguments that cannot work, all of them at once.
    """

    urls: pulumi.Output[list[str]]
    """Addresses of the instances that Consul finds healthy, sorted. Empty where there is no port."""
    image: pulumi.Output[str | None]
    """What runs, with its digest if the image is built by this program; None for a driver that runs none."""
    version: pulumi.Output[int]
    """Number of the job's version in Nomad, from 0."""

    def __init__(self, name: str, args: MicroserviceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caravan:index:Microservice", name, None, opts)
        try:
            service = _service(name, args)
        except SettingsError as error:
            raise ArgumentsError(error.problems) from None
        digest = args.get("image_digest")
        secrets = SecretValues(self, name, service, args.get("secrets") or {}, args.get("secrets_version"))

        def jobspec(known: dict[str, Any]) -> str:
            job = build_job(
                service,
                known["image"],
                Placement(),
                built=digest is not None,
                secrets_version=known["secrets_version"],
            )
            return json.dumps(job, sort_keys=True)

        if service.callers is not None:
            ServiceIntentions(
                name,
                {"service": service.name, "callers": service.callers},
                pulumi.ResourceOptions(parent=self),
            )
        image = pulumi.Output.from_input(args.get("image"))
        job = nomad.Job(
            f"{name}-job",
            jobspec=pulumi.Output.all(image=image, secrets_version=secrets.version).apply(jobspec),
            json=True,
            detach=False,
            purge_on_destroy=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=secrets.resources),
        )
        self.urls = _healthy_urls(service, job, pulumi.InvokeOutputOptions(parent=self))
        self.image = image if digest is None else pulumi.Output.format("{0}@{1}", image, digest)
        self.version = job.version
        self.register_outputs({"urls": self.urls, "image": self.image, "version": self.version})


def _service(name: str, args: MicroserviceArgs) -> Service:
    """The service of the arguments, valid. The image may be known only later, so it is not part of it here."""

    def where(path: KeyPath) -> str:
        return f'Microservice "{name}": {".".join(map(str, path))}'

    if not isinstance(args, Mapping):
        raise SettingsError([Problem(where(()).rstrip(), f"the arguments are {shown(args)}, but must be a mapping")])
    outputs = {key: args.get(key) for key in ("image", "image_digest", "secrets", "secrets_version")}
    if texts := list(output_texts(outputs)):
        raise SettingsError(Problem(where(path), OUTPUT_IN_A_TEXT) for path in texts)
    options = args.get("secret_options") or {}
    described: dict[str, Any] = {key: value for key, value in args.items() if key not in _APART}
    described["secrets"] = {key: options.get(key, {}) for key in (*(args.get("secrets") or {}), *options)}
    service = read_sources(validate({"name": name, **described}, where), Path.cwd(), where)
    problems = [
        Problem(where(("secret_options", key)), "is there, but secrets has no value of that name")
        for key in options
        if key not in (args.get("secrets") or {})
    ]
    problems += [
        Problem(where(("secret_options", key, "of")), "is for service.yaml: give the value under secrets")
        for key, option in options.items()
        if option.get("of") is not None
    ]
    if service.runs_image and args.get("image") is None:
        problems.append(Problem(where(("image",)), "is missing"))
    if not service.runs_image and args.get("image") is not None:
        problems.append(
            Problem(where(("image",)), f'is there, but the driver "{service.driver}" runs none: take it out')
        )
    if problems:
        raise SettingsError(problems)
    return service


def _healthy_urls(service: Service, job: nomad.Job, opts: pulumi.InvokeOutputOptions) -> pulumi.Output[list[str]]:
    if service.advertised_port is None:
        return pulumi.Output.from_input([])
    # Asked through an output of the job: after the rollout, and not at the preview of a change, when the answer would
    # be the addresses that the change is about to replace.
    name = job.modify_index.apply(lambda _: service.name)
    health = consul.get_service_health_output(name=name, passing=True, opts=opts)
    scheme = service.protocol()
    return health.results.apply(lambda results: sorted(url for result in results for url in _urls(result, scheme)))


def _urls(result: Any, scheme: str) -> list[str]:
    """The addresses of one entry of a health query. Source: Consul, /v1/health/service."""
    node = result.nodes[0].address if result.nodes else ""
    # An instance without an address of its own is at that of its node; one without a port has no address.
    found = ((entry.address or node, entry.port) for entry in result.services if entry.port)
    return [f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}" for host, port in found]
