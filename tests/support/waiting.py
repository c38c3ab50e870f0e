"""Waiting for what must come, on a machine that may be busy with other things.

A test waits for a condition, never for a time. The limit only ends a test that has failed: it is far longer than
anything takes, because a machine that stalls for a while is no fault of what is tested.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 60.0


def wait_until(
    holds: Callable[[], Any], timeout_s: float = PATIENCE_S, what: object = "", every_s: float = 0.01
) -> Any:
    """The first true answer of `holds`; AssertionError that says what was waited for in vain."""
    deadline = time.monotonic() + timeout_s
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what or holds}"
        time.sleep(every_s)
    return answer
