"""`journal_single`, `journal_group`: durable journal rows a second against raw append + fdatasync."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

from gateway.engine.projector import SETTLE_S
from gateway.store.journal import Journal, JournalReader, Row
from tests.bench.figures import Figure, Plan, take_turns
from tests.bench.floor_chain import rows_per_second
from tests.bench.floor_fdatasync import appends_per_second

GROUP = 100


def measure(plan: Plan) -> list[Figure]:
    """Both figures; the journal lives on through all rounds, as on a gateway."""
    folder = plan.folder("journal")
    journal = Journal.create(folder / "journal.db", source="/sites/bench/gateways/gw1", boot_id="bench")
    numbers = count()
    try:
        for _ in range(plan.size(2_000, 20)):
            journal.append([_row()])
        tidier = _Tidier(journal)
        single = _turns(plan, lambda: _rate(journal, plan.size(2_000, 20), 1), folder, numbers, "1 row a commit")
        group = _turns(plan, lambda: _rate(journal, plan.size(400, 5), GROUP), folder, numbers, "100 rows a commit")
        tidier.stop()
        flushes = appends_per_second(folder / "raw", plan.size(2_000, 20))
        bare = {rows: _bare(journal, folder, plan.size(20_000 if rows > 1 else 2_000, 20), rows) for rows in (1, GROUP)}
    finally:
        journal.close()
    note = f"rows/s against 200-byte appends + fdatasync, of which this disk does {flushes:.0f}/s; a bare SQLite loop: "
    return [
        Figure.of("journal_single", single, ">=0.9", note=f"{note}{bare[1] / flushes:.3g} x"),
        Figure.of("journal_group", group, ">=35", note=f"{note}{bare[GROUP] / flushes:.3g} x"),
    ]


def _bare(journal: Journal, folder: Path, total: int, rows: int) -> float:
    """What Python and SQLite allow on this disk for texts as long as the journal's."""
    with closing(JournalReader(folder / "journal.db")) as reader:
        (last,) = reader.page(journal.last_sequence - 1, 1)
    return rows_per_second(folder / f"bare-{rows}.db", max(1, total // rows), rows, len(last.text))


class _Tidier:
    """Folds the WAL into its file from a thread of its own, ten times a second, as the engine does."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No more."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(SETTLE_S):
            self._journal.tidy()


def _turns(plan: Plan, ours: Callable[[], float], folder: Path, numbers: count[int], what: str) -> list[float]:
    appends = plan.size(2_000, 20)
    return take_turns(plan, ours, lambda: appends_per_second(folder / f"raw-{next(numbers)}", appends), what)


def _rate(journal: Journal, commits: int, rows: int) -> float:
    """Rows a second; whatever waits is one commit."""
    waiting = [[_row() for _ in range(rows)] for _ in range(commits)]
    started_ns = time.perf_counter_ns()
    for group in waiting:
        journal.append(group)
    return commits * rows * 1e9 / (time.perf_counter_ns() - started_ns)


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
