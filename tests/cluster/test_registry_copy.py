"""An image that one registry of this machine has is copied into another one, whole or not at all."""

from pathlib import Path

import pytest

from toolchain import registry_copy
from toolchain.cluster import Addresses
from toolchain.docker_api import Docker
from toolchain.embedded.local_http import get_json
from toolchain.errors import ToolchainError

pytestmark = pytest.mark.cluster


def test_a_copy_is_the_image_and_a_damaged_one_is_refused(addresses: Addresses, tmp_path: Path) -> None:
    assert addresses.base_image is not None
    repository, _, tag = addresses.base_image.removeprefix(f"{addresses.registry}/").rpartition(":")
    registry_copy.save(addresses.registry, repository, tag, tmp_path)
    registry_copy.push(tmp_path, addresses.registry, "copied/base", "1")

    docker = Docker(addresses.docker_host)
    for message in docker.pull(f"{addresses.registry}/copied/base", "1", timeout_s=60):
        assert "error" not in message
    assert docker.has_image(f"{addresses.registry}/copied/base:1")

    largest = max(tmp_path.iterdir(), key=lambda file: file.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-1])
    with pytest.raises(ToolchainError, match=r"answered 400 to PUT /v2/damaged/base/blobs/"):
        registry_copy.push(tmp_path, addresses.registry, "damaged/base", "1")
    assert get_json(addresses.registry, "/v2/damaged/base/manifests/1") is None
