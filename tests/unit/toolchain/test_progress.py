"""What a step prints, on a terminal and elsewhere."""

import io

import pytest

from toolchain import progress
from toolchain.progress import Step
from toolchain.waiting import wait_until


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_only_the_end_is_a_line() -> None:
    stream = io.StringIO()
    with Step("nomad", stream) as step:
        step.update("downloading 1 MB")
        step.done("1.2.3 downloaded")
    assert stream.getvalue() == "  nomad: 1.2.3 downloaded\n"


def test_elsewhere_a_long_step_prints_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LOG_INTERVAL_S", 0.05)
    stream = io.StringIO()
    with Step("nomad", stream) as step:
        step.update("building")
        assert wait_until(lambda: stream.getvalue().count("  nomad: building (") >= 2, 10)


def test_on_a_terminal_one_line_is_rewritten() -> None:
    stream = Terminal()
    with Step("nomad", stream) as step:
        step.update("downloading 1 MB")
        step.update("downloading 2 MB")
        step.done("1.2.3 downloaded")
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("\r\033[K  nomad: 1.2.3 downloaded\n")


def test_a_note_stays() -> None:
    stream = Terminal()
    with Step("nomad", stream) as step:
        step.note("its host is away")
    assert "  nomad: its host is away\n" in stream.getvalue()


def test_a_step_that_raises_has_failed() -> None:
    stream = io.StringIO()
    with pytest.raises(ValueError, match="boom"), Step("nomad", stream):
        raise ValueError("boom")
    assert stream.getvalue() == "  nomad: failed\n"
