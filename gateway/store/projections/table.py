"""One literal table: event type -> its changes in `state.db`.

Each entry gets the place and data of a row and writes. Only the order of rows counts; no clock is read.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import apsw
import msgspec

from gateway.core.access.recent import passage_name
from gateway.core.vocabulary.errors import GatehouseError, JournalBrokenError
from gateway.store.journal.queries import StoredRow
from gateway.store.passes.codes import DAYS_MAX
from gateway.store.times import rfc3339

log = logging.getLogger(__name__)

VISITS_MAX = 200_000
"""Ended visits: the latest are kept, up to this number."""
INSIDE_MAX = 100_000
"""Visits without an exit: the latest are kept, up to this number. Where no exit is seen they would grow for ever."""
ALARMS_MAX = 10_000
"""Closed alarms: the latest are kept, up to this number."""
FORGOTTEN_MAX = 500
"""Visits, and alarms, that one step of retention deletes; more than can end in the rows that it drops."""
WARNED_MAX_NS = 3 * 86_400 * 1_000_000_000
"""Expiry warnings are deleted after three days."""
CODES_KEPT_NS = 2 * DAYS_MAX * 86_400 * 1_000_000_000
"""Used codes are kept twice as long as a code can be valid."""
MOVEMENTS_KEPT_NS = 90 * 86_400 * 1_000_000_000
MOVEMENTS_MAX = 100_000
"""Movements are kept this long and at most this many, the latest: three months of a busy gate, a few megabytes."""


_SEQUENCES = {
    "visits": ("entered_sequence", "exited_sequence"),
    "alarms": ("raised_sequence", "closed_sequence"),
    "movements": ("sequence",),
    "latest": ("sequence",),
}


class Place(msgspec.Struct, frozen=True, gc=False):
    """The place and time of a row."""

    sequence: int
    type: str
    wall_ns: int


GRANT = "grant:"
"""Prefix of the mark of an open grant; `by` of the mark is its pass, `reason` the rest."""
LAST_PASSAGE = "passage"
"""The key of the last applied passage."""

KEPT_FOR_SAFETY = frozenset(("barrier.locked", "barrier.unlocked", "barrier.crashed", "barrier.reset"))
"""Rows that say whether people may be at an arm."""

_Apply = Callable[[apsw.Connection, Place, dict[str, Any]], None]


class _Text(msgspec.Struct, frozen=True, gc=False):
    data: dict[str, Any]
    clockstate: str = ""


_decode = msgspec.json.Decoder(_Text).decode


def apply_rows(db: apsw.Connection, rows: Iterable[StoredRow]) -> StoredRow | None:
    """Apply these rows in order, inside the caller's transaction. Returns the last one."""
    types: Counter[str] = Counter()
    sure_ns: int | None = None
    row: StoredRow | None = None
    for row in rows:
        try:
            event = _decode(row.text)
        except msgspec.DecodeError as error:
            raise JournalBrokenError(f"row {row.sequence} is not an event: {error}", row.sequence) from error
        for change in _TABLE.get(row.type, ()):
            try:
                change(db, Place(row.sequence, row.type, row.wall_ns), event.data)
            except Exception as error:
                if not _is_of_the_row(error):
                    raise
                log.exception("row %d (%s) does not fit a projection, which goes on without it", row.sequence, row.type)
        types[row.type] += 1
        if event.clockstate and event.clockstate != "unset":
            sure_ns = row.wall_ns
    for kind, number in types.items():
        count(db, "type", kind, number)
    if sure_ns is not None:
        note(db, "sure_wall_ns", str(sure_ns))
    return row


def _is_of_the_row(error: Exception) -> bool:
    """Whether the content of the row raised, and not the disk or the machine."""
    if isinstance(error, apsw.Error):
        return isinstance(error, apsw.ConstraintError | apsw.MismatchError | apsw.TooBigError)
    return not isinstance(error, GatehouseError | MemoryError)


def note(db: apsw.Connection, key: str, value: str) -> None:
    """One of the few single values."""
    db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))


def count(db: apsw.Connection, name: str, subject: str, more: int = 1) -> None:
    """Add to a counter."""
    db.execute(
        "INSERT INTO counters VALUES(?, ?, ?) ON CONFLICT(name, subject) DO UPDATE SET count = count + excluded.count",
        (name, subject, more),
    )


def prune(db: apsw.Connection, now_wall_ns: int) -> None:
    """Delete the oldest ended visits and alarms, so that the file is bounded."""
    db.execute(
        "DELETE FROM visits WHERE visit IN (SELECT visit FROM visits"
        " WHERE exited_sequence IS NOT NULL ORDER BY exited_sequence DESC LIMIT -1 OFFSET ?)",
        (VISITS_MAX,),
    )
    if db.execute("SELECT count(*) FROM visits WHERE exited_sequence IS NULL").get > INSIDE_MAX:
        db.execute(
            "DELETE FROM visits WHERE visit IN (SELECT visit FROM visits"
            " WHERE exited_sequence IS NULL ORDER BY entered_sequence DESC LIMIT -1 OFFSET ?)",
            (INSIDE_MAX,),
        )
    db.execute(
        "DELETE FROM alarms WHERE alarm IN (SELECT alarm FROM alarms"
        " WHERE closed_sequence IS NOT NULL ORDER BY closed_sequence DESC LIMIT -1 OFFSET ?)",
        (ALARMS_MAX,),
    )
    db.execute("DELETE FROM warned WHERE wall_ns < ?", (now_wall_ns - WARNED_MAX_NS,))
    db.execute("DELETE FROM codes WHERE wall_ns < ?", (now_wall_ns - CODES_KEPT_NS,))
    db.execute(
        "DELETE FROM movements WHERE wall_ns < ? OR sequence <="
        " (SELECT sequence FROM movements ORDER BY sequence DESC LIMIT 1 OFFSET ?)",
        (now_wall_ns - MOVEMENTS_KEPT_NS, MOVEMENTS_MAX),
    )


def forget(db: apsw.Connection, before: int) -> None:
    """Delete what ended, or was last seen, before that row: plates, cards and names go with the journal's rows."""
    for table, key, ended in (("visits", "visit", "exited_sequence"), ("alarms", "alarm", "closed_sequence")):
        db.execute(
            f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {ended} < ? LIMIT ?)",
            (before, FORGOTTEN_MAX),
        )
    db.execute("DELETE FROM latest WHERE sequence < ?", (before,))


def predecessor(row: StoredRow) -> str:
    """The id of the predecessor of this journal, from its first row; empty without one."""
    if row.sequence != 1 or row.type != "storage.degraded":
        return ""
    return _text(_decode(row.text).data, "journal")


def carry_over(db: apsw.Connection, rows: int) -> None:
    """Another journal begins: earlier rows keep their order, before its first."""
    for table, columns in _SEQUENCES.items():
        changes = ", ".join(f"{column} = {column} - {rows}" for column in columns)
        db.execute(f"UPDATE {table} SET {changes}")


# ---- visits ------------------------------------------------------------------------------------------------------


def _entered(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
    if data.get("mark") == "emergency":
        return
    credential = data.get("credential") or {}
    plate = data.get("plate")
    values = (
        _text(data, "visit"), data.get("pass"), plate, credential.get("value"),
        _text(data, "method"), _text(data, "certainty"), place.sequence, place.wall_ns, _text(data, "lane"),
    )  # fmt: skip
    db.execute(
        "INSERT OR REPLACE INTO visits(visit, pass, plate, credential, method, certainty,"
        " entered_sequence, entered_wall_ns, entered_lane) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    _left_unseen(db, place, data)


def _left_unseen(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
    """Close older visits of a car that comes in or goes out by its card, plate or code: their exit was missed.

    A card and a plate of one pass are of one car if the plate is the same. A code has its own visit.
    """
    credential, plate = data.get("credential") or {}, data.get("plate")
    if credential.get("value"):
        _end_unseen(db, place, data, "credential", str(credential["value"]))
    if credential.get("value") and plate and credential.get("kind") != "qr":
        _end_unseen(db, place, data, "plate", str(plate))


def _end_unseen(db: apsw.Connection, place: Place, data: dict[str, Any], column: str, value: str) -> None:
    codes = " AND NOT EXISTS (SELECT 1 FROM codes WHERE code = credential)" if column == "plate" else ""
    db.execute(
        "UPDATE visits SET exited_sequence = ?, exited_wall_ns = ?"
        f" WHERE {column} = ? AND pass IS ? AND exited_sequence IS NULL AND visit <> ?{codes}",
        (place.sequence, place.wall_ns, value, data.get("pass"), _text(data, "visit")),
    )


def _exited(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
    """A visit ends.

    A car that leaves and is not known to be inside was let in by a person, or has followed another car: it ends the
    oldest visit without a pass, so that the number of cars inside stays right.
    """
    if data.get("mark") == "emergency":
        return
    end = "UPDATE visits SET exited_sequence = ?, exited_wall_ns = ?, exited_lane = ? WHERE visit = "
    values = (place.sequence, place.wall_ns, _text(data, "lane"))
    db.execute(f"{end}?", (*values, _text(data, "visit")))
    if not db.changes():
        db.execute(
            f"{end}(SELECT visit FROM visits WHERE pass IS NULL AND credential IS NULL AND exited_sequence IS NULL"
            " ORDER BY entered_sequence LIMIT 1)",
            values,
        )
    _left_unseen(db, place, data)


def _last_passage(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
    note(db, LAST_PASSAGE, passage_name(place.type, _text(data, "visit")))


def _voided(db: apsw.Connection, _place: Place, data: dict[str, Any]) -> None:
    """An inferred passage did not happen: undo its entry or exit."""
    visit = data.get("voids")
    if visit:
        db.execute("DELETE FROM visits WHERE visit = ? AND exited_sequence IS NULL", (visit,))
        db.execute(
            "UPDATE visits SET exited_sequence = NULL, exited_wall_ns = NULL, exited_lane = NULL WHERE visit = ?",
            (visit,),
        )


def _code_used(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
    """A code stays used, also if its passage is voided: the car outside may have a copy of it."""
    credential = data.get("credential") or {}
    if credential.get("kind") == "qr":
        db.execute("INSERT OR REPLACE INTO codes VALUES(?, ?)", (str(credential.get("value")), place.wall_ns))


# ---- alarms ------------------------------------------------------------------------------------------------------


def _alarm(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
    alarm = _text(data, "alarm")
    known = db.execute("SELECT document FROM alarms WHERE alarm = ?", (alarm,)).get
    document: dict[str, Any] = msgspec.json.decode(known) if known else {}
    moment = rfc3339(place.wall_ns)
    document = {"raised_at": moment, **document, "as_of": moment, **data}
    if place.type == "alarm.acknowledged":
        document["acknowledged_by"] = document.get("acknowledged_by") or data.get("by")
    closed = place.type == "alarm.closed" or document.get("state") == "closed"
    db.execute(
        "INSERT INTO alarms VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(alarm) DO UPDATE SET"
        " closed_sequence = excluded.closed_sequence, as_of_wall_ns = excluded.as_of_wall_ns,"
        " acknowledged_by = excluded.acknowledged_by, document = excluded.document",
        (
            alarm,
            place.sequence,
            place.sequence if closed else None,
            place.wall_ns,
            document.get("acknowledged_by"),
            msgspec.json.encode(document).decode(),
        ),
    )


# ---- lanes -------------------------------------------------------------------------------------------------------


def _mark(mark: str, *, of: str = "lane", first_counts: bool = False) -> _Apply:
    """Set a mark on the lane, or on the barrier that two lanes may share; with `first_counts` an existing one stays."""
    verb = "INSERT OR IGNORE" if first_counts else "INSERT OR REPLACE"

    def change(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
        reason = data.get("reason") or data.get("command") or data.get("cause") or ""
        by = data.get("by") or ""
        values = (_text(data, of) or _text(data, "lane"), mark, place.wall_ns, str(by), str(reason))
        db.execute(f"{verb} INTO marks VALUES(?, ?, ?, ?, ?)", values)

    return change


def _unmark(mark: str, *, of: str = "lane") -> _Apply:
    """Remove a mark of `_mark`, also by its kind of owner: a lane and another barrier may have the same id."""

    def change(db: apsw.Connection, _place: Place, data: dict[str, Any]) -> None:
        name = _text(data, of) or _text(data, "lane")
        db.execute("DELETE FROM marks WHERE lane = ? AND mark = ?", (name, mark))

    return change


def _granted(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
    """Open a grant, until its passage or its end."""
    if data.get("grant"):
        rest = {**{key: data.get(key) for key in ("kind", "credential", "reason")}, "by": data.get("decided_by")}
        about = (_text(data, "pass"), msgspec.json.encode(rest).decode())
        values = (_text(data, "lane"), GRANT + _text(data, "grant"), place.wall_ns, *about)
        db.execute("INSERT OR REPLACE INTO marks VALUES(?, ?, ?, ?, ?)", values)


def _latest(what: str, document: Callable[[Place, dict[str, Any]], dict[str, Any]]) -> _Apply:
    """Store what a lane shows of the last row of a kind."""

    def change(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
        shown = {"at": rfc3339(place.wall_ns), **document(place, data)}
        values = (_text(data, "lane"), what, place.sequence, msgspec.json.encode(shown).decode())
        db.execute("INSERT OR REPLACE INTO latest VALUES(?, ?, ?, ?)", values)

    return change


def _decision(place: Place, data: dict[str, Any]) -> dict[str, Any]:
    keys = ("reason", "credential", "pass", "kind", "days_left", "lane", "case", "grant")
    shown = {key: data.get(key) for key in keys}
    verdict = place.type.removeprefix("access.")
    return {"verdict": verdict, "valid_until": None, "by": data.get("decided_by"), **shown}


def _handled(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
    """A person's act on the car of the lane's last decision."""
    lane = _text(data, "lane")
    known = db.execute("SELECT document FROM latest WHERE lane = ? AND what = 'decision'", (lane,)).get
    shown: dict[str, Any] = msgspec.json.decode(known) if known else {}
    if not data.get("case") or shown.get("case") != data["case"]:
        return
    what = place.type.removeprefix("case.")
    shown["handled"] = {"what": what, "by": data.get("by"), "reason": data.get("reason"), "at": rfc3339(place.wall_ns)}
    db.execute(
        "UPDATE latest SET document = ? WHERE lane = ? AND what = 'decision'",
        (msgspec.json.encode(shown).decode(), lane),
    )


def _last_grant(_place: Place, data: dict[str, Any]) -> dict[str, Any]:
    return {**{key: data.get(key) for key in ("pass", "credential", "reason")}, "by": data.get("decided_by")}


def _passage(place: Place, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": place.type.removeprefix("passage."), **{key: data.get(key) for key in ("visit", "pass", "lane")}}


def _grant_over(db: apsw.Connection, _place: Place, data: dict[str, Any]) -> None:
    if data.get("grant"):
        db.execute("DELETE FROM marks WHERE mark = ?", (GRANT + _text(data, "grant"),))


def _when(fits: Callable[[dict[str, Any]], Any], *changes: _Apply) -> _Apply:
    """Changes of only some rows of a type."""

    def change(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
        if fits(data):
            for one in changes:
                one(db, place, data)

    return change


def _left_waiting(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
    """A lost or restored device has left these barriers interrupted."""
    for barrier in data.get("interrupted") or ():
        _INTERRUPTED(db, place, {"barrier": barrier, "cause": place.type})


def _carried(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
    """The first row of a succeeding journal has the state of lanes and alarms; known state stays."""
    for mark in data.get("marks") or ():
        values = (mark["lane"], mark["mark"], mark["since_ns"], mark["by"], mark["reason"])
        db.execute("INSERT OR IGNORE INTO marks VALUES(?, ?, ?, ?, ?)", values)
    for alarm in data.get("alarms") or ():
        text = msgspec.json.encode(alarm).decode()
        kept = (alarm["alarm"], place.sequence, None, place.wall_ns, alarm.get("acknowledged_by"), text)
        db.execute("INSERT OR IGNORE INTO alarms VALUES(?, ?, ?, ?, ?, ?)", kept)


def _was_half_done(db: apsw.Connection, _place: Place, _data: dict[str, Any]) -> None:
    """A run begins: unfinished and held movements of the last one wait for a person."""
    half_done = "mark IN ('motion', 'held')"
    db.execute(
        "INSERT OR IGNORE INTO marks SELECT lane, 'interrupted', min(since_wall_ns), by, reason FROM marks"
        f" WHERE {half_done} GROUP BY lane"
    )
    db.execute(f"DELETE FROM marks WHERE {half_done}")


def _counted(name: str) -> _Apply:
    def change(db: apsw.Connection, _place: Place, data: dict[str, Any]) -> None:
        count(db, name, _text(data, "barrier") or _text(data, "lane"))

    return change


# ---- service -----------------------------------------------------------------------------------------------------


def _moved(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
    """A movement whose time was measured, or a crash."""
    travel_ms = data.get("travel_ms")
    what = place.type.removeprefix("barrier.")
    if isinstance(travel_ms, int) or what == "crashed":
        values = (place.sequence, _text(data, "barrier"), place.wall_ns, what, _text(data, "cause"), travel_ms)
        db.execute("INSERT OR REPLACE INTO movements VALUES(?, ?, ?, ?, ?, ?)", values)


def _due(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
    values = (_text(data, "barrier"), _text(data, "what"), data.get("limit") or 0, data.get("count") or 0)
    db.execute("INSERT OR REPLACE INTO service VALUES(?, ?, ?, ?, ?)", (*values, place.wall_ns))


def _over(db: apsw.Connection, _place: Place, data: dict[str, Any]) -> None:
    db.execute("DELETE FROM service WHERE barrier = ? AND what = ?", (_text(data, "barrier"), _text(data, "what")))


# ---- the rest ----------------------------------------------------------------------------------------------------


def _warned(db: apsw.Connection, place: Place, data: dict[str, Any]) -> None:
    values = (_text(data, "pass"), place.wall_ns, data.get("day"))
    db.execute("INSERT OR REPLACE INTO warned VALUES(?, ?, ?)", values)


def _clean(db: apsw.Connection, place: Place, _data: dict[str, Any]) -> None:
    note(db, "clean", "1" if place.type == "gateway.stopped" else "0")


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    return "" if value is None else str(value)


_DECISION, _GRANT, _PASSAGE = (
    _latest("decision", _decision),
    _latest("grant", _last_grant),
    _latest("passage", _passage),
)
_MEASURED = _unmark("motion", of="barrier")
_ANSWERED = _unmark("asked", of="barrier")
_DECIDED = _unmark("interrupted", of="barrier")
_INTERRUPTED = _mark("interrupted", of="barrier", first_counts=True)
_RELEASED = _unmark("held", of="barrier")
_FOUND = _unmark("lost", of="device")
_PERSONS = ("operator", "remote", "emergency")


def _is_interrupted(data: dict[str, Any]) -> bool:
    return data.get("interrupted") is True


def _is_free(data: dict[str, Any]) -> bool:
    return data.get("interrupted") is False


def _is_stop(data: dict[str, Any]) -> bool:
    return data.get("command") == "stop"


def _is_persons_close(data: dict[str, Any]) -> bool:
    return data.get("command") == "close" and data.get("cause") == "operator"


def _is_persons_open(data: dict[str, Any]) -> bool:
    return data.get("reason") in _PERSONS and "barrier" in data


def _is_persons_release(data: dict[str, Any]) -> bool:
    """Only a person has a `via`; rows of earlier versions only have the name."""
    return bool(data["via"]) if "via" in data else data.get("by") != "gateway"


def _is_left_waiting(data: dict[str, Any]) -> bool:
    """A stop of an arm at rest interrupts nothing; earlier versions did not distinguish it."""
    return data.get("interrupted") is not False


def _is_lost_device(data: dict[str, Any]) -> bool:
    return data.get("kind") == "device_lost"


def _is_asked(data: dict[str, Any]) -> bool:
    return bool(data.get("asked"))


# A person checks tagged and crashed lanes first; the row that ends it says whether they are interrupted.
_SETTLED = (_MEASURED, _ANSWERED, _DECIDED, _RELEASED)
_LEFT = (_when(_is_interrupted, _INTERRUPTED), _when(_is_free, _DECIDED))

_TABLE: dict[str, tuple[_Apply, ...]] = {
    "passage.entered": (_entered, _code_used, _grant_over, _last_passage, _PASSAGE),
    "passage.exited": (_exited, _grant_over, _last_passage, _PASSAGE),
    "passage.reversed": (_voided,),
    "access.granted": (_granted, _when(_is_persons_open, _DECIDED), _DECISION, _GRANT),
    "access.denied": (_DECISION,),
    "access.referred": (_DECISION,),
    "grant.unused": (_grant_over,),
    **{f"case.{what}": (_handled,) for what in ("released", "refused", "reported")},
    "barrier.commanded": (
        _when(_is_persons_close, _DECIDED, _RELEASED),
        _mark("motion", of="barrier"),
        _when(_is_stop, _MEASURED, _when(_is_left_waiting, _INTERRUPTED)),
        _counted("commands"),
    ),
    "barrier.opened": (_MEASURED, _counted("cycles"), _moved),
    "barrier.closed": (_MEASURED, _moved),
    "barrier.stopped": (_MEASURED, *_LEFT),
    "barrier.obstructed": (_MEASURED, *_LEFT),
    "barrier.not_followed": (_MEASURED,),
    "barrier.stuck": (_MEASURED, *_LEFT, _when(_is_asked, _mark("asked", of="barrier"))),
    "barrier.held": (_mark("held", of="barrier"), _MEASURED, _DECIDED),
    "barrier.released": (_RELEASED, _MEASURED, _when(_is_persons_release, _DECIDED)),
    "barrier.crashed": (
        _mark("crashed", first_counts=True), *_SETTLED, _counted("crashes"), _moved,
    ),
    "barrier.reset": (_unmark("crashed"), _ANSWERED, *_LEFT),
    "barrier.locked": (_mark("locked"), *_SETTLED),
    "barrier.unlocked": (_unmark("locked"), *_LEFT),
    "device.lost": (_mark("lost", of="device", first_counts=True), _left_waiting),
    "device.restored": (_FOUND, _left_waiting),
    "storage.degraded": (_left_waiting, _carried),
    "service.due": (_due,),
    "service.over": (_over,),
    "pass.expiring": (_warned,),
    "gateway.started": (_clean, _was_half_done),
    "gateway.stopped": (_clean,),
    **{
        f"alarm.{verb}": (_alarm,)
        for verb in ("raised", "acknowledged", "verified", "shelved", "unshelved", "escalated", "refined")
    },
    **{f"alarm.{verb}": (_alarm, _when(_is_lost_device, _FOUND)) for verb in ("returned", "closed")},
}  # fmt: skip
