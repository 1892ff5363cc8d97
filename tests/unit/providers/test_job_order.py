"""When another order of a list is a change."""

import pytest

from providers.nomad.client import Json
from providers.nomad.job_difference import differences

INNER, ELSEWHERE, OUTER = (
    {"Volume": volume, "Destination": folder}
    for volume, folder in (("shared", "/data/inner"), ("data", "/else"), ("data", "/data"))
)


def lines(before: list[Json], after: list[Json]) -> list[str]:
    """What differs where a task has other mounts."""

    def job(mounts: list[Json]) -> Json:
        return {"ID": "web", "TaskGroups": [{"Name": "web", "Tasks": [{"Name": "app", "VolumeMounts": mounts}]}]}

    return [one.change.text() for one in differences(job(before), job(after))]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([ELSEWHERE, INNER, INNER], [INNER, INNER, ELSEWHERE]),
        ([INNER, ELSEWHERE, INNER], [INNER, INNER, ELSEWHERE]),
        ([OUTER, INNER, ELSEWHERE, INNER], [OUTER, ELSEWHERE, INNER, INNER]),
        ([INNER, INNER, ELSEWHERE], [{**INNER, "PropagationMode": "private"}, ELSEWHERE, INNER]),
    ],
)
def test_two_equal_mounts_have_no_order(before: list[Json], after: list[Json]) -> None:
    """Found by tests/cluster/test_every_change.py, with the seed 7."""
    assert lines(before, after) == lines(after, before) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([OUTER, INNER], [INNER, OUTER]),
        ([INNER, OUTER, INNER], [OUTER, INNER, INNER]),
        ([INNER, INNER, OUTER], [OUTER, INNER, INNER]),
        ([INNER, INNER, OUTER], [INNER, OUTER, INNER]),
    ],
)
def test_a_mount_over_another_has_one(before: list[Json], after: list[Json]) -> None:
    assert all("VolumeMount order" in line for line in lines(before, after))
    assert lines(before, after) != []
