"""The engine as it is, with a clock at `Journal.append`: how long each commit took.

python -m tests.bench.parts.timed_engine engine --data DIRECTORY; at its end it writes the commits beside the directory.
The clock costs under a microsecond a commit. With GATEHOUSE_BENCH_PRIORITY it starts at that real-time priority, as a
unit with `CPUSchedulingPolicy=fifo` and `CPUSchedulingResetOnFork` does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from gateway.__main__ import main as run
from gateway.store.journal.writer import Journal, Row
from tests.bench.rig import Sample
from tests.support.site_process import Gateway

PRIORITY_VARIABLE = "GATEHOUSE_BENCH_PRIORITY"
STALL_MS = 50
"""A commit that takes longer waited for the disk, and for nothing that the product can do about it."""


class Commit(NamedTuple):
    """One transaction of the journal, in perf_counter_ns."""

    started_ns: int
    ended_ns: int

    @property
    def took_ms(self) -> float:
        """From the call until it is durable."""
        return (self.ended_ns - self.started_ns) / 1e6


class TimedGateway(Gateway):
    """A gateway whose engine notes its commits, and starts at real-time `priority`; 0: as everybody else."""

    priority = 0

    def start(self, part: str = "engine") -> subprocess.Popen[bytes]:
        """As a gateway is started."""
        with patch.dict(os.environ, {PRIORITY_VARIABLE: str(self.priority)}):
            return super().start(part)

    def module(self, part: str) -> str:
        """This module runs the engine."""
        return "tests.bench.parts.timed_engine" if part == "engine" else super().module(part)

    def commits(self) -> list[Commit]:
        """The commits of the engine that has ended last."""
        return load(commits_path(self.data))


def commits_path(data: Path) -> Path:
    """Where the commits of an engine on that directory stand."""
    return data.with_name(f"{data.name}-commits")


def load(path: Path) -> list[Commit]:
    """What `main` has written."""
    numbers = array("q")
    numbers.frombytes(path.read_bytes())
    return [Commit(*numbers[at : at + 2]) for at in range(0, len(numbers), 2)]


def stalls(commits: Iterable[Commit]) -> list[Commit]:
    """The commits over `STALL_MS`."""
    return [commit for commit in commits if commit.took_ms > STALL_MS]


def apart(samples: Iterable[Sample], stalled: Sequence[Commit]) -> tuple[list[Sample], list[Sample]]:
    """The cards that met no stalled commit, and those that did."""
    free: list[Sample] = []
    met: list[Sample] = []
    for sample in samples:
        meets = any(one.started_ns < sample.opened_ns and sample.shown_ns < one.ended_ns for one in stalled)
        (met if meets else free).append(sample)
    return free, met


def main() -> int:
    """Run the engine, then write down its commits."""
    if priority := int(os.environ.get(PRIORITY_VARIABLE, "0")):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    moments = array("q")
    append, now, note = Journal.append, time.perf_counter_ns, moments.extend

    def timed(journal: Journal, rows: Sequence[Row]) -> range:
        started_ns = now()
        try:
            return append(journal, rows)
        finally:
            note((started_ns, now()))

    Journal.append = timed  # type: ignore[method-assign]
    try:
        return run()
    finally:
        commits_path(Path(sys.argv[sys.argv.index("--data") + 1])).write_bytes(moments.tobytes())


if __name__ == "__main__":
    sys.exit(main())
