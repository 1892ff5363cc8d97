"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable

POLL_INTERVAL_S = 0.1


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Ask `condition` until it holds (True) or `timeout_s` have passed (False)."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline_s:
            return False
        time.sleep(POLL_INTERVAL_S)
    return True
