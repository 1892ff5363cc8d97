"""RW-46: `pulumi config set` as people type it. What cannot be meant is told with the command that is right."""

from pathlib import Path
from typing import Any

import pytest

from components.problems import SettingsError
from components.settings import load
from components.stack_file import StackFile
from tests.unit.components.samples import write_service

VALID = "version: 1.0.0\nimage: {reference: 'a:1'}\nports: {http: {to: 80}}\n"
DOTS = "is one key with dots in its name, since it was set without --path: run pulumi config rm "


def problems(root: Path, config: dict[str, Any], *secret: str) -> str:
    write_service(root, "web", VALID)
    file = StackFile.of_pulumi(root, "dev", {"services": {"web": {}}, **config}, frozenset(secret))
    with pytest.raises(SettingsError) as error:
        load(root, file, {})
    return str(error.value)


@pytest.mark.parametrize("key", ["services.web.count", 'services["web"].env["a.b"]', "defaults.rollout.canary"])
def test_a_key_that_was_set_without_path(repository: Path, key: str) -> None:
    assert problems(repository, {key: "3"}) == (
        f"stacks/Pulumi.dev.yaml: caravan:{key} {DOTS}'caravan:{key}' and pulumi config set --path 'caravan:{key}' "
        "VALUE."
    )


def test_a_secret_that_was_set_without_path(repository: Path) -> None:
    key = "secrets.web.DB_PASSWORD"
    said = problems(repository, {key: "planted"}, key)
    assert said == (
        f"stacks/Pulumi.dev.yaml: caravan:{key} {DOTS}'caravan:{key}' and pulumi config set --secret --path "
        f"'caravan:{key}'."
    )


@pytest.mark.parametrize("value", [True, 3, 1.5])
def test_a_value_that_pulumi_takes_for_another_type(repository: Path, value: Any) -> None:
    said = problems(repository, {"services": {"web": {"env": {"DEBUG": value}}}})
    assert "write it in quotes" in said
    assert said.endswith("(on the command line: pulumi config set --path --type string).")


def test_other_unknown_keys_are_told_as_before(repository: Path) -> None:
    assert problems(repository, {"datacentres": ["dc1"]}).endswith('did you mean "datacenters"?')
