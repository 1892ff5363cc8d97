"""A command that goes on while the test does something to what it needs."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

LONGEST_S = 300.0


class Running(Generic[T]):
    """A command in a thread of its own."""

    def __init__(self, command: Callable[[], T]) -> None:
        self._command = command
        self._result: list[T] = []
        self._error: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def ended(self) -> bool:
        return not self._thread.is_alive()

    def result(self, within_s: float = LONGEST_S) -> T:
        """Waits for the command's end. Raises what it has raised."""
        self._thread.join(within_s)
        assert self.ended(), f"the command has not ended within {within_s} s"
        if self._error:
            raise self._error[0]
        return self._result[0]

    def _run(self) -> None:
        try:
            self._result.append(self._command())
        except BaseException as error:
            self._error.append(error)
