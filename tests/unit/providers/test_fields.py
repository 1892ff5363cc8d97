"""Durations as Go writes them, and sets."""

import pytest

from providers.fields import Blocks, Flag, Text, Texts, faults, go_duration, nanoseconds

SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "value_ns"),
    [
        ("90s", 90 * SECOND),
        ("1h30m", 5400 * SECOND),
        ("1.5h", 5400 * SECOND),
        ("10ms", 10**7),
        ("0", 0),
        ("", None),
        ("5", None),
        ("1h ago", None),
        ("h", None),
    ],
)
def test_durations_are_read(text: str, value_ns: int | None) -> None:
    assert nanoseconds(text) == value_ns


@pytest.mark.parametrize("text", ["1h30m0s", "24h0m0s", "1m30s", "59s", "0s"])
def test_durations_are_written_as_go_does(text: str) -> None:
    assert go_duration(nanoseconds(text) or 0) == text


def test_a_part_of_a_second_is_kept() -> None:
    assert nanoseconds(go_duration(1_500_000_000)) == 1_500_000_000


def test_sets_are_equal_in_any_order() -> None:
    assert Texts().normal(["b", "a", "b"]) == Texts().normal(["a", "b"])
    links = Blocks(fields={"name": Text()}, key="name")
    assert links.normal([{"name": "b"}, {"name": "a"}]) == links.normal([{"name": "a"}, {"name": "b"}])
    assert links.normal([]) is None


def test_wrong_kinds_are_told() -> None:
    fields = {
        "flag": Flag(),
        "links": Blocks(fields={"name": Text(required=True)}, key="name"),
        "texts": Texts(),
    }
    values = {"flag": "yes", "links": [{"nam": "x"}], "texts": ["a", "", 1]}
    assert [sentence for _, sentence in faults(fields, values)] == [
        "flag is 'yes'; it must be true or false.",
        '"links[0].nam" is not an input. Did you mean "name"?',
        "links[0].name is missing; give it.",
        "texts[1] is ''; it must be a text that is not empty.",
        "texts[2] is 1; it must be a text that is not empty.",
    ]
