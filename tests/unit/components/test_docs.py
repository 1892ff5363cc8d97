"""The reference in docs/settings.md is held to the models: every key is there, and everything there is valid."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from components.service_model import ImageSource, Service
from components.stack_config import KEYS, read_stack_config
from components.validation import validate

DOCS = Path(__file__).parents[3] / "docs" / "settings.md"


def examples() -> list[Any]:
    blocks = DOCS.read_text(encoding="utf-8").split("```yaml\n")[1:]
    return [yaml.safe_load(block.partition("```")[0]) for block in blocks]


def keys(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def test_the_service_is_valid_and_shows_every_key_with_its_default() -> None:
    written = examples()[0]
    service = validate(written, lambda path: ".".join(map(str, path)))
    assert set(written) == keys(Service)
    assert set(written["image"]) | {"reference"} == keys(ImageSource)
    least = validate({"name": "web", "version": "1.0.0", "ports": {"http": {"to": 3000}}}, lambda path: str(path))
    assert service.rollout.promotes == least.rollout.promotes
    without = {"image", "rollout", "check"}
    assert service.model_dump(exclude=without) == least.model_dump(exclude=without)
    for part in ("check", "rollout", "resources", "restart", "reschedule"):
        shown, model = written[part], getattr(service, part)
        assert set(shown) == keys(type(model)), part
    undecided = {"auto_promote"}
    assert service.rollout.model_dump(exclude=undecided) == least.rollout.model_dump(exclude=undecided)
    assert service.check is not None
    assert least.check is not None
    assert service.check.model_dump(exclude={"path"}) == least.check.model_dump(exclude={"path"})


def test_the_stack_is_valid_and_shows_every_key() -> None:
    written = examples()[1]["config"]
    config = {key.removeprefix("caravan:"): value for key, value in written.items() if key.startswith("caravan:")}
    assert set(config) == set(KEYS)
    assert read_stack_config(config, {}, "stacks/Pulumi.test.yaml").datacenters == ("dc1",)
