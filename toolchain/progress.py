"""Progress of one step, with its elapsed time."""

import sys
import threading
import time
from types import TracebackType
from typing import TextIO

TTY_INTERVAL_S = 1.0
LOG_INTERVAL_S = 15.0


class Step:
    """Prints what a step is doing while its block runs: one line rewritten on a terminal, a line every 15 s elsewhere.

    The last line says how the step ended: the text given to `done`, or "failed".
    """

    def __init__(self, name: str, stream: TextIO | None = None) -> None:
        self.name = name
        self._stream = stream or sys.stdout
        self._text = "..."
        self._tty = self._stream.isatty()
        self._started_s = time.monotonic()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def update(self, text: str) -> None:
        """Say what the step does now."""
        with self._lock:
            self._text = text
        if self._tty:
            self._print()

    def note(self, text: str) -> None:
        """Print a line that stays, such as why another way is tried."""
        with self._lock:
            self._write(f"  {self.name}: {text}\n")

    def done(self, text: str) -> None:
        """Give the text of the last line."""
        self._text = text

    def __enter__(self) -> "Step":
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._ticker.join()
        if kind is not None:
            self._text = "failed"
        with self._lock:
            self._write(self._line() + "\n")

    def _line(self) -> str:
        elapsed_s = time.monotonic() - self._started_s
        return (
            f"  {self.name}: {self._text} ({elapsed_s:.1f} s)" if elapsed_s >= 0.05 else f"  {self.name}: {self._text}"
        )

    def _tick(self) -> None:
        while not self._ended.wait(TTY_INTERVAL_S if self._tty else LOG_INTERVAL_S):
            self._print()

    def _print(self) -> None:
        with self._lock:
            self._write(self._line() + ("" if self._tty else "\n"))

    def _write(self, text: str) -> None:
        # "\r" returns to the line's start and "\033[K" erases what was there (ECMA-48).
        self._stream.write(("\r\033[K" if self._tty else "") + text)
        self._stream.flush()
