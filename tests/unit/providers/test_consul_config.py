"""The configuration of the consul plugin."""

from pathlib import Path

import pytest

from providers.consul import config
from providers.plugin import ProviderError
from providers.properties import UNKNOWN, Properties


def load(inputs: dict[str, object], **environment: str) -> config.ConsulConfig:
    loaded = config.load(Properties(inputs), environment)
    assert loaded is not None
    return loaded


def test_without_any_setting_it_is_the_local_agent() -> None:
    assert load({}).address == "http://127.0.0.1:8500"


@pytest.mark.parametrize(
    ("inputs", "environment", "expected"),
    [
        ({}, {"CONSUL_HTTP_ADDR": "c:8500"}, "http://c:8500"),
        ({}, {"CONSUL_HTTP_ADDR": "c:8501", "CONSUL_HTTP_SSL": "true"}, "https://c:8501"),
        ({"scheme": "https"}, {"CONSUL_HTTP_ADDR": "c:8501"}, "https://c:8501"),
        ({"address": "http://d:1"}, {"CONSUL_HTTP_ADDR": "c:8501", "CONSUL_HTTP_SSL": "true"}, "http://d:1"),
    ],
)
def test_addresses(inputs: dict[str, object], environment: dict[str, str], expected: str) -> None:
    assert load(inputs, **environment).address == expected


def test_the_token_is_an_input_a_variable_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n", encoding="utf-8")
    assert load({}, CONSUL_HTTP_TOKEN_FILE=str(file)).headers == {"X-Consul-Token": "from-file"}
    assert load({}, CONSUL_HTTP_TOKEN_FILE=str(file), CONSUL_HTTP_TOKEN="v").headers == {"X-Consul-Token": "v"}
    assert load({"token": "i"}, CONSUL_HTTP_TOKEN="v").headers == {"X-Consul-Token": "i"}


def test_a_token_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(ProviderError, match=f"CONSUL_HTTP_TOKEN_FILE names {missing}, which cannot be read: No such"):
        load({}, CONSUL_HTTP_TOKEN_FILE=str(missing))


def test_verification_is_off_only_where_somebody_says_so() -> None:
    assert load({}).tls.skip_verify is False
    assert load({"insecureHttps": "true"}).tls.skip_verify is True
    assert load({}, CONSUL_HTTP_SSL_VERIFY="false").tls.skip_verify is True


def test_an_unknown_value_puts_the_connection_off() -> None:
    assert config.load(Properties({"token": UNKNOWN}), {}) is None


def test_all_unknown_inputs_are_told_at_once() -> None:
    failures = config.check(Properties({"adress": "x", "zone": "y", "address": "c"}))
    assert [failure.property for failure in failures] == ["adress", "zone"]
    assert "It knows: address, " in failures[0].reason
