"""Connection settings: what stands in for what, and what is refused."""

from collections.abc import Mapping

import pytest

from providers.connection import Settings, url
from providers.plugin import ProviderError
from providers.properties import Properties

VARIABLES = {"address": "NOMAD_ADDR", "skipVerify": "NOMAD_SKIP_VERIFY", "keyFile": "NOMAD_CLIENT_KEY"}


def settings(inputs: Mapping[str, object], environment: Mapping[str, str]) -> Settings:
    return Settings(Properties(dict(inputs)), environment, VARIABLES)


def test_an_input_goes_before_its_variable() -> None:
    assert settings({"address": "http://a"}, {"NOMAD_ADDR": "http://b"}).get("address") == "http://a"


@pytest.mark.parametrize("inputs", [{}, {"address": None}, {"address": ""}])
def test_the_variable_stands_in_for_an_absent_or_empty_input(inputs: dict[str, object]) -> None:
    assert settings(inputs, {"NOMAD_ADDR": "http://b"}).get("address") == "http://b"


def test_an_empty_variable_is_absent() -> None:
    assert settings({}, {"NOMAD_ADDR": ""}).get("address") is None
    assert settings({}, {"REGION": "x"}).get("region") is None


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("1", True), ("TRUE", True), ("false", False), ("0", False), (True, True)]
)
def test_flags(text: object, expected: bool) -> None:
    assert settings({"skipVerify": text}, {}).flag("skipVerify") is expected


def test_an_absent_flag_is_none() -> None:
    assert settings({}, {}).flag("skipVerify") is None


def test_a_flag_that_is_neither_names_its_source() -> None:
    with pytest.raises(
        ProviderError, match=r"^skipVerify \(or NOMAD_SKIP_VERIFY\) is 'yes'; it must be true or false\.$"
    ):
        settings({}, {"NOMAD_SKIP_VERIFY": "yes"}).flag("skipVerify")


def test_lists_and_maps_come_as_json_text_or_as_they_are() -> None:
    assert settings({"headers": '[{"name": "a", "value": "b"}]'}, {}).parsed("headers", []) == [
        {"name": "a", "value": "b"}
    ]
    assert settings({"headers": [1]}, {}).parsed("headers", []) == [1]
    assert settings({}, {}).parsed("headers", []) == []


def test_a_list_or_map_that_is_not_json_is_a_sentence() -> None:
    with pytest.raises(ProviderError, match=r"^headers is not JSON \(line 1, column 2: .*\)\.$"):
        settings({"headers": "[nonsense"}, {}).parsed("headers", [])


def test_headers_and_basic_authentication() -> None:
    given = settings({"headers": [{"name": "X-A", "value": "b"}], "httpAuth": "user:pass"}, {})
    assert given.headers() == {"X-A": "b", "Authorization": "Basic dXNlcjpwYXNz"}


def test_a_pem_text_goes_before_a_file_of_the_environment() -> None:
    assert settings({"keyPem": "KEY"}, {"NOMAD_CLIENT_KEY": "/k.pem"}).file("keyFile", "keyPem") is None


def test_a_file_is_taken_as_it_is() -> None:
    assert settings({}, {"NOMAD_CLIENT_KEY": "/k.pem"}).file("keyFile", "keyPem") == "/k.pem"


@pytest.mark.parametrize(
    ("address", "scheme", "expected"),
    [
        ("127.0.0.1:4646", "http", "http://127.0.0.1:4646"),
        ("consul.example:8501", "https", "https://consul.example:8501"),
        ("https://nomad.example", "http", "https://nomad.example"),
        ("unix:///run/nomad.sock", "http", "unix:///run/nomad.sock"),
    ],
)
def test_addresses(address: str, scheme: str, expected: str) -> None:
    assert url(address, "address", default_scheme=scheme) == expected


def test_another_scheme_is_refused_by_name() -> None:
    with pytest.raises(ProviderError, match=r"^address \(or NOMAD_ADDR\) is 'ftp://x'; it must be a URL that begins"):
        url("ftp://x", "address (or NOMAD_ADDR)")
