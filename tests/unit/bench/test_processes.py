import os
import sys
from pathlib import Path

import pytest

from bench import processes
from bench.processes import peak_of, role_of


@pytest.mark.parametrize(
    ("command_line", "role"),
    [
        ("/a/.venv/bin/python -m providers.nomad 127.0.0.1:1 ", "provider"),
        ("/a/.venv/bin/python -m bench.floor 127.0.0.1:1 ", "provider"),
        ("python3 -u /a/pulumi-language-python-exec --project bench ", "program"),
        ("/a/.caravan/libexec/pulumi preview ", "engine"),
        ("/a/.caravan/bin/pulumi-language-python 127.0.0.1:1 ", None),
    ],
)
def test_processes_are_told_apart(command_line: str, role: str | None) -> None:
    assert role_of(command_line) == role


def test_the_peak_is_in_bytes() -> None:
    assert peak_of("Name:\tx\nVmHWM:\t    2048 kB\n") == 2048 * 1024
    assert peak_of("") == 0


def test_a_run_is_measured(tmp_path: Path) -> None:
    program = "print('a'); open('f', 'wb').write(b'x' * 4096)"
    used = processes.run([sys.executable, "-c", program], tmp_path, dict(os.environ), 60)
    assert (used.code, used.output, used.peak_bytes) == (0, "a\n", {})
    assert used.wall_s > 0
    assert used.cpu_s > 0


def test_a_run_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    endless = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(TimeoutError, match="took longer than"):
        processes.run(endless, tmp_path, dict(os.environ), 0.2)
