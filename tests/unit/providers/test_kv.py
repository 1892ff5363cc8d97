"""Keys that Consul cannot be asked about."""

import pytest

from providers.consul.kv import path_fault
from providers.properties import UNKNOWN


@pytest.mark.parametrize("path", ["web", "web/", "web/limit", "web/..a", "web/a..", ".web", "é/?#", UNKNOWN])
def test_a_key(path: object) -> None:
    assert path_fault("path", path) == []


@pytest.mark.parametrize(
    "path", ["web//limit", "web//", "web/../limit", "../web", "web/..", "web/.", "./web", ".", ".."]
)
def test_a_key_that_the_api_would_make_another_one_of(path: str) -> None:
    (sentence,) = path_fault("path", path)
    assert sentence.startswith(f"path is {path!r}; Consul cannot read a key with an empty part")


def test_a_key_that_begins_with_a_slash() -> None:
    assert path_fault("path", "/web") == ["path is '/web'; a key does not begin with '/'. Take it away."]
