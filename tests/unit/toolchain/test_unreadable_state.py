"""What is said of a state that Pulumi cannot read."""

import json
import os
from pathlib import Path

import pytest

from toolchain import unreadable_state

RIGHT = json.dumps({"version": 3, "checkpoint": {"latest": {}}})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    file = tmp_path / ".pulumi" / "stacks" / "shop" / "dev.json"
    file.parent.mkdir(parents=True)
    file.write_text(RIGHT)
    return file


def backup(state: Path, number: int, text: str) -> Path:
    file = state.parents[2] / "backups" / "shop" / "dev" / f"dev.{number}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (number, number))
    return file


@pytest.mark.parametrize(
    "text", [RIGHT, json.dumps({"version": 4, "features": ["hooks"], "checkpoint": {"latest": {}}})]
)
def test_a_right_one_is_left_alone(state: Path, text: str) -> None:
    state.write_text(text)
    assert unreadable_state.sentence(state) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (RIGHT[:20], "is cut off or damaged (line 1, column 16: Unterminated string starting at)"),
        ("[]", "is no state of Pulumi's"),
        ('{"version": 3, "terraform_version": "1.9"}', "is no state of Pulumi's"),
        (RIGHT.replace("3", "99"), "is of version 99, which a newer Pulumi has written; this one reads 4 at the most"),
    ],
)
def test_what_is_wrong_is_said_with_the_way_back(state: Path, text: str, words: str) -> None:
    state.write_text(text)
    before = state.with_name("dev.json.bak")
    before.write_text(RIGHT)
    told = unreadable_state.sentence(state)
    assert told.startswith(f"The state in {state} {words}. Nothing is changed.")
    assert f"cp {before} {state}. Then" in told


def test_the_newest_copy_that_is_right_is_named(state: Path) -> None:
    state.write_text("")
    state.with_name("dev.json.bak").write_text("{")
    backup(state, 1, RIGHT)
    newest = backup(state, 2, RIGHT)
    backup(state, 3, "")
    assert f"cp {newest} {state}." in unreadable_state.sentence(state)


def test_without_a_copy_it_is_said_that_there_is_none(state: Path) -> None:
    state.write_text("")
    assert "There is no copy that could be read." in unreadable_state.sentence(state)
