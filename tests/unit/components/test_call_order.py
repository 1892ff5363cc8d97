"""Whoever is called goes first; circles are broken at the same place every time."""

import random

from hypothesis import given
from hypothesis import strategies as st

from components.call_order import call_order

NAMES = "abcdefgh"


def test_callees_go_first() -> None:
    order = call_order({"front": ["api"], "admin": ["api", "payments"], "api": ["store"], "store": []})
    assert order.names == ("store", "api", "admin", "front")
    assert order.waits_for == {"admin": ("api",), "api": ("store",), "front": ("api",), "store": ()}
    assert order.cycles == ()


def test_those_who_wait_through_others_wait_too() -> None:
    order = call_order({"front": ["api"], "admin": ["front"], "api": ["store"], "store": [], "other": []})
    assert order.waiting_for("store") == ["admin", "api", "front"]
    assert order.waiting_for("admin") == []


def test_a_circle_begins_with_the_first_by_name() -> None:
    order = call_order({"c": ["a"], "a": ["b"], "b": ["c"]})
    assert order.cycles == (("a", "b", "c", "a"),)
    assert order.names == ("a", "c", "b")
    assert order.waiting_for("b") == []


def test_a_service_may_call_itself() -> None:
    assert call_order({"a": ["a"]}).cycles == ()


CALLS = st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES + "xy")))


@given(calls=CALLS, seed=st.integers())
def test_nobody_goes_before_whom_it_waits_for(calls: dict[str, set[str]], seed: int) -> None:
    order = call_order(calls)
    assert sorted(order.names) == sorted(calls)
    for name, waits_for in order.waits_for.items():
        assert all(order.names.index(other) < order.names.index(name) for other in waits_for)
    # Every call that is not waited for is the beginning of a circle that has been told.
    broken = {(cycle[0], cycle[1]) for cycle in order.cycles}
    kept = {(name, other) for name, waits_for in order.waits_for.items() for other in waits_for}
    wanted = {(name, other) for name, others in calls.items() for other in others & calls.keys() - {name}}
    assert kept | broken == wanted
    assert not kept & broken
    shuffled = list(calls.items())
    random.Random(seed).shuffle(shuffled)
    assert call_order({name: sorted(others, reverse=True) for name, others in shuffled}) == order
