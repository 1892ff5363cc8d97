"""How a service's image is built, or that it may be used as it is."""

import os
from pathlib import Path

from components.build_context import Build, BuildContextError
from components.dockerfile import copies, declares_arg
from components.dockerignore import escaped
from components.image_reference import ImageReference
from components.service_folder import DEFAULTS, FOLDER
from components.service_model import Service
from components.stack_config import StackConfig
from components.stack_file import FOLDER as STACKS

BASE_IMAGE_ARG = "BASE_IMAGE"
DEVELOPMENT = "dev"
"""The stack in which `latest` is fine."""


def how_to_build(root: Path, folder: str, spec: Service, stack: StackConfig) -> Build | None:
    """How to build the image; None where there is nothing to build.

    Args:
        root: the folder of Pulumi.yaml.
        folder: the service's folder in services/.

    Raises:
        ValueError: it cannot be built, or its reference may mean something else tomorrow.
    """
    if spec.image.build is None:
        if spec.image.reference is not None and not spec.image.floating:
            _require_pinned(spec.image.reference, stack.file.stack)
        return None
    wanted = spec.image.build
    context = Path(os.path.normpath(root / FOLDER / folder / wanted.context))
    described = [path.relative_to(context).as_posix() for path in _descriptions(root, context)]
    ignore = [escaped(path) for path in described]
    build = Build.of(context, wanted.dockerfile, wanted.args, wanted.target, wanted.platform, ignore)
    boundary = _repository(root)
    for what, path in (("context", context), ("dockerfile", build.dockerfile)):
        if not path.resolve().is_relative_to(boundary):
            raise ValueError(f'has the {what} "{getattr(wanted, what)}", which is outside the repository')
    try:
        found = {entry.path for entry in build.entries()}
    except BuildContextError as error:
        raise ValueError(f'has the context "{wanted.context}", which {error}') from error
    for name in described:
        if name not in found and copies(build.dockerfile, name):
            exception = f'write "!{name}" into its .dockerignore'
            raise ValueError(f'has the dockerfile "{wanted.dockerfile}", which copies {name}: {exception}')
    base = stack.base_image
    if base is None or BASE_IMAGE_ARG in wanted.args or not declares_arg(build.dockerfile, BASE_IMAGE_ARG):
        return build
    args = {**wanted.args, BASE_IMAGE_ARG: base}
    return Build.of(context, wanted.dockerfile, args, wanted.target, wanted.platform, ignore)


def _descriptions(root: Path, context: Path) -> list[Path]:
    """The files in the context that describe services and stacks: a changed `count` makes no new image."""
    found = [*(root / FOLDER).glob("*/service.yaml"), root / DEFAULTS, *(root / STACKS).glob("Pulumi.*.yaml")]
    return sorted(path for path in found if path.is_relative_to(context))


def _require_pinned(reference: str, stack: str) -> None:
    image = ImageReference.parse(reference)
    if image.tag is None and image.digest is None:
        raise ValueError(f'is "{reference}", but must have a tag or a digest')
    if image.tag == "latest" and image.digest is None and stack != DEVELOPMENT:
        raise ValueError(f'is "{reference}", but the tag "latest" may mean another image tomorrow: name a version')


def _repository(root: Path) -> Path:
    """The checkout that the folder is in, or the folder itself."""
    root = root.resolve()
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
