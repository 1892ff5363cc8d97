"""What Nomad's parser says, in the user's terms; values of a jobspec that differ each time it is read."""

import pytest

from providers.nomad.parser_errors import HCL2, READ_IT, parser_sentence
from providers.nomad.volatile import differing, functions, steadied, text


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            'Failed to parse job: input.hcl:15,28-29: Unsupported argument; An argument named "cuont" is not expected.',
            'line 15, column 28 of the jobspec: Unsupported argument; An argument named "cuont" is not expected.',
        ),
        (
            "Failed to parse job: input.hcl:3,18-4,1: Invalid block\ninput.hcl:9,1-2: Another",
            "line 3, column 18 of the jobspec: Invalid block; line 9, column 1 of the jobspec: Another",
        ),
        (
            "Failed to parse job: input.hcl:1,5-20: Invalid value for variable; The value for v is not compatible.",
            "hcl2.vars: Invalid value for variable; The value for v is not compatible.",
        ),
        (
            "Failed to parse job: unable to parse var content: input.hcl:2,1-1: Missing expression; Expected it.",
            "hcl2.vars: Missing expression; Expected it.",
        ),
        (
            (
                'input.hcl:7,10-15: Error in function call; Call to function "file" failed: filesystem '
                "function disabled., and 1 other diagnostic(s)"
            ),
            'line 7, column 10 of the jobspec: Error in function call; the function "file" cannot read files here. X',
        ),
        (
            (
                'input.hcl:7,10-15: Error in function call; Call to function "f64" failed: '
                "filesystem function disabled.\n"
                "input.hcl:7,8-28: Unsuitable value type; Unsuitable value: value must be known"
            ),
            'line 7, column 10 of the jobspec: Error in function call; the function "f64" cannot read files here. X',
        ),
        (
            "Failed to parse job: input.hcl:6,2-3: Invalid argument name; Argument names must not be quoted.",
            f"line 6, column 2 of the jobspec: Invalid argument name; Argument names must not be quoted. {HCL2}",
        ),
    ],
)
def test_what_the_parser_says(answer: str, sentence: str) -> None:
    """RW-07: that HCL2 is meant, for a file of before; RW-08: what to do instead of reading a file, and once."""
    assert parser_sentence(answer).replace(READ_IT, "X") == f"Nomad cannot parse the jobspec: {sentence}"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("meta { run = uuidv4() }", ["uuidv4"]),
        ('env { A = "x-${uuidv4()}" B = bcrypt("p", 10) }', ["bcrypt", "uuidv4"]),
        ('env { A = uuidv5("dns", "x") }', []),
        ('name = "my-uuidv4"', []),
    ],
)
def test_functions_that_give_another_value_each_time(source: str, names: list[str]) -> None:
    assert functions(source) == names


def test_where_two_readings_differ() -> None:
    one = {"Meta": {"run": "1", "a": "x"}, "TaskGroups": [{"Tasks": [{"Env": {"ID": "2"}}]}]}
    other = {"Meta": {"run": "3", "a": "x"}, "TaskGroups": [{"Tasks": [{"Env": {"ID": "4"}}]}]}
    assert list(differing(one, other)) == ["Meta.run", "TaskGroups[0].Tasks[0].Env.ID"]
    assert "another Meta.run, TaskGroups[0].Tasks[0].Env.ID than" in text(["uuidv4"], list(differing(one, other)))
    assert list(differing(one, one)) == []


def test_a_reading_with_the_registered_values() -> None:
    one = {"Meta": {"run": "1", "a": "x"}, "Groups": [{"Env": {"ID": "2"}}], "Kept": None}
    other = {"Meta": {"run": "3", "a": "x"}, "Groups": [{"Env": {"ID": "4"}}], "Kept": None}
    registered = {"Meta": {"run": "5", "a": "theirs"}, "Groups": [{"Env": {"ID": "6"}}], "Kept": "no"}
    assert steadied(one, other, registered) == {
        "Meta": {"run": "5", "a": "x"},
        "Groups": [{"Env": {"ID": "6"}}],
        "Kept": None,
    }
    # Where the registered job has another shape, nothing can be taken from it.
    assert steadied(one, other, {"Meta": {}, "Groups": []}) == one
