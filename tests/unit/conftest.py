"""What holds for all unit tests."""

import os

import pytest


@pytest.fixture(autouse=True)
def no_servers_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a test's own servers are asked, whether the checkout's cluster runs or not."""
    for name in os.environ:
        if name.startswith(("NOMAD_", "CONSUL_")):
            monkeypatch.delenv(name)
