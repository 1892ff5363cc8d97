"""Commands whose output is followed while they run, and quoted when they fail."""

import collections
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TAIL_LINES = 20


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    exit_code: int
    tail: str
    """The last lines of its output, indented for quoting."""


def follow(
    command: Sequence[str | Path],
    on_line: Callable[[str], bool],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Result:
    """Run a command without input. `on_line` gets each line that it prints and tells whether it is worth quoting."""
    kept: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
    with subprocess.Popen(
        command,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in map(str.rstrip, process.stdout):
            if on_line(line):
                kept.append(line)
    return Result(process.returncode, tail(kept))


def tail(lines: Iterable[str]) -> str:
    """The last lines, indented for quoting."""
    return "\n".join(f"    {line}" for line in collections.deque(lines, maxlen=TAIL_LINES))
