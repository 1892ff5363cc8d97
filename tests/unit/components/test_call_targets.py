"""What a called service says of a call."""

from typing import Any

import pytest

from components.call_targets import resolved_calls
from components.service.calls import Call
from components.service_model import Service

STORE = Service.model_validate(
    {
        "name": "store",
        "version": "1",
        "ports": {"redis": {"to": 6379}, "admin": {"to": 80, "protocol": "https", "registered": True}},
        "check": {"type": "tcp", "port": "redis"},
    }
)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ({}, Call(scheme="tcp")),
        ({"scheme": "redis"}, Call(scheme="redis")),
        ({"port": "redis"}, Call(scheme="tcp")),
        ({"port": "admin"}, Call(port="admin", scheme="https")),
        ({"deliver": "env"}, Call(scheme="tcp", deliver="env")),
    ],
)
def test_a_call_has_the_scheme_of_the_port_that_it_leads_to(call: dict[str, Any], expected: Call) -> None:
    caller = Service.model_validate({"name": "web", "version": "1", "calls": {"store": call, "elsewhere": {}}})
    assert resolved_calls(caller, {"store": STORE}) == {"store": expected, "elsewhere": Call()}
