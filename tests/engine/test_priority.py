"""Real-time priority as systemd sets it reaches the threads between card and coil, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import json, os, sys, threading
from gateway.engine.workers import Workers
if sys.argv[1] == "real-time":
    os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(20))
seen, workers = {}, Workers(lambda told: None)
names = ("core", "recorder", "bus io", "publisher", "projector", "clerk")
for name in names:
    def note(name=name):
        seen[name] = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
    workers.start(name, note, urgent=True if name == "bus io" else None)
workers.release()
workers.join(names, 20)
print(json.dumps(seen))
"""


def policies(manner: str) -> dict[str, int]:
    """The scheduling policy of each of an engine's threads."""
    told = subprocess.run([sys.executable, "-c", SCRIPT, manner], capture_output=True, text=True, timeout=30)
    if "PermissionError" in told.stderr:
        pytest.skip("this user may not have real-time priority")
    found: dict[str, int] = json.loads(told.stdout)
    return found


@pytest.mark.real
def test_the_threads_that_an_arm_waits_for_follow_the_process() -> None:
    urgent = {name for name, policy in policies("real-time").items() if policy == os.SCHED_FIFO}
    assert urgent == {"core", "recorder", "bus io"}


@pytest.mark.real
def test_on_a_desk_nothing_is_raised() -> None:
    assert set(policies("normal").values()) == {os.SCHED_OTHER}
