"""The acceptance book in the projections: what each row of `acceptance.*` changes.

`ticks` has the ticks that count, `lost` the points that must be ticked again with the barriers whose tag they keep on,
`signatures` the signed sheets.
"""

from __future__ import annotations

import apsw
import msgspec

from gateway.core.acceptance.book import Lost, Signature, Tick
from gateway.core.vocabulary import rows
from gateway.core.vocabulary.rows.acceptance import ENDS
from gateway.store.projections.place import Place
from gateway.store.times import rfc3339

_encode = msgspec.json.encode


def ticked(db: apsw.Connection, place: Place, row: rows.AcceptanceTicked) -> None:
    """An end ticks a point; with both ends it is accepted again."""
    tick = Tick(row.point, row.end, row.by or "", rfc3339(place.wall_ns), row.value, row.basis, row.lanes)
    db.execute("INSERT OR REPLACE INTO ticks VALUES(?, ?, ?)", (row.point, row.end, _fitting(tick)))
    if db.execute("SELECT count(*) FROM ticks WHERE point = ?", (row.point,)).get == len(ENDS):
        db.execute("DELETE FROM lost WHERE point = ?", (row.point,))


def lost(db: apsw.Connection, place: Place, row: rows.AcceptanceLost) -> None:
    """A point must be ticked again; the sheets of its lanes must be signed again."""
    for end in row.ends or ():
        db.execute("DELETE FROM ticks WHERE point = ? AND end = ?", (row.point, end))
    for lane in row.lanes or (row.lane,):
        db.execute("DELETE FROM signatures WHERE lane = ?", (lane,))
    if row.reason == "removed":
        db.execute("DELETE FROM lost WHERE point = ?", (row.point,))
        return
    known = str(db.execute("SELECT document FROM lost WHERE point = ?", (row.point,)).get or "")
    before = msgspec.json.decode(known, type=Lost).barriers if known else frozenset()
    barriers = before | {*(row.tagged or ())}
    _put_lost(db, Lost(row.point, row.reason, row.by or "", rfc3339(place.wall_ns), barriers))


def untagged(db: apsw.Connection, _place: Place, row: rows.BarrierUnlocked) -> None:
    """The tag of a barrier came off: no point keeps it on."""
    for (text,) in db.execute("SELECT document FROM lost").fetchall():
        known = msgspec.json.decode(str(text), type=Lost)
        if row.barrier in known.barriers:
            _put_lost(db, msgspec.structs.replace(known, barriers=known.barriers - {row.barrier}))


def signed(db: apsw.Connection, place: Place, row: rows.AcceptanceSigned) -> None:
    """An end signs the sheet of a lane."""
    media = row.media if isinstance(row.media, str) else None
    signature = Signature(row.lane, row.end, row.by or "", rfc3339(place.wall_ns), media)
    db.execute("INSERT OR REPLACE INTO signatures VALUES(?, ?, ?)", (row.lane, row.end, _fitting(signature)))


def _put_lost(db: apsw.Connection, lost: Lost) -> None:
    db.execute("INSERT OR REPLACE INTO lost VALUES(?, ?)", (lost.point, _fitting(lost)))


def _fitting(entry: Tick | Lost | Signature) -> str:
    """The document of an entry; msgspec.ValidationError for one that could not be read back, of a row like no other."""
    text = _encode(entry, order="deterministic")
    msgspec.json.decode(text, type=type(entry))
    return text.decode()
