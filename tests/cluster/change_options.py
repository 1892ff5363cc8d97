"""How many changes of jobs tests/cluster/test_every_change.py makes, and which."""

from datetime import UTC, datetime

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "how many changes of jobs are made (default: 300)"
    parser.addoption("--diff-changes", type=int, default=300, metavar="N", help=text)
    today = int(datetime.now(UTC).strftime("%Y%m%d"))
    text = "what decides which changes of jobs are made (default: the day, as 20261231)"
    parser.addoption("--diff-seed", type=int, default=today, metavar="N", help=text)
    text = "the number of the only job that is changed, as a problem names it (default: all)"
    parser.addoption("--diff-job", type=int, metavar="N", help=text)
