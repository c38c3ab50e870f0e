"""`journal_single`, `journal_group`: durable journal rows a second against raw append + fdatasync."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from gateway.store.journal import Journal, Row
from tests.bench.figures import Figure, Plan, take_turns
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
        single = _turns(plan, lambda: _rate(journal, plan.size(2_000, 20), 1), folder, numbers, "1 row a commit")
        group = _turns(plan, lambda: _rate(journal, plan.size(400, 5), GROUP), folder, numbers, "100 rows a commit")
    finally:
        journal.close()
    note = "rows/s against 200-byte appends + fdatasync/s"
    return [
        Figure.of("journal_single", single, ">=0.9", note=note),
        Figure.of("journal_group", group, ">=35", note=note),
    ]


def _turns(plan: Plan, ours: Callable[[], float], folder: Path, numbers: count[int], what: str) -> list[float]:
    appends = plan.size(2_000, 20)
    return take_turns(plan, ours, lambda: appends_per_second(folder / f"raw-{next(numbers)}", appends), what)


def _rate(journal: Journal, commits: int, rows: int) -> float:
    """Rows a second; whatever waits is one commit, and the WAL is tidied as the engine does it, between commits."""
    waiting = [[_row() for _ in range(rows)] for _ in range(commits)]
    started_ns = time.perf_counter_ns()
    for group in waiting:
        journal.append(group)
        journal.tidy()
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
