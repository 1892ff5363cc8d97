"""Runs coroutine tests, each in a loop of its own and within a deadline; a place for official plugins."""

import asyncio
import inspect
from pathlib import Path

import pytest

from providers.official import NO_DOWNLOADS
from providers.relay import RELAYED

DEADLINE_S = 15.0


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs an `async def` test; leaves every other one to pytest."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    test = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
    asyncio.run(asyncio.wait_for(test, DEADLINE_S))
    return True


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Pulumi home of the test's own, without plugins and without the `pulumi` that could download some."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi"))
    for name in (NO_DOWNLOADS, RELAYED):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "pulumi"
