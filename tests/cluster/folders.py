"""Where the clusters are that the tests run on: their own, so that the user's is never touched."""

import os
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.embedded import processes

CLUSTERS = (paths.ROOT / ".caravan" / "test-clusters").resolve()
"""The folder of those that end with the tests."""

KEPT = (paths.ROOT / ".caravan" / "test-cluster").resolve()
"""The one that `make test-cluster` starts and `pytest --cluster` uses."""

_OWN = CLUSTERS / os.environ.get("PYTEST_XDIST_WORKER", "single")
"""This process's. Tests wait more than they work, so several processes each run a part of them."""

_chosen = _OWN


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "use a cluster that runs already and stays: that of `make test-cluster`, or the one in FOLDER"
    parser.addoption("--cluster", type=Path, nargs="?", const=KEPT, metavar="FOLDER", help=text)


def pytest_configure(config: pytest.Config) -> None:
    global _chosen
    _chosen = config.getoption("cluster") or _OWN


def cluster_folder() -> Path:
    """The cluster that this process's tests run on."""
    return _chosen


def is_kept() -> bool:
    """Whether the cluster was there before the tests and stays after them."""
    return _chosen != _OWN


def of_the_cluster() -> dict[str, str]:
    """In the environment of what a test starts: should the tests be killed, the next run ends it with the cluster."""
    return {processes.MARKER: str(_chosen)}
