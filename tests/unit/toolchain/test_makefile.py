"""The Makefile explains itself and only dispatches."""

import re
import subprocess

from toolchain import paths


def test_every_target_has_a_help_line() -> None:
    text = (paths.ROOT / "Makefile").read_text().replace("\\\n", "")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony
    helped = subprocess.run(["make", "-s"], cwd=paths.ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[1] for line in helped.splitlines()] == phony.group(1).split()
