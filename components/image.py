"""An image: built from source when its source has changed, pushed, and known by its digest."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NotRequired, TypedDict

import pulumi
import pulumi_docker as docker

from components.arguments import ArgumentsError, check_arguments
from components.build_context import Build, BuildContextError
from components.build_copy import BuildCopy
from components.build_log import FOLDER, BuildLog
from components.docker_daemon import require_daemon
from components.image_reference import Registry
from components.problems import Problem


class ImageArgs(TypedDict):
    """How to build an image, and what to call it."""

    repository: str
    """Name without the tag, with the registry: `127.0.0.1:5000/web`."""
    version: str
    """First part of the tag; the second is a hash of everything that goes into the build. Up to 115 characters."""
    context: str
    """Folder that the Dockerfile may copy from. A relative one is relative to the program's working directory."""
    dockerfile: NotRequired[str]
    """Relative to the context. Default `Dockerfile`."""
    build_args: NotRequired[Mapping[str, str]]
    """Values for the Dockerfile's `ARG`s; visible in the image's history."""
    target: NotRequired[str | None]
    """Stage to build. Default: the last one."""
    platform: NotRequired[str | None]
    """As `linux/amd64`. Default: that of the Docker daemon."""
    ignore: NotRequired[Sequence[str]]
    """What is no part of the build, in patterns as in a `.dockerignore`, which may make exceptions from them. Folders
    called `.git` are none in any case."""


class Image(pulumi.ComponentResource):
    """Builds an image and pushes it to its registry.

    The tag is known at preview and stays the same for the same source, wherever it is checked out: then nothing is
    built and nothing is pushed. Images of earlier versions are kept: in the registry for rollbacks, locally as a cache.

    Files are in the image with the modes 0644 and 0755, whatever the umask of the checkout: of a file's mode, only the
    executable bit counts, as in git.

    Raises:
        ArgumentsError: a key is unknown or missing, or the context cannot be built from, see Build.check.
    """

    reference: pulumi.Output[str]
    """`repository:version-hash`. Known at preview; available to other resources once the image is pushed."""
    digest: pulumi.Output[str]
    """What the registry knows the image by: `sha256:` and 64 hex digits."""

    def __init__(self, name: str, args: ImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caravan:index:Image", name, None, opts)
        build, fingerprint = _build(name, args)
        log = BuildLog(name, build.dockerfile)
        copy = BuildCopy(build, FOLDER.absolute(), name.replace("/", "-"))
        if not pulumi.runtime.is_dry_run():
            log.begin()

        def show_failure(failed: pulumi.ErrorHookArgs) -> bool:
            """Show what the plugin's error leaves out: the output of the step that failed. No retry."""
            copy.remove()
            pulumi.log.error(log.failure(failed.errors[0]), resource=self)
            return False

        def wait_for_others() -> None:
            pulumi.log.info("waiting for another command that builds this image", resource=self, ephemeral=True)

        async def make_copy(_: pulumi.ResourceHookArgs) -> None:
            """Copy what the build may take. Runs only when there is something to build."""
            try:
                await copy.make(wait_for_others)
            except BuildContextError as error:
                raise _context_error(name, args, error) from None

        def remove_copy(_: pulumi.ResourceHookArgs) -> None:
            """Remove the copy of what the build took."""
            copy.remove()

        def find_docker(_: pulumi.ResourceHookArgs) -> None:
            """Fail a preview whose build could not even begin. Runs only when there is something to build."""
            require_daemon()

        docker_is_there = pulumi.ResourceHook(
            f"{name}-docker", find_docker, pulumi.ResourceHookOptions(on_dry_run=True)
        )
        built = docker.RemoteImage(
            f"{name}-build",
            name=f"{args['repository']}:{args['version']}-{fingerprint}",
            build=_build_args(build, copy, log),
            # Deleting an image here would break the rollback of a job that still refers to it.
            keep_locally=True,
            opts=pulumi.ResourceOptions(
                parent=self,
                hooks=pulumi.ResourceHookBinding(
                    before_create=[docker_is_there, pulumi.ResourceHook(f"{name}-copy", make_copy)],
                    before_update=[docker_is_there],
                    after_create=[pulumi.ResourceHook(f"{name}-copied", remove_copy)],
                    on_error=[pulumi.ErrorHook(f"{name}-build-failure", show_failure)],
                ),
            ),
        )
        pushed = docker.RegistryImage(
            f"{name}-push",
            name=built.name,
            keep_remotely=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[built]),
        )
        self.reference = pushed.name
        self.digest = pushed.sha256_digest
        self.register_outputs({"reference": self.reference, "digest": self.digest})


def registry_provider(
    registry: Registry, username: str | None = None, password: pulumi.Input[str] | None = None
) -> docker.Provider:
    """The Docker provider that pushes to the registry, to be passed to images in their options.

    Without a username the credentials are those of `docker login`, read when they are used: the state holds none. A
    password is a secret, in the state as everywhere.
    """
    auth: docker.ProviderRegistryAuthArgsDict = {"address": registry.url}
    if username is not None:
        auth |= {"username": username, "password": pulumi.Output.secret(password)}
    elif not _has_login(registry.url.partition("://")[2]):
        # The provider demands an entry for a registry that needs none, too.
        auth["auth_disabled"] = True
    return docker.Provider("registry", registry_auth=[auth])


def _build(name: str, args: ImageArgs) -> tuple[Build, str]:
    """What is built, and its fingerprint. Raises ArgumentsError."""
    check_arguments(f'Image "{name}"', args, ImageArgs)
    build = Build.of(
        Path(args["context"]).absolute(),
        args.get("dockerfile", "Dockerfile"),
        args.get("build_args"),
        args.get("target"),
        args.get("platform"),
        args.get("ignore", ()),
    )
    try:
        return build, build.fingerprint()
    except BuildContextError as error:
        raise _context_error(name, args, error) from None


def _context_error(name: str, args: ImageArgs, error: BuildContextError) -> ArgumentsError:
    # As it is written in programs; those of services have an absolute one.
    context = os.path.relpath(args["context"])
    return ArgumentsError([Problem(f'Image "{name}":', f'the context "{context}" {error}')])


def _build_args(build: Build, copy: BuildCopy, log: BuildLog) -> docker.RemoteImageBuildArgsDict:
    # The plugin runs in the program's working directory. Relative paths keep the state equal between checkouts; an
    # absolute one would rebuild every image in another checkout.
    here = Path.cwd()
    args: docker.RemoteImageBuildArgsDict = {
        "context": os.path.relpath(copy.context, here),
        "dockerfile": os.path.relpath(copy.dockerfile, copy.context),
        "build_args": dict(build.args),
        # The log is written for a named builder only; "default" is the Docker daemon's own.
        "builder": "default",
        "build_log_file": log.path.as_posix(),
    }
    if build.target is not None:
        args["target"] = build.target
    if build.platform is not None:
        args["platform"] = build.platform
    return args


def _has_login(host: str) -> bool:
    """Whether `docker login` has been run for the registry."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        config = json.loads((folder / "config.json").read_text())
        return host in config.get("auths", {}) or host in config.get("credHelpers", {})
    except (OSError, ValueError, AttributeError):
        return False
