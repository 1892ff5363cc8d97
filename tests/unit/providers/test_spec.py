"""From the jobspec input to Nomad's job."""

import json
from typing import Any

import pytest

from providers.nomad.spec import OWNER_KEY, SpecError, is_json, is_known, parse, same_source, variables_file
from providers.plugin import ProviderError
from providers.properties import UNKNOWN, Properties
from tests.unit.providers.nomad_stub import FakeNomad, refusal


def inputs(jobspec: Any, **others: Any) -> Properties:
    return Properties({"jobspec": jobspec, **others})


async def reasons(given: Properties, nomad: FakeNomad | None = None) -> list[str]:
    with pytest.raises(SpecError) as caught:
        await parse((nomad or FakeNomad()).client, given)
    return caught.value.reasons


@pytest.mark.parametrize("wrap", [lambda job: job, lambda job: {"Job": job}])
async def test_json_with_and_without_the_envelope(wrap: Any) -> None:
    spec = await parse(FakeNomad().client, inputs(json.dumps(wrap({"ID": "web", "Priority": 70})), json=True))
    assert spec.job == {"ID": "web", "Name": "web", "Namespace": "default", "Type": "service", "Priority": 70}


async def test_what_the_job_says_itself_is_kept() -> None:
    job = {"ID": "web", "Name": "Web", "Namespace": "apps", "Type": "batch"}
    spec = await parse(FakeNomad().client, inputs(json.dumps(job), json=True))
    assert (spec.id, spec.namespace, spec.job["Name"], spec.job["Type"]) == ("web", "apps", "Web", "batch")


async def test_a_name_alone_is_the_id_too() -> None:
    assert (await parse(FakeNomad().client, inputs('{"Name": "web"}', json=True))).id == "web"


async def test_the_mark_is_in_the_registered_job_only() -> None:
    spec = await parse(FakeNomad().client, inputs('{"ID": "web", "Meta": {"team": "x"}}', json=True))
    assert spec.marked("urn:a")["Meta"] == {"team": "x", OWNER_KEY: "urn:a"}
    assert spec.job["Meta"] == {"team": "x"}


async def test_bad_json_is_told_with_its_place() -> None:
    (reason,) = await reasons(inputs('{\n  "ID": web\n}', json=True))
    assert reason == "The jobspec is not JSON (line 2, column 9: Expecting value), but json is True."


@pytest.mark.parametrize(("source", "kind"), [("[1]", "list"), ('"x"', "str"), ("3", "int"), ('{"Job": []}', "list")])
async def test_json_that_is_no_object(source: str, kind: str) -> None:
    (reason,) = await reasons(inputs(source, json=True))
    assert reason.startswith(f"The jobspec's JSON is a {kind}; it must be an object")


@pytest.mark.parametrize("source", ["", "  \n", 3, None, []])
async def test_an_empty_jobspec(source: Any) -> None:
    (reason,) = await reasons(inputs(source))
    assert reason.startswith("The jobspec is empty")


async def test_a_jobspec_over_nomads_limit_counts_bytes() -> None:
    (reason,) = await reasons(inputs("é" * 524289))
    assert reason == "The jobspec has 1048578 bytes; Nomad takes 1048576 at the most."


async def test_all_wrong_identities_are_told_at_once() -> None:
    assert await reasons(inputs('{"ID": 7, "Name": ""}', json=True)) == [
        "The job's ID is 7; it must be a text that is not empty.",
        "The job's Name is ''; it must be a text that is not empty.",
    ]
    assert await reasons(inputs("{}", json=True)) == ["The job has no ID; give it one."]


async def test_variables_of_a_json_jobspec_are_refused() -> None:
    (reason,) = await reasons(inputs("{}", json=True, hcl2={"vars": {"a": "b"}}))
    assert reason.startswith("hcl2 is set together with json=True")


async def test_allow_fs_is_refused_with_the_way_out() -> None:
    (reason,) = await reasons(inputs('job "web" {}', hcl2={"allowFs": True}))
    assert reason.startswith("hcl2.allow_fs is not supported")
    assert "hcl2.vars" in reason


async def test_nomad_parses_hcl() -> None:
    nomad = FakeNomad(parse_hcl={"ID": "web", "Name": "web"})
    spec = await parse(nomad.client, inputs('job "web" {}', hcl2={"vars": {"tag": "1"}}))
    assert spec.id == "web"
    assert nomad.made("parse_hcl") == [('job "web" {}', 'tag = "1"\n')]


async def test_what_the_parser_says_is_one_sentence() -> None:
    answer = "2 errors occurred:\n\t* input.hcl:1,1-2: Argument required\n\t* input.hcl:3,1-2: Unsupported block\n\n"
    sentence = (
        "Nomad cannot parse the jobspec: line 1, column 1 of the jobspec: Argument required; line 3, column 1 of the "
        "jobspec: Unsupported block"
    )
    assert await reasons(inputs("x"), FakeNomad(parse_hcl=refusal(400, answer))) == [sentence]


async def test_a_failing_nomad_is_not_called_a_bad_jobspec() -> None:
    with pytest.raises(ProviderError, match="No cluster leader"):
        await parse(FakeNomad(parse_hcl=refusal(500, "No cluster leader")).client, inputs("x"))


def test_what_is_wrong_with_a_jobspec_reaches_the_user_from_everywhere() -> None:
    assert isinstance(SpecError(["a", "b"]), ProviderError)
    assert str(SpecError(["a", "b"])) == "a; b"


@pytest.mark.parametrize(("name", "expected"), [("jobspec", True), ("hcl2", True), ("json", False)])
async def test_a_secret_source_makes_the_job_secret(name: str, expected: bool) -> None:
    given = Properties({"jobspec": '{"ID": "web"}', "json": True}, frozenset({name}))
    assert (await parse(FakeNomad().client, given)).secret is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"jobspec": "x"}, True),
        ({"jobspec": UNKNOWN}, False),
        ({"jobspec": "x", "hcl2": {"vars": {"a": UNKNOWN}}}, False),
        ({"jobspec": "x", "json": UNKNOWN}, False),
        ({"jobspec": "x", "detach": UNKNOWN}, True),
    ],
)
def test_whether_the_source_is_known(given: dict[str, Any], expected: bool) -> None:
    assert is_known(Properties(given)) is expected


def test_an_absent_json_is_false() -> None:
    assert same_source(Properties({"jobspec": "x"}), Properties({"jobspec": "x", "json": False, "detach": True}))
    assert not same_source(Properties({"jobspec": "x"}), Properties({"jobspec": "x", "json": True}))
    assert not same_source(Properties({"jobspec": "x"}), Properties({"jobspec": "x", "hcl2": {"vars": {}}}))


def declared(type: str) -> str:
    return f'variable "v" {{\n  description = "d"\n  type = {type}\n}}\njob "web" {{}}\n'


# The right-hand sides were parsed by Nomad's own /v1/jobs/parse and gave the texts on the left back.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('say "hi"', r'"say \"hi\""'),
        ("a\nb\r\tc", r'"a\nb\r\tc"'),
        ("back\\slash\\n \\b \\f", r'"back\\slash\\n \\b \\f"'),
        ("${x} %{if} $${y} $$ %%", '"$${x} %%{if} $$${y} $$ %%"'),
        ("${", '"$${"'),
        ("{{ key }}", '"{{ key }}"'),
        ("é😀", '"é😀"'),
        ("\b\f\x00\x01", r'"\u0008\u000c\u0000\u0001"'),
        ("", '""'),
        ("5", '"5"'),
        ("[1]", '"[1]"'),
    ],
)
@pytest.mark.parametrize("source", [declared("string"), 'variable "v" {}\n', "no declaration"])
def test_a_string_variable_keeps_its_text(source: str, text: str, expected: str) -> None:
    assert variables_file(source, {"v": text}) == f"v = {expected}\n"


@pytest.mark.parametrize(
    ("type", "text"),
    [
        ("number", "5"),
        ("bool", "true"),
        ("list(string)", '["a", "b"]'),
        ("map(number)", "{ a = 1 }"),
        ("object({ a = number })", "{ a = 1 }"),
        ("tuple([string, number])", '["a", 1]'),
    ],
)
def test_a_variable_of_another_type_is_an_expression(type: str, text: str) -> None:
    assert variables_file(declared(type), {"v": text}) == f"v = {text}\n"


@pytest.mark.parametrize(
    "source",
    [
        'variable "v" { type = number }',
        "variable v {\n  type = number # of instances\n}",
        'variable "v" {\n  default = { a = 1 }\n  type = map(number)\n}',
        'variable "v" {\n  validation {\n    condition = true\n  }\n  type = number\n}',
        'variable "w" { type = string }\nvariable "v" { type = number }',
    ],
)
def test_the_type_is_found_wherever_it_stands_in_the_block(source: str) -> None:
    assert variables_file(source, {"v": "5"}) == "v = 5\n"


@pytest.mark.parametrize("default", ['{ a = "1" }', '{\n    a = "1"\n  }', '["a"]', "[]"])
def test_without_a_type_a_list_or_a_map_as_default_is_one(default: str) -> None:
    """Finding job-files 12: Nomad's `-var` takes such values as expressions, and here they were strings."""
    source = f'variable "v" {{\n  default = {default}\n}}\n'
    assert variables_file(source, {"v": '{ a = "2" }'}) == 'v = { a = "2" }\n'


@pytest.mark.parametrize("default", ['"{"', "5", '"[a]"'])
def test_without_a_type_any_other_default_makes_a_string(default: str) -> None:
    assert variables_file(f'variable "v" {{\n  default = {default}\n}}\n', {"v": "5"}) == 'v = "5"\n'


def test_a_declaration_in_a_comment_does_not_count() -> None:
    """Finding job-files 12."""
    source = '# variable "v" { type = list(string) }\nvariable "v" {\n  type = string\n}\n'
    assert variables_file(source, {"v": "5"}) == 'v = "5"\n'


def test_a_comment_beside_the_type_does_not_count() -> None:
    assert variables_file('variable "v" {\n  type = string # or number\n}', {"v": "5"}) == 'v = "5"\n'


def test_braces_in_a_description_do_not_count() -> None:
    source = 'variable "v" {\n  description = "a } or \\"{"\n  type = number\n}'
    assert variables_file(source, {"v": "5"}) == "v = 5\n"


def test_the_type_of_another_block_does_not_count() -> None:
    assert variables_file('variable "v" {}\nvariable "w" {\n  type = number\n}', {"v": "5"}) == 'v = "5"\n'


def test_json_for_a_list_or_map_keeps_its_texts() -> None:
    assert variables_file(declared("list(string)"), {"v": '["${node.class}"]'}) == 'v = ["$${node.class}"]\n'
    assert variables_file(declared("string"), {"v": '["a"]'}) == 'v = "[\\"a\\"]"\n'


@pytest.mark.parametrize("type", ["any", "number", "list(string)", "string"])
@pytest.mark.parametrize(
    ("value", "expression"),
    [
        (3, "3"),
        (True, "true"),
        (["a", 1, False], '["a", 1, false]'),
        ({"a b": [{"c": None}]}, '{"a b" = [{"c" = null}]}'),
        (["${node.class}", 'say "hi"'], '["$${node.class}", "say \\"hi\\""]'),
    ],
)
def test_values_that_are_no_texts_are_written_as_hcl(type: str, value: Any, expression: str) -> None:
    assert variables_file(declared(type), {"v": value}) == f"v = {expression}\n"
    assert variables_file("", {"v": value}) == f"v = {expression}\n"


def test_variables_known_only_later_are_left_out() -> None:
    assert variables_file(declared("string"), {"v": UNKNOWN, "w": "x"}) == 'w = "x"\n'
    assert variables_file("", {}) == ""


@pytest.mark.parametrize(
    ("source", "said", "found"),
    [
        ('{"ID": "web", "TaskGroups": []}', False, True),
        (' \n{"Job": {"ID": "web", "TaskGroups": []}}', False, True),
        ('job "web" {}', True, True),
        ('job "web" {}', False, False),
        ('{"job": {"web": {"group": {"g": {}}}}}', False, False),
        ("{not json", False, False),
    ],
)
def test_json_of_the_api_is_known_by_itself(source: str, said: bool, found: bool) -> None:
    """RW-43: HCL has a JSON form, too, with the names of its blocks."""
    assert is_json(Properties({"jobspec": source, "json": said})) is found
