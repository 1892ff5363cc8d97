"""The fixtures of the cluster tests: field cases run on the same clusters."""

from tests.cluster.conftest import addresses, pytest_sessionstart, stack

__all__ = ["addresses", "pytest_sessionstart", "stack"]
