"""kill -9 of the engine at the steps of a change of the settings: the next start has the old ones or the new ones,
confirmed, with each step in the journal, and nothing moves.

A few steps in a normal run; GATEHOUSE_KILLS_OF_SETTINGS=all for every one, as `make torture` has it.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.store.directory import DataDirectory
from tests.engine.settings.conftest import Box, until
from tests.variants import first_and

# Applies other settings and lets them end in some way, and is killed before its n-th step.
CHILD = """
import os, sys
from pathlib import Path
from gateway.core.vocabulary.errors import GatehouseError
from gateway.engine.core_thread.loop import CoreLoop
from gateway.engine.engine import Engine
from gateway.engine.journal_thread.recorder import Recorder
from gateway.engine.settings.buses import Buses
from gateway.store.settings.documents import AtomicStorage
from gateway.store.settings.versions import Versions
from tests.engine.settings.conftest import Box, site, until, with_barrier
from tests.variants import first_and

path, how, at = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
box = Box(path)
until(lambda: box.lane("out")["arm"] == "closed" and box.lane("in")["arm"] == "closed")
count = 0

def watched(kind, name):
    real = getattr(kind, name)
    def call(*values, **named):
        global count
        count += 1
        if count == at:
            os.kill(os.getpid(), 9)
        return real(*values, **named)
    setattr(kind, name, call)

for kind, name in (
    (Versions, "apply"), (Versions, "confirm"), (Versions, "roll_back"), (Versions, "tell"), (AtomicStorage, "write"),
    (Buses, "take_away"), (Buses, "replace"), (Engine, "_adopt"), (Recorder, "submit"), (CoreLoop, "_change_over"),
):
    watched(kind, name)
document = with_barrier("in", pulse_ms=900)
document["devices"][3]["outputs"] = 9
box.apply(document, confirm_s=1 if how == "time" else 60)
print("applied", flush=True)
if how == "confirm":
    box.ask("site.confirm")
    print("confirmed", flush=True)
elif how == "rollback":
    box.ask("site.rollback")
    print("back", flush=True)
else:
    until(lambda: box.history()[-1][1] == "rolled_back")
    until(lambda: box.engine._changes.settings.barrier("in").pulse_ms == 500)
    until(lambda: box.told()[-1][0] == "rolled_back")
    print("back", flush=True)
print("steps", count, flush=True)
os._exit(0)
"""
STEPS_MAX = 60
USUAL = 24
"""As many steps a change has, about."""
ALL = os.environ.get("GATEHOUSE_KILLS_OF_SETTINGS") == "all"


def run(path: Path, how: str, at: int) -> tuple[int, list[str]]:
    """How the child ended, and what it had been answered."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), how, str(at)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert child.returncode in (0, -signal.SIGKILL), child.stderr
    return child.returncode, child.stdout.split("\n")


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("how", first_and("time", "confirm", "rollback"))
def test_a_kill_at_any_step_leaves_the_old_or_the_new_settings(tmp_path: Path, how: str, dice: random.Random) -> None:
    found = set()
    for at in range(1, STEPS_MAX) if ALL else (*dice.sample(range(1, USUAL), 3), STEPS_MAX):
        path = tmp_path / f"n{at}"
        status, said = run(path, how, at)
        box = Box(path)
        try:
            until(lambda box=box: box.lane("in")["arm"] == "closed")  # type: ignore[misc]
            until(lambda box=box: not box.directory.versions.untold)  # type: ignore[misc]
            pulse_ms = box.directory.settings().barrier("in").pulse_ms
            assert pulse_ms == box.engine._changes.settings.barrier("in").pulse_ms
            assert box.directory.versions.current.state == "confirmed"
            assert pulse_ms == (900 if "confirmed" in said else 500 if how != "confirm" else pulse_ms)
            states = dict(box.history())
            last = {version: what for what, version, _ in box.told()}
            assert {version: state for version, state in states.items() if version > 1} == {
                version: {"rolled_back": "rolled_back", "confirmed": "confirmed"}[what]
                for version, what in last.items()
            }
            assert box.orders == [], "something was moved"
            found.add(pulse_ms)
        finally:
            box.stop()
        if status == 0:
            break
    else:
        pytest.fail("it never came to its end")
    assert found >= ({900} if how == "confirm" else {500})


@pytest.mark.real
@pytest.mark.slow
def test_a_start_after_a_kill_is_as_quick_as_any(tmp_path: Path) -> None:
    run(tmp_path / "d", "confirm", STEPS_MAX)
    begun_s = time.monotonic()
    box = Box(tmp_path / "d")
    until(lambda: box.lane("in")["arm"] == "closed")
    box.stop()
    assert time.monotonic() - begun_s < 30
    assert DataDirectory(tmp_path / "d").settings().barrier("in").pulse_ms == 900
