"""Collects from the tests marked `@pytest.mark.fault(NUMBER, CASE)` what `make faults` writes into its table.

Works across the processes of pytest-xdist: what a test saw travels with its report. See tests/faults/table.py.
"""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests import observation
from tests.cluster.project import service_name
from tests.faults.catalogue import FAULTS
from tests.observation import Observation

_PROPERTY = "fault"
_reports: list[Any] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-report", type=Path, help="a file for what the tests of faults saw (JSON)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker in item.iter_markers("fault"):
            if marker.args[0] not in FAULTS:
                raise pytest.UsageError(f"{item.nodeid}: there is no fault {marker.args[0]} in the catalogue")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before the test's fixtures, which run commands, too."""
    observation.begin(service_name(item.name))


@pytest.fixture
def seen() -> Observation:
    """What this test sees of its fault: it says which line the user reads, and may time the verdict itself."""
    return observation.current()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    markers = list(item.iter_markers("fault"))
    if markers and (call.when == "call" or (call.when == "setup" and call.excinfo)):
        seen = observation.current()
        default = item.name.removeprefix("test_").replace("_", " ")
        item.user_properties += [
            (
                _PROPERTY,
                {
                    "fault": marker.args[0],
                    "case": marker.args[1] if len(marker.args) > 1 else default,
                    "passed": call.excinfo is None,
                    "tries": seen.tries,
                    "sent": seen.sent,
                    "lost": seen.lost,
                    "slowest_s": seen.slowest_s,
                    "verdict_s": seen.verdict_s,
                    "said": seen.said,
                },
            )
            for marker in reversed(markers)
        ]
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In the process that started the others, for the tests of all of them."""
    if report.when == "call" or (report.when == "setup" and report.failed):
        _reports.extend(value for name, value in report.user_properties if name == _PROPERTY)


def pytest_sessionfinish(session: pytest.Session) -> None:
    file = session.config.getoption("fault_report")
    if file is not None and not hasattr(session.config, "workerinput"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(_reports, indent=1, ensure_ascii=False) + "\n")
