"""What `make up` prints at its end."""

from toolchain.service_urls import describe


def test_each_url_has_a_line() -> None:
    outputs = {
        "services": {
            "shop": {"urls": ["http://127.0.0.1:1", "http://127.0.0.1:2"], "image": "shop:1", "version": "1"},
            "cart": {"urls": [], "image": "cart:1", "version": "1"},
        }
    }
    assert describe(outputs) == ("Services\n  cart: no address\n  shop: http://127.0.0.1:1\n  shop: http://127.0.0.1:2")


def test_a_stack_without_services_says_so() -> None:
    assert describe({}) == "Services\n  none in this stack"
