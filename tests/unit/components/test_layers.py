"""How layers are merged, and what is told of where a value comes from."""

from typing import Any

import pytest

from components.layers import Layer, Layers


def layers(*data: dict[str, Any], for_all: bool = False) -> Layers:
    """Layers named by their number, from 1 for the lowest; the second is the service's own."""
    made = [Layer(each, lambda _, n=n: f"file{n}", for_all=for_all) for n, each in enumerate(data, start=1)]  # type: ignore[misc]
    return Layers(made, made[1])


@pytest.mark.parametrize(
    ("below", "above", "merged"),
    [
        ({"env": {"A": "1", "B": "2"}}, {"env": {"B": "3", "C": "4"}}, {"env": {"A": "1", "B": "3", "C": "4"}}),
        ({"tags": ["a", "b"]}, {"tags": ["c"]}, {"tags": ["c"]}),
        ({"count": 1}, {"count": 2}, {"count": 2}),
        ({"env": {"A": "1", "B": "2"}}, {"env": {"A": None}}, {"env": {"B": "2"}}),
        ({"env": {"A": "1"}}, {"env": None}, {}),
        ({"ports": {"http": {"to": 1}, "b": {"to": 2}}}, {"ports": {"b": None}}, {"ports": {"http": {"to": 1}}}),
        ({"count": 3}, {"count": None}, {}),
        ({"check": {"path": "/"}}, {"check": None}, {"check": None}),
        ({"check": None}, {"check": {"path": "/"}}, {"check": {"path": "/"}}),
        ({"env": {}}, {"env": {"A": None}}, {"env": {"A": None}}),
        ({"job": {"Meta": {"a": 1}}}, {"job": {"Meta": None}}, {"job": {"Meta": None}}),
        ({"image": {"build": {"target": "x"}}}, {"image": {"reference": "a:1"}}, {"image": {"reference": "a:1"}}),
        ({"image": {"reference": "a:1"}}, {"image": {"build": {}}}, {"image": {"build": {}}}),
        ({"image": {"build": {"target": "x"}}}, {"image": {"build": {}}}, {"image": {"build": {"target": "x"}}}),
    ],
)
def test_what_is_above_is_laid_over(below: dict[str, Any], above: dict[str, Any], merged: dict[str, Any]) -> None:
    assert layers(below, above).merged() == merged


@pytest.mark.parametrize(
    ("below", "above", "merged"),
    [
        ({"env": {}}, {"env": {"A": None}}, {"env": {}}),
        ({"check": None}, {"check": {"interval_s": 1}}, {"check": None}),
    ],
)
def test_what_is_for_all_services_leaves_alone_what_one_has_not(
    below: dict[str, Any], above: dict[str, Any], merged: dict[str, Any]
) -> None:
    assert layers(below, above, for_all=True).merged() == merged


def test_the_word_of_each_layer_is_kept() -> None:
    all_ = layers({"env": {"A": "1"}}, {"env": {"B": "2"}}, {"env": None}, {"env": {"A": "3"}})
    assert [setting.value for setting in all_.settings(("env", "A"))] == ["1", None, "3"]
    assert [setting.path for setting in all_.settings(("env", "A"))] == [("env", "A"), ("env",), ("env", "A")]


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("a",), "file1: a"),
        (("b", "c"), "file3: b.c"),
        (("b", "missing"), "file3: b.missing"),
        (("l", "1"), "file1: l.1"),
        (("missing",), "file2: missing"),
    ],
)
def test_a_key_is_named_where_it_is_set_or_missing(path: tuple[str, ...], where: str) -> None:
    assert layers({"a": 1, "b": {"c": 1}, "l": [1, 2]}, {"b": {}}, {"b": {"c": 2}}).where(path) == where
