"""The supervisor over small real processes: restarts, clean ends, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.site_process import alive
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.real

# A part that notes its pid, unless told otherwise obeys SIGTERM, and lives as long as it is let.
PART = """
import os, signal, sys, time
from pathlib import Path
from gateway.processes.ending import die_with_parent, end_within
manner, where = sys.argv[1], Path(sys.argv[2])
if manner == "stubborn":
    signal.signal(signal.SIGTERM, lambda n, f: end_within(1))
die_with_parent()
with where.open("a") as out:
    out.write(f"{os.getpid()}\\n")
if manner.startswith("exit"):
    sys.exit(int(manner[4:]))
while True:
    time.sleep(0.05)
"""
SUPERVISE = """
import sys
from gateway.processes.supervisor import Part, Supervisor, SupervisorError
program, *parts = sys.argv[1:]
split = [part.split("=", 1) for part in parts]
made = [Part(f"part {n}", (sys.executable, program, manner, where)) for n, (manner, where) in enumerate(split)]
try:
    Supervisor(made, lambda text: print(text, flush=True)).run()
except SupervisorError as error:
    print(error, flush=True)
    sys.exit(error.status)
"""


# Signals itself while it holds the lock under which threads are started.
INTERRUPTED = """
import os, signal, threading
from gateway.processes.ending import on_stop_signal
stop = threading.Event()
on_stop_signal(stop, within_s=20)
with threading._active_limbo_lock:
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
stop.wait()
"""

# Of two signals that come together, the kernel may hand one to the very thread that waits for the bell.
HIT = """
import os, signal, threading
from pathlib import Path
from gateway.processes.ending import on_stop_signal
stop = threading.Event()
on_stop_signal(stop, within_s=20)
(waiting,) = (thread for thread in threading.enumerate() if thread.name == "stop-signal")
stat = Path(f"/proc/self/task/{waiting.native_id}/stat")
while stat.read_text().rpartition(")")[2].split()[0] != "S":
    pass
signal.signal(signal.SIGUSR1, lambda number, frame: None)
signal.pthread_kill(waiting.ident, signal.SIGUSR1)
os.kill(os.getpid(), signal.SIGTERM)
stop.wait()
"""


class Run:
    """A supervisor in a process of its own, and the pids that its parts have noted."""

    def __init__(self, folder: Path, *manners: str) -> None:
        (folder / "part.py").write_text(textwrap.dedent(PART))
        self.notes = [folder / f"part{n}" for n in range(len(manners))]
        parts = [f"{manner}={note}" for manner, note in zip(manners, self.notes, strict=True)]
        argv = [sys.executable, "-c", SUPERVISE, str(folder / "part.py"), *parts]
        # A group of its own, so that a signal to the group never reaches the tests.
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, process_group=0)

    def pids(self) -> list[int]:
        """All processes that ever were a part, in order of start."""
        texts = [note.read_text() if note.exists() else "" for note in self.notes]
        return [int(line) for text in texts for line in text.split()]

    def wait_for(self, count: int) -> list[int]:
        """The pids, once so many parts have started."""
        wait_until(lambda: len(self.pids()) >= count)
        return self.pids()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Starts supervisors and ends what is left of them."""
    runs: list[Run] = []

    def begin(*manners: str) -> Run:
        runs.append(Run(tmp_path, *manners))
        return runs[-1]

    yield begin
    for run in runs:
        for pid in [run.process.pid, *run.pids()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        run.process.wait()
        assert run.process.stdout is not None
        run.process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_ends_all_parts_and_is_a_success(start: Callable[..., Run], number: signal.Signals) -> None:
    run = start("calm", "calm")
    pids = run.wait_for(2)
    run.process.send_signal(number)
    assert run.process.wait(PATIENCE_S) == 0
    assert not any(alive(pid) for pid in pids)


def test_a_part_that_dies_is_started_again_and_this_is_said(start: Callable[..., Run]) -> None:
    run = start("calm", "calm")
    first, second = run.wait_for(2)
    os.kill(first, signal.SIGKILL)
    run.wait_for(3)
    assert alive(second)
    assert run.process.stdout is not None
    assert "part 0 ended (killed by SIGKILL); starting it again in 0.5 s" in run.process.stdout.readline()


def test_the_pause_before_a_restart_doubles(start: Callable[..., Run]) -> None:
    run = start("exit1")
    assert run.process.stdout is not None
    said = [run.process.stdout.readline() for _ in range(3)]
    assert [line.split(" in ")[1] for line in said] == ["0.5 s\n", "1 s\n", "2 s\n"]


@pytest.mark.parametrize("status", [2, 3])
def test_a_part_that_cannot_run_at_all_ends_the_others_too(start: Callable[..., Run], status: int) -> None:
    run = start("calm", f"exit{status}")
    assert run.process.wait(PATIENCE_S) == status
    assert not any(alive(pid) for pid in run.pids())


def test_parts_of_a_killed_supervisor_die_with_it(start: Callable[..., Run]) -> None:
    run = start("calm", "stubborn")
    pids = run.wait_for(2)
    run.process.kill()
    wait_until(lambda: not any(alive(pid) for pid in pids))


def test_parts_stay_in_the_group_of_the_supervisor(start: Callable[..., Run]) -> None:
    run = start("calm")
    (pid,) = run.wait_for(1)
    assert os.getpgid(pid) == os.getpgid(run.process.pid) == run.process.pid
    os.killpg(run.process.pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid))


@pytest.mark.parametrize("script", [INTERRUPTED, HIT], ids=["under a lock", "in the waiting thread"])
def test_a_signal_that_comes_at_the_worst_place_still_ends_a_part(script: str) -> None:
    assert subprocess.run([sys.executable, "-c", script], timeout=PATIENCE_S).returncode == 0


def test_nobody_gets_real_time_priority(start: Callable[..., Run]) -> None:
    (pid,) = start("calm").wait_for(1)
    assert os.sched_getscheduler(pid) == os.SCHED_OTHER
