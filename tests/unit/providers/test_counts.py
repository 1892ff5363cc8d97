"""Which counts a registration keeps, and what the program is told of it."""

from typing import Any

import pytest

from providers.nomad.client import Json
from providers.nomad.counts import overruled, with_kept_counts
from providers.nomad.spec import Spec

BOUNDS = {"Min": 1, "Max": 5}
OFF = {**BOUNDS, "Enabled": False}


def job(count: int | None, scaling: Any = None) -> Json:
    return {"ID": "web", "Namespace": "eu", "TaskGroups": [{"Name": "g", "Count": count, "Scaling": scaling}]}


@pytest.mark.parametrize(
    ("wanted", "current", "preserve", "count"),
    [
        (job(1, BOUNDS), job(3, BOUNDS), False, 3),
        (job(1, {**BOUNDS, "Min": 4}), job(3, BOUNDS), False, 4),
        (job(1, {"Min": 1, "Max": 2}), job(3, BOUNDS), False, 2),
        (job(1, OFF), job(3, BOUNDS), False, 1),
        (job(1), job(3, BOUNDS), False, 1),
        # Scaling is switched on together with a count, or without one.
        (job(4, BOUNDS), job(2), False, 4),
        (job(4, BOUNDS), job(2, OFF), False, 4),
        (job(None, BOUNDS), job(2), False, 2),
        (job(1), job(3), True, 3),
        (job(1, BOUNDS), job(7, BOUNDS), True, 7),
        (job(1), {"TaskGroups": [{"Name": "other", "Count": 3}]}, True, 1),
        (job(1, BOUNDS), None, True, 1),
    ],
)
def test_the_count_that_is_registered(wanted: Json, current: Json | None, preserve: bool, count: int) -> None:
    """RW-25."""
    kept = with_kept_counts(Spec(wanted, secret=False), current, preserve=preserve)
    assert kept.job["TaskGroups"][0]["Count"] == count


def test_a_count_of_the_program_that_is_not_used_is_told_when_it_changes() -> None:
    (told,) = overruled(job(1, BOUNDS), job(4, BOUNDS), job(2, BOUNDS))
    assert told == (
        "group g: the program's count is 4 now (it was 1), and the group keeps 2: its scaling block is enabled, so the "
        "count is the autoscaler's. To scale it: nomad job scale -namespace eu web g 4"
    )
    assert "preserve_counts is on" in next(iter(overruled(job(1), job(4), job(2))))


@pytest.mark.parametrize(("recorded", "wanted", "kept"), [(1, 1, 3), (1, 3, 3), (1, None, 3)])
def test_nothing_is_told_where_nothing_is_overruled(recorded: int, wanted: int | None, kept: int) -> None:
    assert list(overruled(job(recorded, BOUNDS), job(wanted, BOUNDS), job(kept, BOUNDS))) == []
