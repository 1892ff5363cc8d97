"""The jobs with every key: that they have them all, and that every change of one differs, without any Nomad."""

import random

import pytest

from providers.nomad.filled_in import BOOKKEEPING
from providers.nomad.job_difference import differences
from providers.nomad.job_types import IDENTITY, ORDER, SETS, fields, structs
from tests.cluster.change_judgement import different, held
from tests.cluster.full_jobs import FULL, UNREACHABLE, full
from tests.cluster.job_changes import all_changes, apply
from tests.cluster.job_places import places

AT_ONCE = 150
"""Changes of each full job that are compared."""


def test_every_list_of_structs_has_a_name_for_its_elements() -> None:
    held = {type_.struct for name in structs() for type_ in fields(name).values() if type_.many == "[]"}
    assert held - IDENTITY.keys() == set()
    assert all(key in fields(struct) for struct, keys in IDENTITY.items() for key in keys)


def test_what_is_said_of_lists_is_of_lists_that_there_are() -> None:
    known = {f"{struct}.{key}": type_ for struct in structs() for key, type_ in fields(struct).items()}
    assert all(known[name].kind == "list" for name in SETS)
    assert all(known[name].many == "[]" for name in ORDER)


def test_the_full_jobs_hold_every_key() -> None:
    held = {place.name for kind in FULL for place in places(full(kind, "x"))}
    known = {f"{struct}.{key}" for struct in structs() for key in fields(struct)}
    absent = {name for name in known - held if not {name, name.split(".", 1)[0]} & UNREACHABLE.keys()}
    assert absent - {f"{struct}.{key}" for struct, keys in BOOKKEEPING.items() for key in keys} == set()


@pytest.mark.parametrize("kind", sorted(FULL))
def test_every_change_of_a_full_job_differs(kind: str) -> None:
    """The same changes as tests/cluster/test_every_change.py makes, only compared."""
    chance = random.Random(1)
    before = full(kind, "x")
    assert differences(before, before) == []
    wrong = []
    for place, what in all_changes(before, chance)[:AT_ONCE]:
        change = apply(before, place, what, chance)
        # What is removed may have been a default; Nomad refuses two groups or tasks of one name.
        unsure = what == "removed" or (what == "repeated" and place.key in ("TaskGroups", "Tasks"))
        if change is not None and not unsure and change.counts != bool(differences(before, change.job)):
            wrong.append(str(change))
    assert wrong == []


def test_a_job_that_holds_the_same_is_the_same_one() -> None:
    """Found by tests/cluster/test_every_change.py, with the seed 13."""

    def scaled(**policy: int) -> dict[str, object]:
        return {"ID": "x", "Version": 1, "TaskGroups": [{"Scaling": {"Min": 0, **policy}, "Meta": None}]}

    assert held(scaled(CreateIndex=7, ModifyIndex=8)) == held({**scaled(CreateIndex=0), "Version": 2})
    assert held(scaled(Max=1)) != held(scaled(Max=2))


def test_a_count_within_the_bounds_of_an_autoscaler_is_as_it_is_wanted() -> None:
    """Found by tests/cluster/test_every_change.py, with the seed 13."""

    def job(count: int, **scaling: object) -> dict[str, object]:
        return {"ID": "x", "TaskGroups": [{"Name": "web", "Count": count, "Scaling": scaling, "Tasks": []}]}

    assert different(job(1, Min=1, Max=3), job(0, Min=1, Max=3)) == []
    assert different(job(4, Min=1, Max=3), job(0, Min=1, Max=3)) != []
    assert different(job(1, Min=1, Enabled=False), job(0, Min=1, Enabled=False)) != []
