"""A command at a terminal, as somebody types it."""

import fcntl
import os
import re
import struct
import subprocess
import termios
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.project import UP_TIMEOUT_S, Project, Result
from toolchain.waiting import wait_until

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][A-Z0-9]|\r")
UP = "\x1b[A"
"""The key: at Pulumi's question it moves from `no` to `yes`."""


class Terminal:
    """Runs a command in a terminal of `columns` columns."""

    def __init__(self, command: Sequence[str], folder: Path, environment: dict[str, str], columns: int = 120) -> None:
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self._process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        os.set_blocking(self._ours, False)
        self._written = ""

    @property
    def text(self) -> str:
        """What has appeared until now, without control characters."""
        try:
            while data := os.read(self._ours, 65536):
                self._written += data.decode(errors="replace")
        except OSError:  # nothing more now, or the command has ended
            pass
        return _CONTROL.sub("", self._written)

    def shows(self, text: str) -> bool:
        """Whether a text appears before the command ends."""
        wait_until(lambda: text in self.text or self._process.poll() is not None, UP_TIMEOUT_S)
        return text in self.text

    def press(self, *keys: str) -> None:
        """Presses keys, each when what the one before has changed is on the screen."""
        for key in keys:
            self._press(key, self.text)

    def _press(self, key: str, before: str) -> None:
        os.write(self._ours, key.encode())
        wait_until(lambda: self.text != before, UP_TIMEOUT_S)

    def result(self) -> Result:
        """Waits for the command's end."""
        wait_until(lambda: self.text is not None and self._process.poll() is not None, UP_TIMEOUT_S)
        text = self.text
        os.close(self._ours)
        return Result(self._process.returncode, text)


def approved(project: Project, *arguments: str, columns: int = 120) -> Terminal:
    """`pulumi ARGUMENTS` up to its question."""
    terminal = Terminal(["pulumi", *arguments], project.folder, {**project.environment, "TERM": "xterm"}, columns)
    assert terminal.shows("Do you want to perform this update?"), terminal.text
    return terminal
