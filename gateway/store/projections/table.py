"""One literal table: kind of row -> its changes in `state.db`.

Each entry gets the place of a row and the row itself, and writes. Only the order of rows counts; no clock is read.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import apsw
import msgspec

from gateway.core.access.recent import EMERGENCY, Correction, correction_name, passage_name
from gateway.core.charges.bill import bill_then
from gateway.core.vocabulary import rows
from gateway.core.vocabulary.errors import GatehouseError, JournalBrokenError
from gateway.core.vocabulary.rows import UNSET, Credential
from gateway.store.journal.queries import StoredRow
from gateway.store.listed import table as listed
from gateway.store.passes.codes import DAYS_MAX
from gateway.store.projections import acceptance, visitors
from gateway.store.projections.inside import corrections
from gateway.store.projections.place import Place
from gateway.store.slips import table as slips
from gateway.store.times import rfc3339
from gateway.store.visits import money

log = logging.getLogger(__name__)

VISITS_MAX = 200_000
"""Ended visits: the latest are kept, up to this number."""
INSIDE_MAX = 100_000
"""Visits without an exit: the latest are kept, up to this number. Where no exit is seen they would grow for ever."""
ALARMS_MAX = 10_000
"""Closed alarms: the latest are kept, up to this number."""
REPAIRS_MAX = 2_000
"""Confirmed repair orders: the latest are kept, up to this number."""
STEPS_MAX = 60
"""Steps of one repair order that are kept: the first, and the latest."""
FORGOTTEN_MAX = 500
"""Visits, alarms and repair orders that one step of retention deletes; more than can end in the rows that it drops."""
WARNED_MAX_NS = 3 * 86_400 * 1_000_000_000
"""Expiry warnings are deleted after three days."""
CODES_KEPT_NS = 2 * DAYS_MAX * 86_400 * 1_000_000_000
"""Used codes are kept twice as long as a code can be valid."""
MOVEMENTS_KEPT_NS = 90 * 86_400 * 1_000_000_000
MOVEMENTS_MAX = 100_000
"""Movements are kept this long and at most this many, the latest: three months of a busy gate, a few megabytes."""


_SEQUENCES = {
    "visits": ("entered_sequence", "exited_sequence"),
    "visitors": ("told_sequence", "ended_sequence"),
    "listed": ("added_sequence",),
    "slips": ("told_sequence",),
    "alarms": ("raised_sequence", "closed_sequence"),
    "repairs": ("opened_sequence", "closed_sequence"),
    "movements": ("sequence",),
    "latest": ("sequence",),
    "money": ("sequence",),
    "debts": ("sequence",),
    "inside_set": ("sequence",),
}


GRANT = "grant:"
"""Prefix of the mark of an open grant; `by` of the mark is its pass, `reason` the rest."""
LAST_PASSAGE = "passage"
"""The key of the last applied passage."""
RECORDS = "records:"
"""Prefix of the key of a controller's last record that was taken."""

KEPT_FOR_SAFETY = frozenset(
    kind.type for kind in (rows.BarrierLocked, rows.BarrierUnlocked, rows.BarrierCrashed, rows.BarrierReset)
)
"""Rows that say whether people may be at an arm."""

_Apply = Callable[[apsw.Connection, Place, Any], None]
"""A change; its third argument is the row, of the kinds for which it is in the table."""


class _Text(msgspec.Struct, frozen=True, gc=False):
    data: msgspec.Raw
    clockstate: str = ""


_decode = msgspec.json.Decoder(_Text).decode


def apply_rows(db: apsw.Connection, stored: Iterable[StoredRow]) -> StoredRow | None:
    """Apply these rows in order, inside the caller's transaction. Returns the last one."""
    types: Counter[str] = Counter()
    sure_ns: int | None = None
    row: StoredRow | None = None
    for row in stored:
        try:
            event = _decode(row.text)
            said = rows.read(row.type, event.data) if row.type in _TYPES else None
        except msgspec.DecodeError as error:
            raise JournalBrokenError(f"row {row.sequence} is not an event: {error}", row.sequence) from error
        for change in _changes(said):
            try:
                change(db, Place(row.sequence, row.wall_ns), said)
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
    db.execute(
        "DELETE FROM repairs WHERE repair IN (SELECT repair FROM repairs"
        " WHERE closed_sequence IS NOT NULL ORDER BY closed_sequence DESC LIMIT -1 OFFSET ?)",
        (REPAIRS_MAX,),
    )
    visitors.prune(db, now_wall_ns)
    money.prune(db)
    listed.prune(db, now_wall_ns)
    slips.prune(db, now_wall_ns)
    db.execute("DELETE FROM warned WHERE wall_ns < ?", (now_wall_ns - WARNED_MAX_NS,))
    db.execute("DELETE FROM codes WHERE wall_ns < ?", (now_wall_ns - CODES_KEPT_NS,))
    db.execute(
        "DELETE FROM movements WHERE wall_ns < ? OR sequence <="
        " (SELECT sequence FROM movements ORDER BY sequence DESC LIMIT 1 OFFSET ?)",
        (now_wall_ns - MOVEMENTS_KEPT_NS, MOVEMENTS_MAX),
    )


def forget(db: apsw.Connection, before: int) -> None:
    """Delete what ended, or was last seen, before that row: plates, cards and names go with the journal's rows."""
    for table, key, ended in (
        ("visits", "visit", "exited_sequence"),
        ("alarms", "alarm", "closed_sequence"),
        ("repairs", "repair", "closed_sequence"),
    ):
        db.execute(
            f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {ended} < ? LIMIT ?)",
            (before, FORGOTTEN_MAX),
        )
    db.execute("DELETE FROM latest WHERE sequence < ?", (before,))
    visitors.forget(db, before)
    money.forget(db, before)


def predecessor(row: StoredRow) -> str:
    """The id of the predecessor of this journal, from its first row; empty without one."""
    if row.sequence != 1:
        return ""
    first = row.row()
    return _text(first.journal) if isinstance(first, rows.StorageDegraded) else ""


def carry_over(db: apsw.Connection, count: int) -> None:
    """Another journal begins: earlier rows keep their order, before its first."""
    for table, columns in _SEQUENCES.items():
        changes = ", ".join(f"{column} = {column} - {count}" for column in columns)
        db.execute(f"UPDATE {table} SET {changes}")


Granted = rows.AccessGranted | rows.AccessGrantedByHand
Decided = Granted | rows.AccessDenied | rows.AccessReferred | rows.ButtonReferred
Barriers = (
    rows.BarrierCommanded | rows.MovementRow | rows.OrderRow | rows.IncidentRow | rows.ServiceRow
    | rows.AccessGrantedByHand
)  # fmt: skip
MayInterrupt = (
    rows.BarrierStopped | rows.BarrierObstructed | rows.BarrierStuck | rows.BarrierReset | rows.BarrierUnlocked
)
LeftWaiting = rows.DeviceLost | rows.DeviceRestored | rows.StorageDegraded


# ---- visits ------------------------------------------------------------------------------------------------------


def _entered(db: apsw.Connection, place: Place, row: rows.PassageEntered) -> None:
    if row.mark == EMERGENCY:
        return
    values = (
        _text(row.visit), _known(row.pass_), _known(row.plate), _value(row.credential),
        _text(row.method), _text(row.certainty), place.sequence, place.wall_ns, _text(row.lane), _known(row.kind),
        row.credential.kind if row.credential else None, _known(row.by), _known(row.stated),
    )  # fmt: skip
    db.execute(
        "INSERT OR REPLACE INTO visits(visit, pass, plate, credential, method, certainty,"
        " entered_sequence, entered_wall_ns, entered_lane, kind, shown, let_in_by, stated)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    _left_unseen(db, place, row)


def _left_unseen(db: apsw.Connection, place: Place, row: rows.PassageRow) -> None:
    """Close older visits of a car that comes in or goes out by its card, plate or code: their exit was missed.

    A card and a plate of one pass are of one car if the plate is the same. A code has its own visit.
    """
    credential = row.credential
    if not credential or not credential.value:
        return
    _end_unseen(db, place, row, "credential", credential.value)
    if row.plate and credential.kind != "qr":
        _end_unseen(db, place, row, "plate", row.plate)


def _end_unseen(db: apsw.Connection, place: Place, row: rows.PassageRow, column: str, value: str) -> None:
    codes = " AND NOT EXISTS (SELECT 1 FROM codes WHERE code = credential)" if column == "plate" else ""
    ended = db.execute(
        f"UPDATE visits SET exited_sequence = ?, exited_wall_ns = ?, ended = '{corrections.AGAIN}'"
        f" WHERE {column} = ? AND pass IS ? AND exited_sequence IS NULL AND visit <> ?{codes}"
        " RETURNING entered_sequence",
        (place.sequence, place.wall_ns, value, _known(row.pass_), _text(row.visit)),
    )
    corrections.ended_unseen(db, [one[0] for one in ended.fetchall()])


def _exited(db: apsw.Connection, place: Place, row: rows.PassageExited) -> None:
    """A visit ends.

    A car that leaves and is not known to be inside was let in by a person, or has followed another car: it ends the
    oldest visit without a pass, so that the number of cars inside stays right. Without one it is of those that only a
    person's count has.
    """
    if row.mark == EMERGENCY:
        return
    end = "UPDATE visits SET exited_sequence = ?, exited_wall_ns = ?, exited_lane = ?, ended = ? WHERE visit = "
    values = (place.sequence, place.wall_ns, _text(row.lane), corrections.SEEN)
    db.execute(f"{end}?", (*values, _text(row.visit)))
    if not db.changes():
        db.execute(
            f"{end}(SELECT visit FROM visits WHERE pass IS NULL AND credential IS NULL AND exited_sequence IS NULL"
            " ORDER BY entered_sequence LIMIT 1)",
            values,
        )
        if not db.changes():
            corrections.gone_without_visit(db)
    _left_unseen(db, place, row)
    corrections.bounded(db)


def _told(db: apsw.Connection, place: Place, row: rows.VisitTold) -> None:
    visitors.told(db, place.sequence, row)


def _cancelled(db: apsw.Connection, place: Place, row: rows.VisitCancelled) -> None:
    visitors.cancelled(db, place.sequence, row)


def _pictured(db: apsw.Connection, place: Place, row: rows.VisitPictured) -> None:
    visitors.pictured(db, place.wall_ns, row)


def _listed_added(db: apsw.Connection, place: Place, row: rows.ListedAdded) -> None:
    listed.added(db, place.sequence, row)


def _listed_removed(db: apsw.Connection, _place: Place, row: rows.ListedRemoved) -> None:
    listed.removed(db, row)


def _slip(db: apsw.Connection, place: Place, row: rows.SlipRow) -> None:
    match row:
        case rows.SlipRegistered():
            slips.registered(db, place.sequence, place.wall_ns, row)
        case rows.SlipConfirmed():
            slips.confirmed(db, row)
        case rows.SlipCancelled():
            slips.cancelled(db, place.wall_ns, row)
        case rows.SlipUsed():
            slips.used(db, place.wall_ns, row)


def _visitors_left(db: apsw.Connection, place: Place, _row: rows.PassageRow) -> None:
    visitors.left(db, place.sequence)


def _last_passage(db: apsw.Connection, _place: Place, row: rows.PassageRow) -> None:
    note(db, LAST_PASSAGE, passage_name(row.type, _text(row.visit)))


def _last_correction(db: apsw.Connection, _place: Place, row: Correction) -> None:
    note(db, LAST_PASSAGE, correction_name(row))


def _voided(db: apsw.Connection, _place: Place, row: rows.PassageReversed) -> None:
    """An inferred passage did not happen: undo its entry or exit."""
    if row.voids:
        db.execute("DELETE FROM visits WHERE visit = ? AND exited_sequence IS NULL", (row.voids,))
        db.execute(
            "UPDATE visits SET exited_sequence = NULL, exited_wall_ns = NULL, exited_lane = NULL, ended = NULL"
            " WHERE visit = ?",
            (row.voids,),
        )
        visitors.back(db, row.voids)
        money.voided(db, row.voids)


def _money(db: apsw.Connection, place: Place, row: rows.Row) -> None:
    money.noted(db, place.sequence, place.wall_ns, row)


def _code_used(db: apsw.Connection, place: Place, row: rows.PassageEntered) -> None:
    """A code stays used, also if its passage is voided: the car outside may have a copy of it."""
    if row.credential and row.credential.kind == "qr":
        db.execute("INSERT OR REPLACE INTO codes VALUES(?, ?)", (_text(row.credential.value), place.wall_ns))


# ---- records of controllers --------------------------------------------------------------------------------------


def _recorded(db: apsw.Connection, _place: Place, row: rows.DeviceRecorded) -> None:
    _taken_up_to(db, row, row.record)


def _records_began(db: apsw.Connection, _place: Place, row: rows.DeviceRecordsBegan) -> None:
    _taken_up_to(db, row, row.after)


def _records_missed(db: apsw.Connection, _place: Place, row: rows.DeviceRecordsMissed) -> None:
    _taken_up_to(db, row, row.last)


def _taken_up_to(
    db: apsw.Connection, row: rows.DeviceRecorded | rows.DeviceRecordsBegan | rows.DeviceRecordsMissed, index: int
) -> None:
    note(db, f"{RECORDS}{_text(row.controller)}", str(int(index)))


# ---- alarms ------------------------------------------------------------------------------------------------------


def _alarm(db: apsw.Connection, place: Place, row: rows.AlarmRow) -> None:
    alarm = _text(row.alarm)
    known = db.execute("SELECT document FROM alarms WHERE alarm = ?", (alarm,)).get
    document: dict[str, Any] = msgspec.json.decode(known) if known else {}
    moment = rfc3339(place.wall_ns)
    document = {"raised_at": moment, **document, "as_of": moment, **_said(row)}
    if isinstance(row, rows.AlarmAcknowledged):
        document["acknowledged_by"] = document.get("acknowledged_by") or _known(row.by)
    closed = isinstance(row, rows.AlarmClosed) or document.get("state") == "closed"
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


# ---- repair orders -----------------------------------------------------------------------------------------------

_STEP_KEYS = ("note", "what", "assigned_to", "state", "count")


def _repair(db: apsw.Connection, place: Place, row: rows.RepairRow) -> None:
    """The order as in its last row, and one more step of its life."""
    repair = _text(row.repair)
    known = db.execute("SELECT steps FROM repairs WHERE repair = ?", (repair,)).get
    said = _said(row)
    step = {"type": row.type.removeprefix("repair."), "at": rfc3339(place.wall_ns), "by": _known(row.by)}
    step |= {key: said[key] for key in _STEP_KEYS if said.get(key) is not None}
    steps = [*(msgspec.json.decode(known) if known else ()), step]
    closed = place.sequence if isinstance(row, rows.RepairConfirmed) else None
    document = {key: value for key, value in said.items() if key not in _OF_ONE_STEP}
    _keep_repair(db, place, document, [*steps[:1], *steps[1:][1 - STEPS_MAX :]], closed)


_OF_ONE_STEP = ("by", "via", "station", "note", "what")


def _keep_repair(
    db: apsw.Connection, place: Place, document: dict[str, Any], steps: list[Any], closed: int | None
) -> None:
    texts = (msgspec.json.encode(document).decode(), msgspec.json.encode(steps).decode())
    db.execute(
        "INSERT INTO repairs VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(repair) DO UPDATE SET"
        " closed_sequence = excluded.closed_sequence, alarm = excluded.alarm, document = excluded.document,"
        " steps = excluded.steps",
        (document["repair"], place.sequence, closed, document.get("alarm"), *texts),
    )


# ---- lanes -------------------------------------------------------------------------------------------------------


def _of_lane(row: rows.LaneRow) -> str:
    return _text(row.lane)


def _of_barrier(row: Barriers) -> str:
    """The barrier, which two lanes may share; rows of early versions name only the lane."""
    return _text(row.barrier) or _text(row.lane)


def _of_device(row: rows.DeviceRow | rows.AlarmRow) -> str:
    return _text(row.device) or (_text(row.lane) if isinstance(row, rows.AlarmRow) else "")


def _mark(mark: str, of: Callable[[Any], str], *, first_counts: bool = False) -> _Apply:
    """Set a mark on a lane, barrier or device; with `first_counts` an existing one stays."""

    def change(db: apsw.Connection, place: Place, row: rows.Row) -> None:
        why = next((_text(said) for key in ("reason", "command", "cause") if (said := getattr(row, key, None))), "")
        _set_mark(db, place, of(row), mark, _text(getattr(row, "by", None)), why, first_counts=first_counts)

    return change


def _set_mark(
    db: apsw.Connection, place: Place, owner: str, mark: str, by: str, reason: str, *, first_counts: bool
) -> None:  # fmt: skip
    verb = "INSERT OR IGNORE" if first_counts else "INSERT OR REPLACE"
    db.execute(f"{verb} INTO marks VALUES(?, ?, ?, ?, ?)", (owner, mark, place.wall_ns, by, reason))


def _unmark(mark: str, of: Callable[[Any], str]) -> _Apply:
    """Remove a mark of `_mark`, also by its kind of owner: a lane and another barrier may have the same id."""

    def change(db: apsw.Connection, _place: Place, row: rows.Row) -> None:
        db.execute("DELETE FROM marks WHERE lane = ? AND mark = ?", (of(row), mark))

    return change


def _granted(db: apsw.Connection, place: Place, row: Granted) -> None:
    """Open a grant, until its passage or its end."""
    if row.grant:
        rest = {
            "kind": _known(row.kind), "credential": _known(row.credential), "reason": _known(row.reason),
            "by": _known(row.decided_by), "expected": _known(row.visit), "charge": _known(row.charge),
        }  # fmt: skip
        about = (_text(row.pass_), msgspec.json.encode(rest).decode())
        values = (_text(row.lane), GRANT + _text(row.grant), place.wall_ns, *about)
        db.execute("INSERT OR REPLACE INTO marks VALUES(?, ?, ?, ?, ?)", values)


def _latest(what: str, document: Callable[[Any], dict[str, Any]]) -> _Apply:
    """Store what a lane shows of the last row of a kind."""

    def change(db: apsw.Connection, place: Place, row: rows.LaneRow) -> None:
        shown = {"at": rfc3339(place.wall_ns), **document(row)}
        values = (_text(row.lane), what, place.sequence, msgspec.json.encode(shown).decode())
        db.execute("INSERT OR REPLACE INTO latest VALUES(?, ?, ?, ?)", values)

    return change


def _decision(row: Decided) -> dict[str, Any]:
    grant = row.grant if isinstance(row, rows.AccessGranted | rows.AccessGrantedByHand) else None
    return {
        "verdict": row.type.removeprefix("access."),
        "valid_until": None,
        "by": _known(row.decided_by),
        "reason": _known(row.reason),
        "credential": _known(row.credential),
        "pass": _known(row.pass_),
        "kind": _known(row.kind),
        "days_left": _known(row.days_left),
        "lane": _known(row.lane),
        "case": _known(row.case),
        "grant": _known(grant),
        **_shown_charge(row),
    }


def _shown_charge(row: Decided) -> dict[str, Any]:
    """What the stay cost at that decision, as screens show it; nothing where no tariff holds."""
    found = UNSET if isinstance(row, rows.ButtonReferred) else row.charge
    return {} if found is UNSET else {"charge": msgspec.to_builtins(bill_then(found).view())}


def _handled(db: apsw.Connection, place: Place, row: rows.CaseRow) -> None:
    """A person's act on the car of the lane's last decision."""
    lane = _text(row.lane)
    known = db.execute("SELECT document FROM latest WHERE lane = ? AND what = 'decision'", (lane,)).get
    shown: dict[str, Any] = msgspec.json.decode(known) if known else {}
    if not row.case or shown.get("case") != row.case:
        return
    what = row.type.removeprefix("case.")
    moment = rfc3339(place.wall_ns)
    shown["handled"] = {"what": what, "by": _known(row.by), "reason": _known(row.reason), "at": moment}
    db.execute(
        "UPDATE latest SET document = ? WHERE lane = ? AND what = 'decision'",
        (msgspec.json.encode(shown).decode(), lane),
    )


def _last_grant(row: Granted) -> dict[str, Any]:
    return {
        "pass": _known(row.pass_), "credential": _known(row.credential), "reason": _text(row.reason),
        "by": _known(row.decided_by),
    }  # fmt: skip


def _passage(row: rows.PassageRow) -> dict[str, Any]:
    what = row.type.removeprefix("passage.")
    return {"type": what, "visit": _known(row.visit), "pass": _known(row.pass_), "lane": _known(row.lane)}


def _grant_over(db: apsw.Connection, _place: Place, row: rows.PassageRow | rows.GrantUnused) -> None:
    if row.grant:
        db.execute("DELETE FROM marks WHERE mark = ?", (GRANT + _text(row.grant),))


def _when(fits: Callable[[Any], Any], *changes: _Apply) -> _Apply:
    """Changes of only some rows of a kind."""

    def change(db: apsw.Connection, place: Place, row: rows.Row) -> None:
        if fits(row):
            for one in changes:
                one(db, place, row)

    return change


def _left_waiting(db: apsw.Connection, place: Place, row: LeftWaiting) -> None:
    """A lost or restored device, or a lost journal, has left these barriers interrupted."""
    for barrier in row.interrupted or ():
        _set_mark(db, place, barrier, "interrupted", "", row.type, first_counts=True)


def _carried(db: apsw.Connection, place: Place, row: rows.StorageDegraded) -> None:
    """The first row of a succeeding journal has the state of lanes, alarms and repairs; known state stays."""
    for mark in row.marks or ():
        values = (mark.lane, mark.mark, mark.since_ns, mark.by, mark.reason)
        db.execute("INSERT OR IGNORE INTO marks VALUES(?, ?, ?, ?, ?)", values)
    for alarm in row.alarms or ():
        text = msgspec.json.encode(alarm).decode()
        kept = (alarm["alarm"], place.sequence, None, place.wall_ns, alarm.get("acknowledged_by"), text)
        db.execute("INSERT OR IGNORE INTO alarms VALUES(?, ?, ?, ?, ?, ?)", kept)
    for repair in row.repairs or ():
        if not db.execute("SELECT 1 FROM repairs WHERE repair = ?", (repair["repair"],)).get:
            _keep_repair(db, place, repair, [], None)


def _was_half_done(db: apsw.Connection, _place: Place, _row: rows.GatewayStarted) -> None:
    """A run begins: unfinished and held movements of the last one wait for a person."""
    half_done = "mark IN ('motion', 'held')"
    db.execute(
        "INSERT OR IGNORE INTO marks SELECT lane, 'interrupted', min(since_wall_ns), by, reason FROM marks"
        f" WHERE {half_done} GROUP BY lane"
    )
    db.execute(f"DELETE FROM marks WHERE {half_done}")


def _counted(name: str) -> _Apply:
    def change(db: apsw.Connection, _place: Place, row: Barriers) -> None:
        count(db, name, _of_barrier(row))

    return change


# ---- service -----------------------------------------------------------------------------------------------------


def _moved(db: apsw.Connection, place: Place, row: rows.MovementRow | rows.BarrierCrashed) -> None:
    """A movement whose time was measured, or a crash."""
    travel_ms = row.travel_ms if isinstance(row, rows.MovementRow) and isinstance(row.travel_ms, int) else None
    if travel_ms is not None or isinstance(row, rows.BarrierCrashed):
        what = row.type.removeprefix("barrier.")
        values = (place.sequence, _text(row.barrier), place.wall_ns, what, _text(row.cause), travel_ms)
        db.execute("INSERT OR REPLACE INTO movements VALUES(?, ?, ?, ?, ?, ?)", values)


def _due(db: apsw.Connection, place: Place, row: rows.ServiceDue) -> None:
    values = (_text(row.barrier), _text(row.what), row.limit or 0, row.count or 0)
    db.execute("INSERT OR REPLACE INTO service VALUES(?, ?, ?, ?, ?)", (*values, place.wall_ns))


def _over(db: apsw.Connection, _place: Place, row: rows.ServiceOver) -> None:
    db.execute("DELETE FROM service WHERE barrier = ? AND what = ?", (_text(row.barrier), _text(row.what)))


# ---- the rest ----------------------------------------------------------------------------------------------------


def _warned(db: apsw.Connection, place: Place, row: rows.PassExpiring) -> None:
    db.execute("INSERT OR REPLACE INTO warned VALUES(?, ?, ?)", (_text(row.pass_), place.wall_ns, _known(row.day)))


def _clean(db: apsw.Connection, _place: Place, row: rows.GatewayStarted | rows.GatewayStopped) -> None:
    note(db, "clean", "1" if isinstance(row, rows.GatewayStopped) else "0")


def _said(row: rows.AlarmRow | rows.RepairRow) -> dict[str, Any]:
    """The keys that the row has, by the names of its fields, which are those of its keys."""
    fields = ((name, getattr(row, name)) for name in row.__struct_fields__)
    return {name: value for name, value in fields if value is not UNSET}


def _known(value: Any) -> Any:
    """A key of an early row may be missing."""
    return None if value is UNSET else value


def _text(value: object) -> str:
    return "" if value is None or value is UNSET else str(value)


def _value(credential: Credential | None) -> str | None:
    return credential.value if credential else None


_DECISION, _GRANT, _PASSAGE = (
    _latest("decision", _decision),
    _latest("grant", _last_grant),
    _latest("passage", _passage),
)
_MEASURED = _unmark("motion", _of_barrier)
_ANSWERED = _unmark("asked", _of_barrier)
_DECIDED = _unmark("interrupted", _of_barrier)
_INTERRUPTED = _mark("interrupted", _of_barrier, first_counts=True)
_RELEASED = _unmark("held", _of_barrier)
_FOUND = _unmark("lost", _of_device)
_PERSONS = ("operator", "remote", "emergency")


def _is_interrupted(row: MayInterrupt) -> bool:
    return row.interrupted is True


def _is_free(row: MayInterrupt) -> bool:
    return row.interrupted is False


def _is_stop(row: rows.BarrierCommanded) -> bool:
    return row.command == "stop"


def _is_persons_close(row: rows.BarrierCommanded) -> bool:
    return row.command == "close" and row.cause == "operator"


def _is_persons_open(row: rows.AccessGrantedByHand) -> bool:
    return row.reason in _PERSONS and row.barrier is not UNSET


def _is_persons_release(row: rows.BarrierReleased) -> bool:
    """Only a person has a `via`; rows of earlier versions only have the name."""
    early: object = row.via
    return row.by != "gateway" if early is UNSET else bool(row.via)


def _is_left_waiting(row: rows.BarrierCommanded) -> bool:
    """A stop of an arm at rest interrupts nothing; earlier versions did not distinguish it."""
    return row.interrupted is not False


def _is_seen_to(row: rows.CaseReported) -> bool:
    """A person saw to the car; one with `to` notifies a role of a refusal, which has its own row."""
    return not row.to


def _is_lost_device(row: rows.AlarmRow) -> bool:
    return row.kind == "device_lost"


def _is_asked(row: rows.BarrierStuck) -> bool:
    return bool(row.asked)


# A person checks tagged and crashed lanes first; the row that ends it says whether they are interrupted.
_SETTLED = (_MEASURED, _ANSWERED, _DECIDED, _RELEASED)
_LEFT = (_when(_is_interrupted, _INTERRUPTED), _when(_is_free, _DECIDED))

_TABLE: dict[type[rows.Row], tuple[_Apply, ...]] = {
    rows.PassageEntered: (_entered, _visitors_left, _code_used, _grant_over, _last_passage, _PASSAGE),
    rows.PassageExited: (_exited, _visitors_left, _grant_over, _last_passage, _PASSAGE),
    **dict.fromkeys((rows.VisitRegistered, rows.VisitAnnounced, rows.VisitCorrected), (_told,)),
    rows.VisitCancelled: (_cancelled,),
    rows.VisitPictured: (_pictured,),
    **dict.fromkeys(
        (rows.VisitPaid, rows.VisitWaived, rows.VisitOwed, rows.VisitValidated, rows.VisitCharged), (_money,)
    ),
    rows.VisitLeftUnseen: (corrections.left_unseen, _last_correction),
    rows.VisitCameUnseen: (corrections.came_unseen, _last_correction),
    rows.VisitsCounted: (corrections.counted, _last_correction),
    rows.VisitsOverstayed: (corrections.overstayed,),
    rows.PassageReversed: (_voided,),
    rows.AccessGranted: (_granted, _DECISION, _GRANT),
    rows.AccessGrantedByHand: (_granted, _when(_is_persons_open, _DECIDED), _DECISION, _GRANT),
    rows.AccessDenied: (_DECISION,),
    rows.AccessReferred: (_DECISION, _money),
    rows.ButtonReferred: (_DECISION,),
    rows.GrantUnused: (_grant_over,),
    rows.CaseReleased: (_handled,),
    rows.CaseRefused: (_handled,),
    rows.CaseReported: (_when(_is_seen_to, _handled),),
    rows.ListedAdded: (_listed_added,),
    rows.ListedRemoved: (_listed_removed,),
    **dict.fromkeys((rows.SlipRegistered, rows.SlipConfirmed, rows.SlipCancelled, rows.SlipUsed), (_slip,)),
    rows.BarrierCommanded: (
        _when(_is_persons_close, _DECIDED, _RELEASED),
        _mark("motion", _of_barrier),
        _when(_is_stop, _MEASURED, _when(_is_left_waiting, _INTERRUPTED)),
        _counted("commands"),
    ),
    rows.BarrierOpened: (_MEASURED, _counted("cycles"), _moved),
    rows.BarrierClosed: (_MEASURED, _moved),
    rows.BarrierStopped: (_MEASURED, *_LEFT),
    rows.BarrierObstructed: (_MEASURED, *_LEFT),
    rows.BarrierNotFollowed: (_MEASURED,),
    rows.BarrierStuck: (_MEASURED, *_LEFT, _when(_is_asked, _mark("asked", _of_barrier))),
    rows.BarrierHeld: (_mark("held", _of_barrier), _MEASURED, _DECIDED),
    rows.BarrierReleased: (_RELEASED, _MEASURED, _when(_is_persons_release, _DECIDED)),
    rows.BarrierCrashed: (_mark("crashed", _of_lane, first_counts=True), *_SETTLED, _counted("crashes"), _moved),
    rows.BarrierReset: (_unmark("crashed", _of_lane), _ANSWERED, *_LEFT),
    rows.BarrierLocked: (_mark("locked", _of_lane), *_SETTLED),
    rows.BarrierUnlocked: (_unmark("locked", _of_lane), *_LEFT, acceptance.untagged),
    rows.AcceptanceTicked: (acceptance.ticked,),
    rows.AcceptanceLost: (acceptance.lost,),
    rows.AcceptanceSigned: (acceptance.signed,),
    rows.DeviceRecorded: (_recorded,),
    rows.DeviceRecordsBegan: (_records_began,),
    rows.DeviceRecordsMissed: (_records_missed,),
    rows.DeviceLost: (_mark("lost", _of_device, first_counts=True), _left_waiting),
    rows.DeviceRestored: (_FOUND, _left_waiting),
    rows.StorageDegraded: (_left_waiting, _carried),
    rows.ServiceDue: (_due,),
    rows.ServiceOver: (_over,),
    rows.PassExpiring: (_warned,),
    rows.GatewayStarted: (_clean, _was_half_done),
    rows.GatewayStopped: (_clean,),
    **dict.fromkeys(
        (
            rows.AlarmRaised, rows.AlarmAcknowledged, rows.AlarmVerified, rows.AlarmShelved, rows.AlarmUnshelved,
            rows.AlarmEscalated, rows.AlarmRefined,
        ),
        (_alarm,),
    ),
    **dict.fromkeys(
        (
            rows.RepairOpened, rows.RepairJoined, rows.RepairAssigned, rows.RepairArrived, rows.RepairReported,
            rows.RepairRejected, rows.RepairConfirmed, rows.RepairLimitChanged, rows.RepairLimitAcknowledged,
        ),
        (_repair,),
    ),
    **dict.fromkeys((rows.AlarmReturned, rows.AlarmClosed), (_alarm, _when(_is_lost_device, _FOUND))),
}  # fmt: skip
_TYPES = frozenset(kind.type for kind in _TABLE)


def _changes(row: rows.Row | None) -> tuple[_Apply, ...]:
    return _changes_of(type(row)) if row is not None else ()


@cache
def _changes_of(kind: type[rows.Row]) -> tuple[_Apply, ...]:
    """The changes of a kind; a row that was read back is of a subclass of it."""
    return next((_TABLE[base] for base in kind.__mro__ if base in _TABLE), ())
