"""The image that services are built on: the usual one, else one of the distribution's packages."""

import hashlib
import http.client
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from toolchain import cache, debootstrap, paths
from toolchain.docker_api import Docker, DockerError, split_reference
from toolchain.embedded.local_http import get_json
from toolchain.progress import Step

REPOSITORY = "caravan/base-python"
PULL_SILENCE_S = 20.0
"""How long the daemon may say nothing while it pulls: it tells its progress several times a second."""

IMAGE_CHANGES = ["ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 'CMD ["python3"]']


def ensure(usual: str, registry: str, docker: Docker, step: Step) -> str | None:
    """Make sure that there is a base image.

    Gives the reference of the one made here and pushed to `registry` (host:port), or None where `usual` is there.
    Raises ToolchainError where there is neither.
    """
    suite = debootstrap.suite()
    tag = f"{suite}-{_fingerprint(suite)}"
    made = f"{registry}/{REPOSITORY}:{tag}"
    # First, so that a service is not rebuilt on another base only because the hub can be reached today.
    if get_json(registry, f"/v2/{REPOSITORY}/manifests/{tag}") is not None:
        step.done(f"{made} is in the registry")
        return made
    if docker.has_image(usual) or _pulled(usual, docker, step):
        step.done(usual)
        return None
    folder = paths.cache() / "base-images" / tag
    cache.fill_once(
        folder,
        lambda partial: _make(suite, partial, step),
        lambda: step.update("waiting for another run that makes it"),
    )
    step.update("pushing to the registry")
    with (folder / "root.tar").open("rb") as tar:
        docker.import_tar(tar, f"{registry}/{REPOSITORY}", tag, IMAGE_CHANGES)
    docker.push(f"{registry}/{REPOSITORY}", tag)
    step.done(f"{made} made of the distribution's packages")
    return made


def _pulled(reference: str, docker: Docker, step: Step) -> bool:
    step.update(f"pulling {reference}")
    try:
        for message in docker.pull(*split_reference(reference), timeout_s=PULL_SILENCE_S):
            step.update(f"pulling {reference}: {message.get('status', '')}")
    except (DockerError, OSError, http.client.HTTPException) as error:
        step.note(
            f"{reference} cannot be pulled ({error}). Making a base image of the distribution's packages instead."
        )
        return False
    return True


def _make(suite: str, folder: Path, step: Step) -> None:
    # Not in the cache folder itself: the new root needs device files, which home folders often forbid.
    with tempfile.TemporaryDirectory(prefix="caravan-base-") as temporary:
        root = Path(temporary) / "root"
        debootstrap.install(suite, root, step)
        step.update("removing documentation and caches")
        debootstrap.strip(root)
        step.update("packing")
        tar = folder / "root.tar"
        subprocess.run(
            ["tar", "--create", f"--file={tar}", f"--directory={root}", "--numeric-owner", "--sort=name", "."],
            check=True,
        )
        shutil.rmtree(root, ignore_errors=True)


def _fingerprint(suite: str) -> str:
    return hashlib.sha256(json.dumps([suite, debootstrap.RECIPE, IMAGE_CHANGES]).encode()).hexdigest()[:10]
