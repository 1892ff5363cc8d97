"""What the tests of faults saw comes together in one file, from all processes that ran them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from toolchain import paths

TESTS = """
import time
import pytest
from tests import observation

@pytest.mark.fault(3, "503")
@pytest.mark.fault(9, "afterwards")
def test_good(seen):
    with seen.timed():
        observation.current().requests(30, 0, 0.5)
    seen.reads("one\\njob good failed\\nthree", "failed")

@pytest.mark.fault({number})
@pytest.mark.parametrize("kind", ["a", "b"])
def test_bad_things(kind):
    assert kind == "a"

@pytest.fixture
def broken():
    raise OSError("no cluster")

@pytest.mark.fault(2)
def test_not_begun(broken):
    pass

def test_of_nothing():
    pass
"""


def run(folder: Path, number: int, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_them.py").write_text(TESTS.format(number=number))
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = fault: of the catalogue\n")
    options = ("-p", "tests.faults.report", "-p", "no:cacheprovider", "--fault-report", "out/report.json", *options)
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder,
        # What this run was given is not for that one.
        env={**os.environ, "PYTHONPATH": str(paths.ROOT), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
    )


def test_reports_of_several_processes_come_together(tmp_path: Path) -> None:
    done = run(tmp_path, 4, "--numprocesses", "2")
    assert "2 passed" not in done.stdout, done.stdout
    seen = json.loads((tmp_path / "out" / "report.json").read_text())
    assert sorted((one["fault"], one["case"], one["passed"]) for one in seen) == [
        (2, "not begun", False),
        (3, "503", True),
        (4, "bad things[a]", True),
        (4, "bad things[b]", False),
        (9, "afterwards", True),
    ]
    (good,) = [one for one in seen if one["fault"] == 3]
    assert (good["sent"], good["lost"], good["slowest_s"], good["said"]) == (30, 0, 0.5, "job web failed")
    assert good["verdict_s"] >= 0


def test_a_number_that_is_not_in_the_catalogue_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, 99)
    assert done.returncode != 0
    assert "there is no fault 99 in the catalogue" in done.stdout + done.stderr
