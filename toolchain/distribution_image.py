"""Images that the embedded cluster needs: the usual ones, else made of the distribution's packages."""

import hashlib
import http.client
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from toolchain import cache, debootstrap, paths, registry_copy
from toolchain.docker_api import Docker, DockerError, split_reference
from toolchain.embedded.local_http import get_json
from toolchain.errors import ToolchainError
from toolchain.progress import Step

PULL_SILENCE_S = 20.0
"""How long the daemon may say nothing while it pulls: it tells its progress several times a second."""

_PATH = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Recipe:
    """What an image is made of."""

    repository: str
    """Its name in the registry."""
    package: str
    """What is installed besides the base system."""
    changes: tuple[str, ...]
    """Dockerfile instructions such as CMD."""

    def tag(self, suite: str) -> str:
        """Changes with everything that goes into the image, except for newer packages of the same distribution."""
        content = json.dumps([suite, debootstrap.recipe(self.package), self.changes]).encode()
        return f"{suite}-{hashlib.sha256(content).hexdigest()[:10]}"


BASE = Recipe("caravan/base-python", "python3", (_PATH, 'CMD ["python3"]'))
"""What services are built on."""
STORE = Recipe("caravan/redis", "redis-server", (_PATH, 'CMD ["redis-server"]'))
"""What the example shop keeps its data in."""


def ensure(recipe: Recipe, usual: str, registry: str, docker: Docker, step: Step) -> str | None:
    """Make sure that there is such an image.

    Gives the reference of the one made here and pushed to `registry` (host:port), or None where `usual` is there.
    Raises ToolchainError where there is neither.
    """
    suite = debootstrap.suite()
    tag = recipe.tag(suite)
    made = f"{registry}/{recipe.repository}:{tag}"
    # First, so that a service is not rebuilt on another base only because the hub can be reached today.
    if get_json(registry, f"/v2/{recipe.repository}/manifests/{tag}") is not None:
        step.done(f"{made} is in the registry")
        return made
    if docker.has_image(usual) or _pulled(usual, docker, step):
        step.done(usual)
        return None
    copy = paths.cache() / "base-images" / f"{tag}-pushed"
    if copy.is_dir():
        step.update("copying into the registry")
        try:
            registry_copy.push(copy, registry, recipe.repository, tag)
        except ToolchainError as error:
            step.note(f"{copy} cannot be used ({error}). Making it again.")
            shutil.rmtree(copy)
        else:
            step.done(f"{made} copied into the registry")
            return made
    folder = paths.cache() / "base-images" / tag
    cache.fill_once(
        folder,
        lambda partial: _make(suite, recipe.package, partial, step),
        lambda: step.update("waiting for another run that makes it"),
    )
    step.update("pushing to the registry")
    with (folder / "root.tar").open("rb") as tar:
        docker.import_tar(tar, f"{registry}/{recipe.repository}", tag, list(recipe.changes))
    docker.push(f"{registry}/{recipe.repository}", tag)
    # To pack it takes as long as everything else of a cluster's start.
    cache.fill_once(copy, lambda partial: registry_copy.save(registry, recipe.repository, tag, partial))
    step.done(f"{made} made of the distribution's packages")
    return made


def _pulled(reference: str, docker: Docker, step: Step) -> bool:
    step.update(f"pulling {reference}")
    try:
        for message in docker.pull(*split_reference(reference), timeout_s=PULL_SILENCE_S):
            step.update(f"pulling {reference}: {message.get('status', '')}")
    except (DockerError, OSError, http.client.HTTPException) as error:
        step.note(f"{reference} cannot be pulled ({error}). Making an image of the distribution's packages instead.")
        return False
    return True


def _make(suite: str, package: str, folder: Path, step: Step) -> None:
    # Not in the cache folder itself: the new root needs device files, which home folders often forbid.
    with tempfile.TemporaryDirectory(prefix="caravan-base-") as temporary:
        root = Path(temporary) / "root"
        debootstrap.install(suite, package, root, step)
        step.update("removing documentation and caches")
        debootstrap.strip(root)
        step.update("packing")
        tar = folder / "root.tar"
        subprocess.run(
            ["tar", "--create", f"--file={tar}", f"--directory={root}", "--numeric-owner", "--sort=name", "."],
            check=True,
        )
        shutil.rmtree(root, ignore_errors=True)
