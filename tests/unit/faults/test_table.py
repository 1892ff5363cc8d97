"""The tables of `make faults`: what a run saw, and no table where something did not hold."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.faults import table
from tests.faults.catalogue import FAULTS
from tests.faults.table import BEGIN, END, Seen

ONE = Seen(3, "503", True, 1, 400, 0, 0.0421, 12.34, "version 1 failed: `x` | y")
ALL = [replace(ONE, fault=number) for number in FAULTS]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "docs").mkdir()
    for file in ("README.md", "docs/faults.md"):
        (tmp_path / file).write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    monkeypatch.setattr(table, "ROOT", tmp_path)
    return tmp_path


def run(folder: Path, *reports: list[Seen]) -> int:
    files = []
    for number, seen in enumerate(reports):
        files.append(folder / f"{number}.json")
        files[-1].write_text(json.dumps([asdict(one) for one in seen]))
    return table.main([str(file) for file in files])


def test_the_tables_hold_what_all_reports_say(checkout: Path) -> None:
    more = [replace(ONE, tries=50, sent=1000, slowest_s=1.5, verdict_s=2.0), replace(ONE, case="refused", said="")]
    assert run(checkout, ALL, more) == 0

    readme = (checkout / "README.md").read_text()
    assert readme.startswith("before\n")
    assert readme.endswith("\nafter\n")
    assert "old" not in readme
    row = "| 52 | 1800, 0, 1.5 s | 2 to 12 s | `version 1 failed: 'x' \\| y` |\n"
    assert f"| 3 | {FAULTS[3].name} {row}" in readme
    docs = (checkout / "docs" / "faults.md").read_text()
    assert "| 3.1 | 503 | 51 | 1400, 0, 1.5 s | 2 to 12 s | `version 1 failed: 'x' \\| y` |\n" in docs
    assert "| 3.2 | refused | 1 | 400, 0, 0.042 s | 12 s |  |\n" in docs


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (ALL[1:], "fault 1 (the image or its tag is missing): no test of it passed"),
        ([*ALL, replace(ONE, passed=False)], "fault 3, 503: its test failed"),
        ([*ALL, replace(ONE, lost=2)], "fault 3, 503: 2 of 400 requests were lost"),
    ],
)
def test_no_table_where_something_did_not_hold(
    checkout: Path, capsys: pytest.CaptureFixture[str], seen: list[Seen], told: str
) -> None:
    assert run(checkout, seen) == 1
    assert told in capsys.readouterr().err
    assert "\nold\n" in (checkout / "README.md").read_text()
