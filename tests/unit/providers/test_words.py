"""Numbers with their nouns."""

import pytest

from providers.words import counted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (counted(0, "instance"), "0 instances"),
        (counted(1, "instance"), "1 instance"),
        (counted(2, "instance"), "2 instances"),
        (counted(1, "canary", "canaries"), "1 canary"),
        (counted(3, "canary", "canaries"), "3 canaries"),
    ],
)
def test_agree(text: str, expected: str) -> None:
    assert text == expected
