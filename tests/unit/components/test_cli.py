"""`python -m components`: what is set where, and the schemas."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource

from components.cli import main
from components.json_schema import schemas
from tests.unit.components.samples import write_service

ROOT = Path(__file__).parents[3]
SERVICE = """\
version: 1.0.0
ports:
  http: {to: 80}
resources:
  memory_mb: 64
env: {A: "1", B: "2"}
tags: [x]
"""
DEFAULTS = "resources:\n  memory_mb: 32\n  cpu_mhz: 50\n"
STACK = """\
config:
  caravan:datacenters: [dc2]
  caravan:defaults:
    resources: {memory_mb: 128}
    env: {A: null}
  caravan:services:
    web:
      check:
        interval_s: 2
      tags: [y, z]
    admin: false
"""


@pytest.fixture
def checkout(repository: Path) -> Path:
    write_service(repository, "web", SERVICE)
    (repository / "services" / "defaults.yaml").write_text(DEFAULTS)
    (repository / "stacks").mkdir()
    (repository / "stacks" / "Pulumi.prod.yaml").write_text(STACK)
    return repository


def explain(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["explain", *arguments, "--stack", "prod"]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        (
            "resources.memory_mb",
            [
                "resources.memory_mb: 128",
                "  set in stacks/Pulumi.prod.yaml:4: caravan:defaults.resources.memory_mb",
                "  overrides 64 in services/web/service.yaml:5: resources.memory_mb",
                "  overrides 32 in services/defaults.yaml:2: resources.memory_mb",
            ],
        ),
        (
            "tags",
            [
                "tags: [y, z]",
                "  set in stacks/Pulumi.prod.yaml:10: caravan:services.web.tags",
                "  overrides [x] in services/web/service.yaml:7: tags",
            ],
        ),
        (
            "env.A",
            [
                "env.A: null",
                "  taken away in stacks/Pulumi.prod.yaml:5: caravan:defaults.env.A",
                "  overrides '1' in services/web/service.yaml:6: env.A",
            ],
        ),
        ("datacenters", ["datacenters: [dc2]", "  set in stacks/Pulumi.prod.yaml:2: caravan:datacenters"]),
        ("count", ["count: 1", "  default"]),
        ("env", ["B: '2'  # services/web/service.yaml:6"]),
    ],
)
def test_explains_a_setting(checkout: Path, capsys: pytest.CaptureFixture[str], key: str, lines: list[str]) -> None:
    assert explain(capsys, "web", key).splitlines() == lines


def test_explains_everything_as_yaml(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = explain(capsys, "web")
    effective = yaml.safe_load(text)
    assert effective["resources"]["memory_mb"] == 128
    assert effective["check"]["interval_s"] == 2
    assert "  cpu_mhz: 50  # services/defaults.yaml:3\n" in text
    assert "  interval_s: 2  # stacks/Pulumi.prod.yaml:9\n" in text
    assert "  timeout_s: 2  # default\n" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["web", "resources.memroy_mb"], 'resources.memroy_mb is not a known key; did you mean "memory_mb"?'),
        (["web", "env.C"], "env.C is not a known key; known are B."),
        (["wbe"], 'stacks/Pulumi.prod.yaml:6: caravan:services.wbe is not listed in this stack; did you mean "web"?'),
        (["admin"], "stacks/Pulumi.prod.yaml:11: caravan:services.admin is left out of this stack."),
        (["web", "--stack", "prd"], 'stacks/Pulumi.prd.yaml does not exist; did you mean "prod"?'),
    ],
)
def test_says_what_it_cannot_explain(
    checkout: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    stack = [] if "--stack" in arguments else ["--stack", "prod"]
    assert main(["explain", *arguments, *stack]) == 1
    assert capsys.readouterr().err == f"{sentence}\n"


def test_what_is_wrong_elsewhere_is_told_beside(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack = checkout / "stacks" / "Pulumi.prod.yaml"
    stack.write_text(STACK + "  caravan:registry: {address: 'a:1', username: me}\n")
    assert main(["explain", "web", "count", "--stack", "prod"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "count: 1\n  default\n"
    assert captured.err.startswith("stacks/Pulumi.prod.yaml:12: caravan:registry.password is missing")


def test_wrong_settings_are_told_instead(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_service(checkout, "web", SERVICE + "cuont: 1\n")
    told = explain(capsys, "web", "count", code=1)
    assert told == 'services/web/service.yaml:8: cuont is not a known key; did you mean "count"?\n'


def test_the_schemas_in_the_checkout_are_those_of_the_models(repository: Path) -> None:
    """Otherwise: python -m components schema"""
    assert main(["schema"]) == 0
    assert {path.name for path in (repository / "schemas").iterdir()} == set(schemas())
    for name, text in schemas().items():
        assert (repository / "schemas" / name).read_text(encoding="utf-8") == text
        assert (ROOT / "schemas" / name).read_text(encoding="utf-8") == text


def validator(name: str) -> jsonschema.Draft202012Validator:
    read = {each: json.loads(text) for each, text in schemas().items()}
    registry: Registry[Any] = Registry().with_resources(
        (each, Resource.from_contents(schema)) for each, schema in read.items()
    )
    return jsonschema.Draft202012Validator(read[name], registry=registry)


EXAMPLES = [
    *((path, "service.json") for path in sorted(ROOT.glob("services/*/service.yaml"))),
    *((path, "stack.json") for path in sorted(ROOT.glob("stacks/Pulumi.*.yaml"))),
    (ROOT / "services" / "defaults.yaml", "defaults.json"),
]


@pytest.mark.parametrize(("path", "schema"), EXAMPLES, ids=[str(path.relative_to(ROOT)) for path, _ in EXAMPLES])
def test_the_examples_name_their_schema_and_agree_with_it(path: Path, schema: str) -> None:
    text = path.read_text(encoding="utf-8")
    named = text.partition("$schema=")[2].split()[0]
    assert (path.parent / named).resolve() == ROOT / "schemas" / schema
    validator(schema).validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("schema", "text", "valid"),
    [
        ("service.json", "cuont: 1", False),
        ("service.json", "count: two", False),
        ("service.json", "check: {paht: /}", False),
        ("service.json", "env: {A: null}\ncount: null", True),
        ("defaults.json", "count: 1", True),
        ("defaults.json", "name: web", False),
        ("stack.json", "config: {'caravan:services': {web: {cuont: 1}}}", False),
        ("stack.json", "config: {'caravan:services': {web: false, api: , x: {count: 2}}}", True),
        ("stack.json", "config: {'caravan:defaults': {name: web}}", False),
        ("stack.json", "config: {'caravan:servcies': {}}", False),
        ("stack.json", "config: {'caravan:registry': 'a:1', 'nomad:address': x}", True),
        ("stack.json", "config: {'caravan:secrets': {web: {A: plain}}}", False),
        ("stack.json", "config: {'caravan:secrets': {web: {A: {secure: 'v1:x'}}}}", True),
    ],
)
def test_the_schemas_find_what_is_wrong(schema: str, text: str, valid: bool) -> None:
    assert validator(schema).is_valid(yaml.safe_load(text)) is valid
