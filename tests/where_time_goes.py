"""Says at the end of a run which files took longest and how many `pulumi` commands ran, and starts the longest first.

The order is by `durations.json`, beside this file: the seconds that each test took in an earlier run. A test that is
not in it is taken for a short one. `--write-durations` writes it anew.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

DURATIONS = Path(__file__).with_name("durations.json")
SLOWEST = 10
_COMMANDS = "pulumi commands"

_took_s: dict[str, float] = defaultdict(float)
"""By test, in the process that started the others."""
_commands: Counter[str] = Counter()
"""By test's file, likewise."""
_running = Counter[str]()
"""The commands of the test that runs, in this process."""


def count_command() -> None:
    """A `pulumi` command starts."""
    _running[_COMMANDS] += 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-durations", action="store_true", help=f"write how long tests took to {DURATIONS.name}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no process is left with one at the end. A group (`xdist_group`) counts as a whole."""
    known = json.loads(DURATIONS.read_text()) if DURATIONS.is_file() else {}
    took_s: dict[str, float] = defaultdict(float)
    for item in items:
        took_s[_group(item)] += known.get(_name(item.nodeid), 0)
    # Stable: tests of which nothing is known keep their order.
    items.sort(key=lambda item: -took_s[_group(item)])


def _group(item: pytest.Item) -> str:
    marker = item.get_closest_marker("xdist_group")
    return f"@{marker.args[0]}" if marker else item.nodeid


def _name(nodeid: str) -> str:
    """A test's name without the group that pytest-xdist puts behind it."""
    return nodeid.rpartition("@")[0] if "@" in nodeid.rpartition("]")[2] else nodeid


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    if _running:
        item.user_properties.append((_COMMANDS, _running.total()))
        _running.clear()
    report = yield
    # One of them only: each phase's report has the properties of those before it.
    if report.when != "teardown":
        report.user_properties = [pair for pair in report.user_properties if pair[0] != _COMMANDS]
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _took_s[_name(report.nodeid)] += report.duration
    file = report.nodeid.partition("::")[0]
    _commands[file] += sum(int(str(count)) for name, count in report.user_properties if name == _COMMANDS)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Prints the slowest files."""
    by_file: dict[str, float] = defaultdict(float)
    for test, took_s in _took_s.items():
        by_file[test.partition("::")[0]] += took_s
    terminalreporter.section(f"slowest {SLOWEST} files")
    for file, took_s in sorted(by_file.items(), key=lambda pair: -pair[1])[:SLOWEST]:
        terminalreporter.write_line(f"{took_s:7.1f} s  {_commands[file]:4} pulumi commands  {file}")
    terminalreporter.write_line(f"{sum(by_file.values()):7.1f} s  {_commands.total():4} pulumi commands in all")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("write_durations") and not hasattr(session.config, "workerinput"):
        known = json.loads(DURATIONS.read_text()) if DURATIONS.is_file() else {}
        known |= {test: round(took_s) for test, took_s in _took_s.items()}
        known = {test: took_s for test, took_s in sorted(known.items()) if took_s >= 2}
        DURATIONS.write_text(json.dumps(known, indent=0) + "\n")
