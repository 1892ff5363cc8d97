"""What a test sees of a fault: requests, verdicts, and what the user reads. Kept for the table of `make faults`.

The load and the commands of a test report here by themselves. Outside of a test nothing is kept.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
MASKS = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(rf"{re.escape(str(ROOT))}/"), ""),
    (re.compile(r"/tmp/\S*?pytest-of-[^/]+/pytest-\d+/(?:popen-gw\d+/)?[^/\s]+"), "…"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "…"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "…"),
    (re.compile(r"(:[\w.]+-)[0-9a-f]{12}\b"), r"\1…"),
    (re.compile(r"\ballocation [0-9a-f]{8}\b"), "allocation …"),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:…"),
    (re.compile(r"\bprocess \d+"), "process …"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?: UTC|Z)?"), "…"),
)
"""What differs from run to run and tells nobody anything."""


@dataclass
class Observation:
    """One test of a fault. Times in seconds."""

    service: str = ""
    """The name of the test's service, which reads as `web`."""
    tries: int = 1
    """How often the fault was brought about."""
    sent: int = 0
    lost: int = 0
    slowest_s: float = 0.0
    said: str = ""
    """The line that the user reads, masked."""
    _failed_s: float | None = None
    _ended_s: float | None = None
    _timed_s: float | None = None

    @property
    def verdict_s(self) -> float | None:
        """From the start of the command, or of the fault, to its verdict: what the test has timed itself, else the
        first command that failed, else the last one."""
        return next((s for s in (self._timed_s, self._failed_s, self._ended_s) if s is not None), None)

    def requests(self, sent: int, lost: int, slowest_s: float) -> None:
        """A load has ended."""
        self.sent += sent
        self.lost += lost
        self.slowest_s = max(self.slowest_s, slowest_s)

    def command(self, took_s: float, code: int) -> None:
        """A `preview` or `up` has ended."""
        self._ended_s = took_s
        if code != 0 and self._failed_s is None:
            self._failed_s = took_s

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Times the verdict by the block."""
        started_s = time.monotonic()
        yield
        self._timed_s = time.monotonic() - started_s

    def reads(self, text: str, words: str) -> None:
        """Asserts that a line of the output holds the words; it is what the user reads of this fault."""
        line = next((line for line in text.splitlines() if words in line), None)
        assert line is not None, f"{words!r} is not in:\n{text}"
        self.said = masked(line, self.service)


@dataclass
class _Current:
    observation: Observation = field(default_factory=Observation)


_current = _Current()


def current() -> Observation:
    """What the running test sees."""
    return _current.observation


def begin(service: str) -> Observation:
    """A test with this service begins."""
    _current.observation = Observation(service)
    return _current.observation


def masked(line: str, service: str) -> str:
    """The line without what differs from run to run."""
    for pattern, instead in MASKS:
        line = pattern.sub(instead, line)
    line = line.strip().removeprefix("error: ").removeprefix("* ").strip()
    if service:
        line = line.replace(service, "web")
    return line
