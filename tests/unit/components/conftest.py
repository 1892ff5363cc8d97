"""Fixtures: a repository to write services into, and an engine that only records what it is asked."""

from pathlib import Path

import pytest
from pulumi.runtime import mocks, settings

from tests.unit.components.engine import Engine


@pytest.fixture
def engine() -> Engine:
    """A stand-in for the engine, as it is during `pulumi up`."""
    engine = Engine()
    mocks.set_mocks(engine.mocks, project="caravan", stack="dev", monitor=engine, preview=False)
    # Without this, hooks cannot be registered under mocks.
    settings.SETTINGS.callbacks = engine
    return engine


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout, and the working directory."""
    root = tmp_path / "checkout"
    (root / ".git").mkdir(parents=True)
    monkeypatch.chdir(root)
    return root
