"""Words that messages have in common."""

from typing import Final

MASK: Final = "[secret]"
"""Stands for a secret value."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 instance`, `2 instances`; `plural` where adding an s is not enough."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
