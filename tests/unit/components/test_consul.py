"""What the Consul components declare."""
# ruff: noqa: E501 - one line each, as they are read

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from components.consul import ExternalCheckArgs, ExternalService, KeyValues, ServiceIntentions, intentions_for_calls
from tests.unit.components.engine import Engine, run


def test_callers_may_and_others_may_not(engine: Engine) -> None:
    run(lambda: ServiceIntentions("api", {"service": "api", "callers": ["web", "batch", "web"]}))
    declared = engine.registered["api-intentions"]
    assert declared.inputs == {
        "name": "api",
        "sources": [
            {"name": "batch", "action": "allow"},
            {"name": "web", "action": "allow"},
            {"name": "*", "action": "deny"},
        ],
    }
    assert declared.parent == "api"


def test_each_callee_of_calls_gets_its_callers(engine: Engine) -> None:
    run(lambda: intentions_for_calls({"web": ["api", "auth"], "batch": ["api"], "api": ["store"], "store": []}))
    declared = {name: it.inputs["sources"] for name, it in engine.registered.items() if name.endswith("-intentions")}
    assert sorted(declared) == ["api-intentions", "auth-intentions", "store-intentions"]
    assert [source["name"] for source in declared["api-intentions"]] == ["batch", "web", "*"]
    assert [source["name"] for source in declared["store-intentions"]] == ["api", "*"]


def test_an_external_service_has_a_node_of_its_own(engine: Engine) -> None:
    check: ExternalCheckArgs = {"http": "https://pay.example.com/health", "interval_s": 10}
    run(
        lambda: ExternalService(
            "payment",
            {"address": "pay.example.com", "port": 443, "tags": ["https"], "check": check},
        )
    )
    node, service = engine.registered["payment-node"].inputs, engine.registered["payment-service"].inputs
    assert node == {"name": "payment-external", "address": "pay.example.com", "meta": {"external-node": "true"}}
    assert (service["name"], service["port"], service["tags"]) == ("payment", 443, ["https"])
    (declared,) = service["checks"]
    assert (declared["http"], declared["interval"], declared["status"]) == (check["http"], "10000ms", "passing")


def test_values_are_keys_that_end_with_the_resource(engine: Engine) -> None:
    run(lambda: KeyValues("config", {"prefix": "config/web", "values": {"b": "2", "a": "1"}}))
    assert engine.registered["config-keys"].inputs["keys"] == [
        {"path": "config/web/a", "value": "1", "delete": True},
        {"path": "config/web/b", "value": "2", "delete": True},
    ]


FORMAT = (
    "is a text with an Output in it, as by an f-string, which gives no value: "
    'write pulumi.Output.format("...{0}...", output), or output.apply(...).'
)
SLASHES = 'must be as "config/web", without a slash at the beginning or two in a row.'


@pytest.mark.parametrize(
    ("component", "args", "sentences"),
    [
        (ServiceIntentions, {"callers": [], "service": None}, ["service is missing."]),
        (ServiceIntentions, {"service": "a", "callers": [], "caller": []}, ['caller is not a known key; did you mean "callers"?']),
        (ServiceIntentions, {"service": "a", "callers": ["{}"]}, [f"callers.0 {FORMAT}"]),
        (ExternalService, {"adress": "x"}, ["address is missing.", 'adress is not a known key; did you mean "address"?']),
        (ExternalService, {"address": "{}"}, [f"address {FORMAT}"]),
        (ExternalService, {"address": "x", "check": {"htpp": "x"}}, ['check: htpp is not a known key; did you mean "http"?']),
        (KeyValues, {"prefix": "a", "values": {"k": "{}", "{}": "v"}}, [f"values.... {FORMAT}", f"values.k {FORMAT}"]),
        (KeyValues, {"prefix": "a", "values": {}, "value": 1}, ['value is not a known key; did you mean "values"?']),
        (KeyValues, {"prefix": "", "values": {}}, [f'prefix is "", but {SLASHES}']),
        (KeyValues, {"prefix": "/a", "values": {}}, [f'prefix is "/a", but {SLASHES}']),
        (KeyValues, {"prefix": "a//b", "values": {}}, [f'prefix is "a//b", but {SLASHES}']),
        (KeyValues, {"prefix": "a/", "values": {"/k": "v"}}, ['values has the key "/k", but it must be what follows the prefix and a slash, without a slash at the beginning or two in a row.']),
    ],
)  # fmt: skip
def test_arguments_that_cannot_work_are_refused(
    engine: Engine, component: Callable[..., Any], args: dict[str, Any], sentences: list[str]
) -> None:
    """RW-03, RW-65: a misspelt key is not swallowed, Pulumi's advice about Outputs is no value, a slash is one."""

    def filled(value: Any) -> Any:
        output = pulumi.Output.from_input("1")
        match value:
            case dict():
                return {filled(key): filled(inner) for key, inner in value.items()}
            case list():
                return [filled(inner) for inner in value]
            case str():
                return value.replace("{}", str(output))
        return value

    with pytest.raises(pulumi.RunError) as error:
        run(lambda: component("x", filled(args)))
    name = getattr(component, "__name__", "")
    assert str(error.value).splitlines() == [f'{name} "x": {sentence}' for sentence in sentences]
