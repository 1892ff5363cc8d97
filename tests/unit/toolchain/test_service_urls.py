"""What `make up` prints at its end."""

from toolchain.service_urls import describe


def test_each_service_has_a_line() -> None:
    outputs = {"shop": "http://127.0.0.1:1 and 1 more (1.0.0)", "cart": "no address (1.0.0)"}
    assert describe(outputs) == "Services\n  cart: no address (1.0.0)\n  shop: http://127.0.0.1:1 and 1 more (1.0.0)"


def test_a_stack_without_services_says_so() -> None:
    assert describe({}) == "Services\n  none in this stack"
