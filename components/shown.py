"""The stack's outputs: one short line for each service."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi.runtime import get_root_resource

from components.microservice import Microservice


def keep_when_it_fails() -> None:
    """Leave the outputs as they are where the update fails; to be called before anything can.

    The engine does that where a program has registered outputs, whichever, and shows them as deleted where it has not
    come to that (Pulumi `stepExecutor.executeRegisterResourceOutputs`). Those at the program's end replace these.
    """
    stack = get_root_resource()
    if isinstance(stack, pulumi.ComponentResource):
        stack.register_outputs({})


def show(services: Mapping[str, Microservice]) -> None:
    """Export where each service is and what runs there, by its name."""
    for name, service in services.items():
        found = pulumi.Output.all(urls=service.urls, image=service.image, version=service.version)
        pulumi.export(name, found.apply(lambda known: line(known["urls"], known["image"], known["version"])))


def line(urls: Sequence[str], image: str | None, job_version: int) -> str:
    """`http://127.0.0.1:20043 and 2 more (1.0.0-8f4d4653a9c6)`: the tag, or, without an image, Nomad's version."""
    what = _tag(image) if image else f"job version {job_version}"
    where = urls[0] if urls else "no address"
    return f"{where}{f' and {len(urls) - 1} more' if len(urls) > 1 else ''} ({what})"


def _tag(image: str) -> str:
    """The tag, or the beginning of the digest of an image that has none."""
    name, _, digest = image.partition("@")
    _, _, tag = name.rpartition("/")[2].partition(":")
    return tag or digest[:19] or "latest"
