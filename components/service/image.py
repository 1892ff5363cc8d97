"""Where a service's image comes from."""

from typing import Annotated

from pydantic import AfterValidator, Field

from components.image_reference import MAX_TAG, ImageReference
from components.service.base import Model, RelativePath, Text, Value, matching

_TAG_HASH = 13
"""A built image's tag is the version, a hyphen and 12 hex digits."""


def _reference(value: str) -> str:
    ImageReference.parse(value)
    return value


Version = Annotated[
    str,
    matching(
        rf"[A-Za-z0-9_][A-Za-z0-9_.-]{{0,{MAX_TAG - _TAG_HASH - 1}}}",
        f"must be 1 to {MAX_TAG - _TAG_HASH} letters, digits, dots, hyphens and underscores, with none of .- in front: "
        "it becomes part of an image tag",
    ),
]
Reference = Annotated[str, AfterValidator(_reference)]


class ImageBuild(Model):
    """An image that is built from a Dockerfile."""

    context: RelativePath = "."
    """Folder that the Dockerfile may copy from, relative to the service's own. Default: the service's folder."""
    dockerfile: RelativePath = "Dockerfile"
    """Relative to the context."""
    args: dict[str, Value] = Field(default_factory=dict)
    """Values for the Dockerfile's `ARG`s. They can be read in the image's history: no place for secrets."""
    target: Text | None = None
    """Stage to build. Default: the last one."""
    platform: (
        Annotated[str, matching(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9]+)?", 'must be as "linux/amd64" or "linux/arm/v7"')]
        | None
    ) = None
    """Default: that of the Docker daemon."""


class ImageSource(Model):
    """Where the image comes from: exactly one of the two."""

    build: ImageBuild | None = None
    reference: Reference | None = None
    """A finished image, used as it is: `registry.example.com/web:1.2.3`, or with a digest."""
    floating: bool = False
    """Whether the reference may have the tag `latest`, or none, and so mean another image tomorrow."""
