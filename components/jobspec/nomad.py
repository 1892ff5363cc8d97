"""What all parts of a job are made of, in Nomad's JSON."""

from typing import Any

Job = dict[str, Any]
"""A job or a part of one."""


def ns(seconds: float) -> int:
    """Seconds as Nomad's JSON has durations: nanoseconds."""
    return round(seconds * 1_000_000_000)


def given(**values: Any) -> Job:
    """The keys that have a value. What is left out is Nomad's default."""
    return {key: value for key, value in values.items() if value is not None}
