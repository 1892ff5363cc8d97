"""Texts of Pulumi's SDKs in the place of values are found wherever they stand."""

import json
import warnings
from typing import Any

import pulumi
import pytest

from providers.placeholders import placeholders


def stringified() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return f"pre-{object.__new__(pulumi.Output)}"


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"jobspec": 'job "web" {\n  a = "PUT"\n}'}, "jobspec, line 2: "),
        ({"hcl2": {"vars": {"tag": "PUT"}}}, "hcl2.vars.tag: "),
        ({"items": {"a b": "PUT"}}, 'items["a b"]: '),
        ({"keys": [{"value": "x"}, {"value": "PUT"}]}, "keys[1].value: "),
        ({"subkeys": {"PUT": "x"}}, "a key of subkeys: "),
        ({"configJson": json.dumps({"Protocol": "PUT"})}, "configJson: "),
    ],
)
@pytest.mark.parametrize(
    "put",
    [
        stringified(),
        "Calling [toString] on an [Output<T>] is not supported.",
        "Calling [toJSON] on an [Output<T>] is not supported.",
        "[<pulumi.output.Output object at 0x7fdeadbeef00>]",
    ],
)
def test_an_output_in_a_string_is_found_at_its_place(values: Any, where: str, put: str) -> None:
    """RW-03: whatever the SDK, and however deep it stands."""
    with_it = json.loads(json.dumps(values).replace("PUT", json.dumps(put)[1:-1]))
    found = list(placeholders(with_it))
    assert [name for name, _ in found] == list(values)
    # A text of several lines is in the place of a word of one.
    assert found[0][1].startswith(where)
    assert "a Pulumi Output was put into a string" in found[0][1]
    assert "pulumi.Output.format(" in found[0][1]


def test_a_resource_in_a_string_is_named() -> None:
    ((_, told),) = placeholders({"path": "x/<pulumi_nomad.variable.Variable object at 0x7f00>"})
    assert "a resource (Variable) was put into a string" in told


def test_the_rest_of_a_string_is_not_shown() -> None:
    ((_, told),) = placeholders({"items": {"a": f"hunter2 {stringified()}"}})
    assert "hunter2" not in told


def test_other_strings_are_nothing_of_the_kind() -> None:
    assert not list(placeholders({"a": "an Output[T] is not supported", "b": 1, "c": None, "d": [True, {"e": "f"}]}))
