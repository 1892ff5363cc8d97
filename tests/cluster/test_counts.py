"""Counts that are not the program's: each preview says which count will be."""

import json
from typing import Any

import pytest

from tests.cluster.programs import job
from tests.quick_engine.stack import Stack

pytestmark = pytest.mark.cluster

BOUNDS = {"Enabled": True, "Min": 1, "Max": 4}


class Scaled:
    """A job of one group, whose count and scaling a test changes."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.name = stack.name[:40]

    def program(self, count: int | None, scaling: Any = None, more: str = "", **env: str) -> None:
        spec = job(self.name, "service", Env=env)
        group = spec["TaskGroups"][0]
        group |= {} if count is None else {"Count": count}
        group |= {} if scaling is None else {"Scaling": scaling}
        self.stack.write(f"nomad.Job('j', jobspec={json.dumps(spec)!r}, json=True, purge_on_destroy=True{more})")

    def scale(self, count: int) -> None:
        body = {"Count": count, "Target": {"Group": "g"}, "Message": "by hand"}
        self.stack.nomad.call("POST", f"/v1/job/{self.name}/scale", body)

    @property
    def count(self) -> int:
        return int(self.stack.nomad.job(self.name)["TaskGroups"][0]["Count"])


def test_preserve_counts_keeps_them_and_the_preview_shows_no_other(stack: Stack) -> None:
    """RW-25."""
    scaled = Scaled(stack)
    preserve = ", preserve_counts=True"
    scaled.program(1, more=preserve)
    stack.up()
    scaled.scale(2)
    assert stack.preview().unchanged

    scaled.program(1, more=preserve, GREETING="two")
    changed = stack.preview().text
    assert "GREETING" in changed
    assert 'Count "2" → "1"' not in changed
    stack.up()
    assert scaled.count == 2

    scaled.program(3, more=preserve, GREETING="two")
    shown = stack.preview()
    assert "the program's count is 3 now (it was 1), and the group keeps 2: preserve_counts is on" in shown.text
    assert shown.unchanged
    stack.up()
    assert scaled.count == 2

    # Without it the program's count is put back, and told.
    scaled.program(1, GREETING="two")
    assert 'Count "2" → "1"' in stack.preview().text
    stack.up()
    assert scaled.count == 1


def test_a_count_under_an_autoscaler_is_told_and_its_own_first_one_is_used(stack: Stack) -> None:
    scaled = Scaled(stack)
    scaled.program(1)
    stack.up()
    # Switched on together with a count.
    scaled.program(2, BOUNDS)
    stack.up()
    assert scaled.count == 2
    scaled.program(3, BOUNDS)
    shown = stack.preview()
    assert "the group keeps 2: its scaling block is enabled, so the count is the autoscaler's" in shown.text
    assert shown.unchanged
    stack.up()
    assert scaled.count == 2
    # Bounds are the program's.
    scaled.program(3, {**BOUNDS, "Min": 3})
    assert 'Count "2" → "3"' in stack.preview().text
    stack.up()
    assert scaled.count == 3
