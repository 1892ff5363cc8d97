"""Which containers belong to a cluster."""

from pathlib import Path
from typing import Any

from toolchain.docker_api import Docker
from toolchain.embedded import leftovers, nomad


class FakeDocker(Docker):
    def __init__(self, containers: list[dict[str, Any]]) -> None:
        super().__init__()
        self._containers = containers

    def containers(self) -> list[dict[str, Any]]:
        return self._containers


def container(name: str, **labels: str) -> dict[str, Any]:
    return {"Id": name, "Labels": {leftovers.LABEL + key: value for key, value in labels.items()}}


def test_only_the_containers_of_this_clusters_node_and_allocations_are_ended(tmp_path: Path) -> None:
    data = nomad.client_data(tmp_path)
    (data / "client").mkdir(parents=True)
    (data / "client" / "client-id").write_text("node-1\n")
    (data / "alloc" / "alloc-1").mkdir(parents=True)
    docker = FakeDocker(
        [
            container("task", node_id="node-1", alloc_id="alloc-1"),
            container("network", alloc_id="alloc-1"),
            container("of another cluster", node_id="node-2", alloc_id="alloc-2"),
            container("the user's own"),
        ]
    )
    assert leftovers.containers(tmp_path, docker) == ["task", "network"]


def test_a_cluster_that_never_ran_has_none(tmp_path: Path) -> None:
    docker = FakeDocker([container("the user's own"), container("other", node_id="node-2", alloc_id="alloc-2")])
    assert leftovers.containers(tmp_path, docker) == []
