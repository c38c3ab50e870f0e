"""What people's corrections change: visits ended by hand, cars that came unseen, the number of cars.

The number of cars inside is the number of open visits and an `offset`: what the last person who counted found more, or
less. The offset goes back to 0 as the difference is explained: by a visit that is ended though it began before that
count, by a car that leaves or is declared without a visit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apsw

from gateway.core.vocabulary import rows
from gateway.store.projections import visitors
from gateway.store.projections.place import Place
from gateway.store.times import parse_wall_ns

SEEN, AGAIN, BY_HAND = "seen", "again", "by_hand"
"""How a visit has ended: its car was seen leaving, was seen again without that, or a person said so."""
PARTIAL = "partial"
"""The key in `meta` of projections that were made anew from a journal without its first rows."""
LISTED = "overstayed"
"""The key in `meta` of the last day whose visits without an end are journaled."""

_OPEN = "SELECT count(*) FROM visits WHERE exited_sequence IS NULL"


def counted(db: apsw.Connection, place: Place, row: rows.VisitsCounted) -> None:
    """A person has counted."""
    offset = row.count - int(db.execute(_OPEN).get)
    values = (row.correction, place.sequence, place.wall_ns, row.count, row.before, offset, row.by or "", row.reason)
    db.execute("INSERT OR REPLACE INTO inside_set VALUES(1, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def left_unseen(db: apsw.Connection, place: Place, row: rows.VisitLeftUnseen) -> None:
    """A person has ended a visit."""
    db.execute(
        "UPDATE visits SET exited_sequence = ?, exited_wall_ns = ?, ended = ?, ended_by = ?, ended_reason = ?"
        " WHERE visit = ? AND exited_sequence IS NULL",
        (place.sequence, place.wall_ns, BY_HAND, row.by, row.reason, row.visit),
    )
    if db.changes() and row.counted is False:
        shift(db, 1)
    visitors.left(db, place.sequence)


def came_unseen(db: apsw.Connection, place: Place, row: rows.VisitCameUnseen) -> None:
    """A person has declared a car."""
    db.execute(
        "INSERT OR REPLACE INTO visits(visit, pass, plate, credential, method, certainty, entered_sequence,"
        " entered_wall_ns, entered_lane, kind, shown, let_in_by, stated)"
        " VALUES(?, ?, ?, ?, 'hand', 'declared', ?, ?, '', ?, ?, ?, ?)",
        (
            row.visit, row.pass_, row.plate, row.plate, place.sequence, parse_wall_ns(row.entered_at), row.kind,
            "plate" if row.plate else None, row.by, row.reason,
        ),
    )  # fmt: skip
    if row.counted is False:
        shift(db, -1)


def overstayed(db: apsw.Connection, place: Place, row: rows.VisitsOverstayed) -> None:
    """The list of a night. Projections made anew from the rest of a journal take the number of cars from it."""
    db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (LISTED, row.day))
    if db.execute("DELETE FROM meta WHERE key = ? RETURNING 1", (PARTIAL,)).get:
        offset = row.inside - int(db.execute(_OPEN).get)
        values = (place.sequence, place.wall_ns, row.inside, row.inside, offset, row.by or "")
        db.execute("INSERT OR IGNORE INTO inside_set VALUES(1, '', ?, ?, ?, ?, ?, ?, '')", values)


def gone_without_visit(db: apsw.Connection) -> None:
    """A car has left that no visit is of: one of those that only the count has."""
    db.execute("UPDATE inside_set SET offset = offset - 1 WHERE offset > 0")


def ended_unseen(db: apsw.Connection, entered: Iterable[Any]) -> None:
    """Visits that began at these rows have ended unseen; a count that was set since had left them out already."""
    for sequence in entered:
        db.execute("UPDATE inside_set SET offset = offset + 1 WHERE offset < 0 AND sequence > ?", (sequence,))


def shift(db: apsw.Connection, by: int) -> None:
    """The count stays, though a visit begins or ends."""
    db.execute("UPDATE inside_set SET offset = offset + ?", (by,))


def bounded(db: apsw.Connection) -> None:
    """Fewer than no car cannot be inside: visits that were counted out have left after all."""
    if db.execute("SELECT 1 FROM inside_set WHERE offset < 0").get:
        db.execute(f"UPDATE inside_set SET offset = max(offset, -({_OPEN}))")
