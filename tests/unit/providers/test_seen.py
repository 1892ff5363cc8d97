"""What a saved plan holds of a job in Nomad."""

from typing import Any

import pytest

from providers.nomad.seen import in_words, note, noted_job
from providers.properties import Properties


def job(**changes: Any) -> dict[str, Any]:
    groups = [{"Name": "web", "Count": 2}, {"Name": "api", "Count": 1}]
    return {"ID": "shop", "Version": 4, "JobModifyIndex": 57, "TaskGroups": groups, **changes}


def autoscaled(count: int, **changes: Any) -> dict[str, Any]:
    return job(TaskGroups=[{"Name": "web", "Count": count, "Scaling": {"Enabled": True}}], **changes)


@pytest.mark.parametrize(
    ("current", "words"),
    [
        (None, 'job "shop" is not there'),
        (job(), 'job "shop" is at version 4 (index 57), 2 of web, 1 of api'),
        (job(Stop=True), 'job "shop" is stopped at version 4 (index 57), 2 of web, 1 of api'),
    ],
)
def test_in_words(current: dict[str, Any] | None, words: str) -> None:
    assert in_words("shop", current) == words


def test_an_autoscaler_moves_nothing_and_everything_else_does() -> None:
    words = in_words("shop", autoscaled(2))
    assert words.endswith(", web autoscaled")
    assert in_words("shop", autoscaled(5, Version=5, JobModifyIndex=60)) == words
    assert in_words("shop", autoscaled(2, Priority=70)) != words
    assert in_words("shop", autoscaled(2, Stop=True)) != words


@pytest.mark.parametrize("name", ["shop", "a@b"])
def test_the_job_is_found_again(name: str) -> None:
    inputs = Properties()
    note(inputs, ("team", name), None)
    assert noted_job(inputs) == ("team", name)


def test_a_state_without_it() -> None:
    assert noted_job(Properties({"jobspec": "x"})) is None
