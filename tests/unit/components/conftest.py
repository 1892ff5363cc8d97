"""Fixtures: a repository to write services into, and an engine that only records what it is asked."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi.runtime import mocks, settings

from tests.unit.components.engine import Engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A stand-in for the engine, as it is during `pulumi up`."""
    # The SDK makes futures before it runs anything; a test before this one may have taken the thread's loop away.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    engine = Engine()
    mocks.set_mocks(engine.mocks, project="caravan", stack="dev", monitor=engine, preview=False)
    # Without this, hooks cannot be registered under mocks.
    settings.SETTINGS.callbacks = engine
    yield engine
    loop.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout, and the working directory."""
    root = tmp_path / "checkout"
    (root / ".git").mkdir(parents=True)
    monkeypatch.chdir(root)
    return root
