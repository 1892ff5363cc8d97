"""A microservice: a Nomad job that Consul knows, and the addresses at which Consul finds it healthy."""

import json
from typing import Any

import pulumi
import pulumi_consul as consul
import pulumi_nomad as nomad

from components.jobspec import Placement, build_job
from components.microservice_args import MicroserviceArgs
from components.service_model import Service
from components.validation import validate

_PLACEMENT = ("datacenters", "namespace", "region")


class Microservice(pulumi.ComponentResource):
    """Runs an image as a Nomad service job, and waits until Consul finds it healthy.

    A version that does not get healthy fails the update while the previous one keeps serving.

    Raises:
        SettingsError: arguments that cannot work, all of them at once.
    """

    urls: pulumi.Output[list[str]]
    """Addresses of the instances that Consul finds healthy, sorted."""
    image: pulumi.Output[str]
    """What runs, with its digest if the image is built by this program."""
    version: pulumi.Output[int]
    """Number of the job's version in Nomad, from 0."""

    def __init__(self, name: str, args: MicroserviceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caravan:index:Microservice", name, None, opts)
        service = _service(name, args)
        placement = _placement(args)
        digest = args.get("image_digest")

        def jobspec(image: str) -> str:
            return json.dumps(build_job(service, image, placement, built=digest is not None), sort_keys=True)

        image = pulumi.Output.from_input(args["image"])
        job = nomad.Job(
            f"{name}-job",
            jobspec=image.apply(jobspec),
            json=True,
            detach=False,
            purge_on_destroy=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.urls = _healthy_urls(service, job, pulumi.InvokeOutputOptions(parent=self))
        self.image = image if digest is None else pulumi.Output.format("{0}@{1}", image, digest)
        self.version = job.version
        self.register_outputs({"urls": self.urls, "image": self.image, "version": self.version})


def _service(name: str, args: MicroserviceArgs) -> Service:
    """The service of the arguments, valid. The image may be known only later, so it is not part of it here."""
    apart = {"image", "image_digest", *_PLACEMENT}
    described: dict[str, Any] = {key: value for key, value in args.items() if key not in apart}
    return validate({"name": name, **described}, lambda path: f'Microservice "{name}": {".".join(map(str, path))}')


def _placement(args: MicroserviceArgs) -> Placement:
    return Placement(tuple(args.get("datacenters", ("dc1",))), args.get("namespace"), args.get("region"))


def _healthy_urls(service: Service, job: nomad.Job, opts: pulumi.InvokeOutputOptions) -> pulumi.Output[list[str]]:
    # Asked through an output of the job: after the rollout, and not at the preview of a change, when the answer would
    # be the addresses that the change is about to replace.
    name = job.modify_index.apply(lambda _: service.name)
    health = consul.get_service_health_output(name=name, passing=True, opts=opts)
    scheme = "http" if "http" in service.ports else "tcp"
    return health.results.apply(lambda results: sorted(url for result in results for url in _urls(result, scheme)))


def _urls(result: Any, scheme: str) -> list[str]:
    """The addresses of one entry of a health query. Source: Consul, /v1/health/service."""
    node = result.nodes[0].address if result.nodes else ""
    # An instance without an address of its own is at that of its node; one without a port has no address.
    found = ((entry.address or node, entry.port) for entry in result.services if entry.port)
    return [f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}" for host, port in found]
