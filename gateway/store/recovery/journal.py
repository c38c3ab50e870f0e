"""Puts another journal in the place of one that cannot go on, and saves what the old one still says.

A damaged journal goes aside (`aside`), whole, and another one with an id of its own begins, since no two events may
ever share an id. What the old one still says is brought into the projections first, row by row as far as the chain
holds; they carry over, and the first row of the new journal says what is known of lanes and alarms, so that the new
journal can be read without the old one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import apsw
import msgspec

from gateway.core.vocabulary.errors import JournalBrokenError
from gateway.store.journal.queries import StoredRow, last_gap
from gateway.store.journal.writer import Journal, Row
from gateway.store.projections.state import CATCH_UP_ROWS, State
from gateway.store.projections.table import predecessor
from gateway.store.recovery import aside
from gateway.store.recovery.carried import Behind, Known
from gateway.store.recovery.look import UNREADABLE, Finding
from gateway.store.recovery.state import open_state
from gateway.store.sqlite.database import open_as_it_is
from gateway.store.sqlite.schemas import NO_HASH

log = logging.getLogger(__name__)

_BEHIND_MAX = 1000


class Loss(msgspec.Struct, frozen=True):
    """A journal that is going aside, and what is known of it.

    `last`: the last row that the projections have. `lanes`: the lanes of rows that they do not have. `marks`,
    `alarms` and `repairs`: what holds of lanes, alarms and repair orders.
    """

    error: str
    file: str
    journal: str
    last: int
    known: Known
    lanes: frozenset[str]
    marks: list[dict[str, Any]]
    alarms: list[dict[str, Any]]
    repairs: list[dict[str, Any]]


class _Rest(msgspec.Struct, frozen=True):
    """Rows that are there and cannot be applied: the lanes they are about, and the last of them."""

    behind: Behind
    lanes: frozenset[str] = frozenset()
    last: int = 0


def replace_journal(
    journal: Path,
    state: Path,
    finding: Finding,
    rows_about: Callable[[Loss], Iterable[Row]],
    source: str,
    boot_id: str,
    wall_ns: int,
) -> None:
    """Save what can be known, and begin another journal with `rows_about` the loss; the old one goes aside."""
    file = aside.aside_of(journal, wall_ns)
    loss = _saved(journal, state, finding, file.name)
    fresh = Journal.create(aside.making(file), source=source, boot_id=boot_id)
    try:
        fresh.append(list(rows_about(loss)))
    finally:
        fresh.close()
    aside.made(file)
    aside.swap(journal, file)
    log.error("journal.db cannot go on: %s. It is now %s, and another journal has begun", finding.error, file.name)


def _saved(journal: Path, state: Path, finding: Finding, file: str) -> Loss:
    """Bring the projections on as far as rows can be read, and say what is known then."""
    rest = _Rest(Behind.UNREADABLE)

    def bring_on(projections: State) -> None:
        nonlocal rest
        rest = _catch_up(journal, projections, finding.journal) if finding.journal else _Rest(Behind.UNREADABLE)

    projections = open_state(state, bring_on)
    try:
        return _known(projections, finding, rest, file)
    finally:
        projections.close()


def _known(state: State, finding: Finding, rest: _Rest, file: str) -> Loss:
    standing = state.standing()
    return Loss(
        error=finding.error,
        file=file,
        journal=finding.journal or state.journal,
        last=state.sequence,
        known=Known(
            blank=state.sequence == 0,
            gone=finding.last > max(state.sequence, rest.last),
            behind=rest.behind,
            ended_well=state.ended_well,
        ),
        lanes=rest.lanes,
        marks=standing["marks"],
        alarms=standing["alarms"],
        repairs=standing["repairs"],
    )


def _catch_up(path: Path, state: State, journal: str) -> _Rest:
    """Apply the rows that follow and are whole; returns what is behind them."""
    try:
        db = open_as_it_is(path)
    except apsw.Error:
        return _Rest(Behind.UNREADABLE)
    try:
        if state.journal != journal:
            first = _whole_rows(db, 0, 1)
            state.follow(journal, predecessor(first[0]) if first else "")
        while rows := _whole_rows(db, state.sequence, CATCH_UP_ROWS, state.head):
            state.apply(rows)
        return _rest(db, state.sequence)
    except (*UNREADABLE, JournalBrokenError):
        return _Rest(Behind.UNREADABLE)
    finally:
        db.close()


def _rest(db: apsw.Connection, after: int) -> _Rest:
    """What the rows behind `after`, whose texts are damaged, are about."""
    sql = "SELECT sequence, subject FROM rows WHERE sequence > ? ORDER BY sequence LIMIT ?"
    found: Any = db.execute(sql, (after, _BEHIND_MAX)).fetchall()
    if not found:
        return _Rest(Behind.NONE)
    last = int(found[-1][0])
    if len(found) == _BEHIND_MAX:
        return _Rest(Behind.OF_ANY, last=last)
    lanes = [str(subject).removeprefix("lanes/") for _, subject in found if str(subject).startswith("lanes/")]
    return _Rest(Behind.OF_LANES, frozenset(lanes), last)


def _whole_rows(db: apsw.Connection, after: int, limit: int, head: str = "") -> list[StoredRow]:
    """The rows behind `after`, whose hash is `head` if known, up to the first that is not as it was written."""
    gap = last_gap(db)
    at, previous = (gap.last, gap.lasthash) if after < gap.last else (after, head)
    found: Any = db.execute(
        "SELECT sequence, type, subject, wall_ns, CAST(text AS BLOB), hash FROM rows"
        " WHERE sequence > ? ORDER BY sequence LIMIT ?",
        (at, limit),
    )
    rows: list[StoredRow] = []
    try:
        for sequence, kind, subject, wall_ns, text, digest in found:
            chained = msgspec.json.decode(text, type=_Chained)
            follows = sequence == at + 1 and chained.prevhash == (previous or chained.prevhash)
            if not follows or sha256(text).digest() != digest:
                break
            rows.append(StoredRow(sequence, kind, subject, wall_ns, text.decode()))
            at, previous = sequence, digest.hex()
    except UNREADABLE as error:
        log.warning("rows behind %d of the old journal cannot be read: %s", at, error)
    return rows


class _Chained(msgspec.Struct, frozen=True, gc=False):
    prevhash: str = NO_HASH
