"""Property values on the wire and in Python."""

from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from providers.properties import (
    SECRET_SIGNATURE,
    SIGNATURE_KEY,
    UNKNOWN,
    UNKNOWN_WIRE,
    Properties,
    contains_unknown,
    decode,
    encode,
)

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.just(UNKNOWN)
KEYS = st.text(min_size=1, max_size=8)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))


@st.composite
def properties(draw: st.DrawFn) -> Properties:
    values = draw(st.dictionaries(KEYS, VALUES, max_size=5))
    names = st.sets(st.sampled_from(sorted(values))) if values else st.just(set())
    return Properties(values, frozenset(draw(names)))


def wire(value: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(value, struct_pb2.Struct())


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, "value": value}


@given(properties())
def test_come_back_as_they_were(given_: Properties) -> None:
    assert decode(encode(given_)) == given_


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_their_value(number: float) -> None:
    assert decode(encode(Properties({"n": number}))).values["n"] == number


def test_a_whole_number_is_an_int() -> None:
    value = decode(wire({"version": 3})).values["version"]
    assert (value, type(value)) == (3, int)


@pytest.mark.parametrize(
    "hidden", [secret("x"), {"deep": secret("x")}, [1, secret("x")], {"a": [{"b": secret("x")}]}, secret(secret("x"))]
)
def test_a_secret_anywhere_below_makes_the_whole_property_one(hidden: Any) -> None:
    decoded = decode(wire({"jobspec": hidden, "json": True}))
    assert decoded.secrets == {"jobspec"}
    assert SECRET_SIGNATURE not in str(decoded.values)


def test_a_secret_is_wrapped_whole() -> None:
    sent = json_format.MessageToDict(encode(Properties({"token": {"a": ["x"]}, "id": "1"}, frozenset({"token"}))))
    assert sent == {"token": secret({"a": ["x"]}), "id": "1"}


def test_a_secret_that_is_unknown_is_both() -> None:
    decoded = decode(wire({"token": secret(UNKNOWN_WIRE)}))
    assert decoded.values["token"] is UNKNOWN
    assert decoded.secrets == {"token"}


@pytest.mark.parametrize(
    "sentinel",
    [
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    ],
)
def test_every_kind_of_unknown_is_known_as_one(sentinel: str) -> None:
    decoded = decode(wire({"list": [{"a": sentinel}], "other": 1}))
    assert decoded.values["list"][0]["a"] is UNKNOWN
    assert decoded.has_unknown()
    assert decoded.has_unknown(["list"])
    assert not decoded.has_unknown(["other", "absent"])


def test_the_text_of_an_unknown_is_no_part_of_another_text() -> None:
    assert not contains_unknown(decode(wire({"text": f"see {UNKNOWN_WIRE}"})).values)


def test_null_is_absent() -> None:
    assert Properties({"a": None}).get("a", 1) == 1
    assert Properties({"a": False}).get("a", True) is False
