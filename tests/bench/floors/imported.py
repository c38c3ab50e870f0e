"""Floor: a CSV of passes into two bare tables with `executemany`, durable in one transaction, and nothing else.

A row for each pass with an index on its id, a row for each card and plate in order of the key; no check, no digest.
"""

import csv
import time
from pathlib import Path

import apsw


def import_seconds(path: Path, source: Path) -> float:
    started_ns = time.perf_counter_ns()
    db = apsw.Connection(str(path))
    for name, value in (("journal_mode", "delete"), ("synchronous", "FULL"), ("cache_size", -64 * 1024)):
        db.pragma(name, value)
    db.execute("CREATE TABLE passes(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind, holder, unit, until)")
    db.execute("CREATE TABLE credentials(value TEXT, pass INTEGER, PRIMARY KEY(value, pass)) WITHOUT ROWID")
    credentials = []
    note = credentials.append
    with source.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines)

        def rows():
            for number, (name, kind, holder, unit, plates, cards, until) in enumerate(lines, 1):
                note((cards, number))
                note((plates, number))
                yield number, name, kind, holder, unit, until

        with db:
            db.executemany("INSERT INTO passes VALUES(?, ?, ?, ?, ?, ?)", rows())
            credentials.sort()
            db.executemany("INSERT INTO credentials VALUES(?, ?)", credentials)
    db.close()
    return (time.perf_counter_ns() - started_ns) / 1e9
