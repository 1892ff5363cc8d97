"""What `python -m components import` says is next."""

from typing import Any

import pytest

from components.cli.import_job import stack_entry
from components.validation import validate

SMALL = {"name": "web", "version": "1", "image": {"reference": "a:1"}, "ports": {"http": {"to": 80}}}
NO_CHECK = {"check": None, "rollout": {"health_check": None}}


@pytest.mark.parametrize(
    ("defaults", "written", "entry"),
    [
        (None, {}, {}),
        ({"check": {"interval_s": 1, "timeout_s": 1}}, NO_CHECK, {"check": None}),
        ({"check": {"interval_s": 1}}, {}, {"check": {"interval_s": 5}}),
        ({"check": {"interval_s": 1}}, {"check": {"interval_s": 1}}, {}),
        ({"env": {"A": "1", "B": "2"}}, {"env": {"B": "3"}}, {"env": {"A": None, "B": "3"}}),
        ({"scaling": {"min": 1, "max": 3}}, {}, {"scaling": None}),
        ({"kill_timeout_s": 5}, {}, {"kill_timeout_s": 20}),
    ],
)  # fmt: skip
def test_the_stacks_entry_undoes_what_the_stacks_defaults_add(
    defaults: Any, written: dict[str, Any], entry: dict[str, Any]
) -> None:
    """Finding mission F8: a job without a check came with a check of nulls, which the program refuses."""
    service = validate({**SMALL, **written}, str).model_dump(mode="json")
    assert stack_entry(defaults, service) == entry
