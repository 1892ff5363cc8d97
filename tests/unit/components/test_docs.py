"""The reference in docs/settings.md is held to the models: every key is there, and everything there is valid."""

import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from components.problems import Problem
from components.service_model import Service
from components.stack_config import read_stack_config
from components.stack_file import StackFile
from components.stack_model import KEYS
from components.validation import validate

DOCS = Path(__file__).parents[3] / "docs" / "settings.md"


def blocks(text: str) -> list[Any]:
    return [yaml.safe_load(block.partition("```")[0]) for block in text.split("```yaml\n")[1:]]


SERVICE_PART, STACK_PART = DOCS.read_text(encoding="utf-8").split("## The stack file")
SERVICES = blocks(SERVICE_PART)
LEAST = {"name": "web", "version": "1.0.0", "ports": {"http": {"to": 3000}}}


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in a type such as `dict[str, Annotated[Port | None, ...]]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif typing.get_origin(annotation) in (typing.Annotated, typing.Union, types.UnionType, dict, tuple):
        for part in typing.get_args(annotation):
            yield from models(part)


def all_models(model: type[BaseModel]) -> set[type[BaseModel]]:
    return {model}.union(
        *(all_models(inner) for field in model.model_fields.values() for inner in models(field.annotation))
    )


def shown(value: Any, model: type[BaseModel]) -> Iterator[tuple[type[BaseModel], str]]:
    """The keys of each model that a written value has."""
    for key, inner in value.items():
        yield model, key
        for part in models(model.model_fields[key].annotation):
            for element in elements(inner, part):
                yield from shown(element, part)


def elements(value: Any, model: type[BaseModel]) -> list[dict[str, Any]]:
    """The values of the model in a value: itself, or the elements of a mapping or list."""
    if isinstance(value, list):
        return [element for element in value if isinstance(element, dict)]
    if not isinstance(value, dict):
        return []
    return [value] if set(value) <= set(model.model_fields) else [v for v in value.values() if isinstance(v, dict)]


@pytest.mark.parametrize("number", range(len(SERVICES)))
def test_every_example_is_valid(number: int) -> None:
    validate({**LEAST, **SERVICES[number]}, lambda path: ".".join(map(str, path)))


def test_every_key_of_every_part_is_shown() -> None:
    found = {pair for example in SERVICES for pair in shown(example, Service)}
    known = {(model, key) for model in all_models(Service) for key in model.model_fields}
    missing = {f"{model.__name__}.{key}" for model, key in known - found}
    assert missing == {"ImageSource.reference"}


def test_the_first_example_shows_every_key_of_a_service_with_its_default() -> None:
    written = SERVICES[0]
    service = validate(written, lambda path: ".".join(map(str, path)))
    least = validate(LEAST, lambda path: str(path))
    assert set(written) == set(Service.model_fields)
    assert service.rollout.promotes == least.rollout.promotes
    # Written out below for people, where the model has it that nothing was said.
    said: dict[str, Any] = {
        "rollout": {"auto_promote"},
        "check": {"path"},
        "ports": {"http": {"protocol"}},
        "resources": {"cpu_mhz"},
    }
    assert service.model_dump(exclude=said) == least.model_dump(exclude=said)


def test_the_stack_is_valid_and_shows_every_key(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.test.yaml").write_text(yaml.safe_dump(blocks(STACK_PART)[0]))
    stack = StackFile.read(tmp_path, "test")
    assert set(stack.values) == set(KEYS)
    problems: list[Problem] = []
    config = read_stack_config(stack, {}, problems)
    assert problems == []
    assert config.registry_account is not None
    assert config.left_out == {"admin"}
