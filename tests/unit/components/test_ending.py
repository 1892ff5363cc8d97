"""A program that ends early says what it has to say, and nothing else."""

import signal
import subprocess
import sys

import pulumi
import pytest

from components.ending import Refusal

WAITS = """
import asyncio, concurrent.futures, time
from components.ending import end_quietly_when_stopped
end_quietly_when_stopped()
async def main():
    loop = asyncio.get_running_loop()
    waiting = loop.run_in_executor(None, time.sleep, 60)
    print("waits", flush=True)
    await waiting
asyncio.run(main())
"""


def test_a_refusal_is_shown_once_and_the_language_host_adds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", shown.append)
    refusal = Refusal("this is wrong")
    assert (shown, refusal.message, refusal.code) == (["this is wrong"], "this is wrong", 32)


def test_a_program_that_is_stopped_leaves_no_traceback() -> None:
    """F9, A6: KeyboardInterrupt, from a thread that waited for an answer of the engine."""
    process = subprocess.Popen(
        [sys.executable, "-c", WAITS],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell's background command ignores it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waits\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[0] == ""
    assert process.returncode == 130
