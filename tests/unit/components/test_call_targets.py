"""What a called service says of a call."""

from typing import Any

import pytest

from components.call_targets import callers, resolved_calls
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
    expected_calls = {"store": expected, "elsewhere": Call(scheme="https")}
    assert resolved_calls(caller, {"store": STORE}, {"elsewhere": "https"}) == expected_calls


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({}, None),
        ({"mesh": True}, ["web"]),
        ({"callers": []}, ["web"]),
        ({"callers": ["elsewhere"]}, ["elsewhere", "web"]),
        ({"callers": ["*"]}, ["*", "web"]),
    ],
)
def test_who_may_call_a_service(described: dict[str, Any], expected: list[str] | None) -> None:
    store = Service.model_validate({"name": "store", "version": "1", **described})
    assert callers("store", store, {"web": ["store"], "batch": ["elsewhere"]}) == expected


def test_a_service_in_the_mesh_that_nobody_calls_here_is_open_to_callers_elsewhere() -> None:
    assert callers("store", Service.model_validate({"name": "store", "version": "1", "mesh": True}), {}) is None
