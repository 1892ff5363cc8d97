"""What `from components import ...` offers to programs."""

import subprocess
import sys

import pytest

import components


@pytest.mark.parametrize("name", components.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(components, name).__name__ == name


def test_another_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Microservices'"):
        _ = components.Microservices


def test_a_pure_builder_is_imported_without_pulumi() -> None:
    program = "import components.jobspec, sys; sys.exit('pulumi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
