"""How a program ends that cannot go on, or may not: with its own sentences, or with none."""

import os
import signal
import threading
from typing import Any

import pulumi

_ALREADY_SHOWN = 32
"""The exit code for which the language host says nothing of its own: the program has shown what is wrong (Pulumi
`pulumi-language-python`, pythonProcessExitedAfterShowingUserActionableMessage)."""


class Refusal(SystemExit):
    """Ends the program after showing `message`; nothing else is shown."""

    def __init__(self, message: str) -> None:
        super().__init__(_ALREADY_SHOWN)
        self.message = message
        pulumi.log.error(message)


def end_quietly_when_stopped() -> None:
    """End without Python's traceback when the engine stops the program, as it does when anything has failed."""

    def end(*_: Any) -> None:
        os._exit(130)

    untouched = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if untouched and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, end)
