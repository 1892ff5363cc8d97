"""What ended by SIGKILL. The events are Nomad 1.11.3's."""

from typing import Any

import pytest

from providers.nomad.killed import killed_text

KILLING = {"Type": "Killing", "KillTimeout": 2 * 10**9}


def ended(code: int, signal: int = 0, oom: str = "false") -> dict[str, Any]:
    return {"Type": "Terminated", "ExitCode": code, "Signal": signal, "Details": {"oom_killed": oom}}


def allocation(*events: dict[str, Any]) -> dict[str, Any]:
    return {"TaskGroup": "web", "TaskStates": {"t": {"Events": [{"Type": "Started"}, *events]}}}


@pytest.mark.parametrize("end", [ended(137), ended(0, 9), ended(137, 9)])
def test_a_process_that_did_not_end_when_it_was_asked_to(end: dict[str, Any]) -> None:
    """A9: every rollout took 20 s longer, and nothing said why."""
    (one,) = killed_text([allocation(KILLING, end)])
    assert one.startswith(
        "group web, task t: 1 instance did not end on the stop signal and was killed (SIGKILL) after the kill_timeout "
        "of 2 s. "
    )
    (two,) = killed_text([allocation(KILLING, end)] * 2)
    assert "2 instances did not end on the stop signal and were killed" in two


@pytest.mark.parametrize(
    "events", [(KILLING, ended(130, 2)), (KILLING, ended(137, oom="true")), (ended(137),), (ended(137), KILLING), ()]
)
def test_every_other_end(events: tuple[dict[str, Any], ...]) -> None:
    assert killed_text([allocation(*events), {"TaskGroup": "web", "TaskStates": None}]) == []
