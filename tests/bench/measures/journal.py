"""`journal_single`, `journal_group`: durable journal rows a second against a bare SQLite loop with a hash chain.

Both databases live through all rounds and take turns, and the journal's WAL is copied by a thread as in the engine.
What an append and fdatasync without a database reaches on this disk is noted beside them.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gateway.engine.journal_thread.projector import SETTLE_S
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal, Row
from tests.bench.disk import settle
from tests.bench.figures import Figure, Plan, take_turns
from tests.bench.floors.chain import Chain
from tests.bench.floors.fdatasync import appends_per_second
from tests.bench.targets import TARGETS

GROUPS = {"journal_single": 1, "journal_group": 100}
"""Figure -> rows that wait for a commit."""


def measure(plan: Plan) -> list[Figure]:
    """Both figures."""
    folder = plan.folder("journal")
    journal = Journal.create(folder / "journal.db", source="/sites/bench/gateways/gw1", boot_id="bench")
    with closing(journal):
        for _ in range(plan.size(1_000, 20)):
            journal.append([_row()])
        return [_figure(plan, folder, journal, name, rows) for name, rows in GROUPS.items()]


def _figure(plan: Plan, folder: Path, journal: Journal, name: str, rows: int) -> Figure:
    commits = plan.size(4_000 if rows == 1 else 500, 20)
    flushes: list[float] = []

    def floor() -> float:
        flushes.append(appends_per_second(folder / "raw", plan.size(1_000, 20)))
        settle(folder)
        return chain.rows_per_second(commits, rows)

    with closing(Chain(folder / f"{name}-floor.db", _text_bytes(journal, folder))) as chain:
        chain.rows_per_second(plan.size(1_000, 20), 1)
        ratios = take_turns(plan, lambda: _rate(journal, commits, rows), floor, f"{rows} rows a commit")
    flushed = f"append and fdatasync here {statistics.median(flushes):.0f}/s"
    note = f"rows/s against a bare SQLite loop with hash chain; {flushed}"
    return Figure.of(name, ratios, TARGETS[name], note=note)


def _text_bytes(journal: Journal, folder: Path) -> int:
    with closing(JournalReader(folder / "journal.db")) as reader:
        (last,) = reader.page(journal.last_sequence - 1, 1)
    return len(last.text)


@contextmanager
def _tidied(journal: Journal) -> Iterator[None]:
    """Folds the WAL into its file from a thread of its own, ten times a second, as the engine does."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(SETTLE_S):
            journal.tidy()

    thread = threading.Thread(target=run, name="tidy")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _rate(journal: Journal, commits: int, rows: int) -> float:
    """Rows a second; whatever waits is one commit."""
    waiting = [[_row() for _ in range(rows)] for _ in range(commits)]
    with _tidied(journal):
        started_ns = time.perf_counter_ns()
        for group in waiting:
            journal.append(group)
        took_ns = time.perf_counter_ns() - started_ns
    journal.tidy()
    return commits * rows * 1e9 / took_ns


def _row() -> Row:
    data = {
        "lane": "in",
        "direction": "entry",
        "credential": {"kind": "card", "value": "472288"},
        "pass": "p000472288",
        "kind": "monthly",
        "days_left": 42,
        "reason": "valid_pass",
        "decided_by": "gateway",
    }
    return Row("access.granted", "lanes/in", data, time.time_ns(), time.monotonic_ns())
