"""What the Consul components declare."""

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
