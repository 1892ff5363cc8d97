"""What a test of a fault sees, and how it reads without what differs from run to run."""

import pytest

from tests.observation import Observation, masked


def test_the_verdict_is_that_of_the_first_command_that_failed() -> None:
    seen = Observation()
    seen.command(2.0, 0)
    assert seen.verdict_s == 2.0
    seen.command(5.0, 255)
    seen.command(3.0, 0)
    seen.command(4.0, 1)
    assert seen.verdict_s == 5.0


def test_a_verdict_that_the_test_times_itself() -> None:
    seen = Observation()
    seen.command(5.0, 1)
    with seen.timed():
        pass
    assert seen.verdict_s is not None
    assert seen.verdict_s < 5.0


def test_the_line_that_is_read_must_be_there() -> None:
    seen = Observation("some-test")
    with pytest.raises(AssertionError, match="'refused' is not in:\nanother line"):
        seen.reads("another line", "refused")
    seen.reads('first\n    error: Job "some-test" is refused\nlast refused', "refused")
    assert seen.said == 'Job "web" is refused'


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("task t, allocation 1a2b3c4d on node caravan", "task t, allocation … on node caravan"),
        ("Nomad cannot be reached at http://127.0.0.1:41234: x", "Nomad cannot be reached at http://127.0.0.1:…: x"),
        ("image 127.0.0.1:5000/web:1.0.0-57139909406c is", "image 127.0.0.1:…/web:1.0.0-… is"),
        (
            "process 4711 of root on this machine, since 2026-01-02 03:04:05 UTC.",
            "process … of root on this machine, since ….",
        ),
        ("\x1b[31merror: \x1b[0mno", "no"),
        ("read /tmp/pytest-of-root/pytest-3/popen-gw1/test_x0/state/a.json", "read …/state/a.json"),
    ],
)
def test_masks(line: str, read: str) -> None:
    assert masked(line, "") == read
