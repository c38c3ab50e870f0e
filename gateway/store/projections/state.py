"""The projections in `state.db`: visits, alarms, modes of lanes, counters; and answers to requests.

The projections have the sequence that they are at. They are written with `synchronous=NORMAL`: rows that a power cut
takes are applied again from the journal. Answers to remote commands are not in the journal, so `begin` waits for the
disk before anything moves. If a power cut takes an answer, its request is known as begun and is not carried out again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import apsw
import msgspec

from gateway.core.vocabulary.errors import NotFoundError, StorageError
from gateway.core.vocabulary.events import OpenVisit
from gateway.store.journal.queries import StoredRow
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Row
from gateway.store.passes.credentials import normal_plate
from gateway.store.projections.table import (
    GRANT,
    KEPT_FOR_SAFETY,
    LAST_PASSAGE,
    apply_rows,
    carry_over,
    forget,
    note,
    predecessor,
    prune,
)
from gateway.store.sqlite.database import BUSY_MS, open_reader, open_writer, roll_back, storage_errors, transaction
from gateway.store.sqlite.schemas import STATE
from gateway.store.times import NS_PER_S, local_time, rfc3339

log = logging.getLogger(__name__)

PAGE_MAX = 1000
"""Visits of one page at most."""
CATCH_UP_ROWS = 500
"""Journal rows that `catch_up` applies in one transaction."""
PRUNE_ROWS = 4096
"""Old visits and alarms are deleted once in this many rows."""
ANSWERS_MAX = 100_000
CRASHES_MAX = 1000
"""Crashes of one barrier in the memory of a start; the limit of a month is lower."""
AHEAD_WAIT_S = 0.5
"""How long `ahead` waits for the commit of another thread or process."""
ANSWER_KEPT_NS = 7 * 86_400 * NS_PER_S
"""Answers to requests are kept a week, and at most ANSWERS_MAX of them."""

_STAYS = "SELECT visit, pass, plate, entered_wall_ns, credential FROM visits WHERE "
_NEWEST = " ORDER BY entered_sequence DESC LIMIT 16"
STAYS_OF_PASS = f"{_STAYS}pass = ? AND exited_sequence IS NULL{_NEWEST}"
STAYS_OF_CREDENTIAL = (
    f"{_STAYS}visit IN (SELECT visit FROM visits WHERE plate = ? AND exited_sequence IS NULL"
    f" UNION SELECT visit FROM visits WHERE credential = ? AND exited_sequence IS NULL){_NEWEST}"
)
"""Two searches instead of one with OR, for which SQLite would scan all cars inside."""
CARS_INSIDE = (
    "SELECT (SELECT value FROM meta WHERE key = ?), (SELECT count(*) FROM"
    " (SELECT 1 FROM visits WHERE exited_sequence IS NULL AND credential IS NOT ? LIMIT ?))"
)
"""The last passage and the cars inside as of it, in one statement, so that both match; 0.2 ms for 1000 cars."""

_ALARM_FIELDS = (
    "alarm", "kind", "priority", "state", "lane", "device", "raised_at", "as_of", "acknowledged_by", "detail",
)  # fmt: skip
_FOR_EVER_NS = 2**63 - 1
_FROM_THE_JOURNAL = (
    "visits",
    "alarms",
    "marks",
    "warned",
    "counters",
    "codes",
    "movements",
    "service",
    "latest",
    "meta",
)
_PASSAGES = ("passage.entered", "passage.exited", "passage.reversed")
"""Rows that the next decision must know before they are applied."""
_MODES = ("locked", "crashed")
"""Strongest first."""


class Answer(msgspec.Struct, frozen=True):
    """The request was carried out before; its first answer."""

    answer: Any


class Pending(msgspec.Struct, frozen=True):
    """The request was begun before and has no answer: it is in progress, or a restart interrupted it."""


class Conflict(msgspec.Struct, frozen=True):
    """The key was used for another request."""


class State:
    """`state.db`. May be shared by threads."""

    def __init__(self, path: Path, writer: bool = False) -> None:
        """Open it; a writer makes a missing file and migrates an old one."""
        self._path = path
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._writer = open_writer(path, STATE, synchronous="NORMAL") if writer else None
        self._at: int | None = None  # the writer keeps its sequence in memory
        self._followed: JournalReader | None = None
        self._reader = None if writer else open_reader(path, STATE)

    def close(self) -> None:
        """Close the file."""
        with self._write_lock, self._read_lock:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()

    # ---- following the journal -----------------------------------------------------------------------------------

    @property
    def journal(self) -> str:
        """The id of its journal, empty for none yet."""
        return self._meta("journal") or ""

    @property
    def ended_well(self) -> bool:
        """Whether the last applied row is the end of a run in good order."""
        return self._meta("clean") == "1"

    def follow(self, journal_id: str, successor_of: str = "") -> None:
        """Follow the journal of that id: as before, carried over from its predecessor, or from nothing."""
        if self.journal != journal_id:
            self._begin(journal_id, carried=bool(successor_of) and successor_of == self.journal)

    def standing(self) -> dict[str, list[dict[str, Any]]]:
        """The state of lanes and alarms, for the first row of the next journal (`projections.carried`)."""
        marks = self._select(
            "SELECT lane, mark, since_wall_ns, by, reason FROM marks"
            f" WHERE mark NOT GLOB '{GRANT}*' ORDER BY lane, mark"
        )
        keys = ("lane", "mark", "since_ns", "by", "reason")
        return {"marks": [dict(zip(keys, one, strict=True)) for one in marks], "alarms": self._alarm_documents()}

    @property
    def sequence(self) -> int:
        """The last journal row that was applied, 0 for none."""
        if self._at is None or self._writer is None:
            self._at = int(self._meta("sequence") or 0)
        return self._at

    def apply(self, rows: Iterable[StoredRow]) -> int:
        """Apply rows in one transaction; skips applied ones. Returns the new sequence."""
        before = self.sequence
        found = list(rows)
        with self._write_lock:
            db = self._writing()
            # Rows that keep an arm from moving wait for the disk, in case the journal is lost at a power cut.
            durable = any(row.type in KEPT_FOR_SAFETY for row in found)
            with storage_errors(self._path):
                db.pragma("synchronous", "FULL" if durable else "NORMAL")
            with transaction(db, self._path):
                last = apply_rows(db, (row for row in found if row.sequence > before))
                if last is not None:
                    note(db, "sequence", str(last.sequence))
                    if last.sequence // PRUNE_ROWS > before // PRUNE_ROWS:
                        prune(db, last.wall_ns)
            if last is not None:
                self._at = last.sequence
            return last.sequence if last is not None else before

    def catch_up(self, reader: JournalReader, *, stop: Callable[[], bool] | None = None) -> int:
        """Apply new rows of the journal in bounded steps; starts over for another journal."""
        if self._followed is not reader:
            self._follow(reader)
            self._followed = reader
        at = self.sequence
        while not (stop is not None and stop()):
            rows = reader.page(at, CATCH_UP_ROWS)
            if rows:
                at = self.apply(rows)
            if len(rows) < CATCH_UP_ROWS:
                break
        return at

    @contextmanager
    def ahead(self, reader: JournalReader, waiting: Iterable[Row] = ()) -> Iterator[State]:
        """The state after the rest of the journal and unwritten rows.

        It is made in a transaction that is rolled back, so nothing is written and a full disk does not matter. If
        another thread or process holds the file, it is made in a copy.
        """
        rows = [*_rest(reader, self.sequence)]
        last = rows[-1].sequence if rows else self.sequence
        rows += [_as_stored(row, number) for number, row in enumerate(waiting, last + 1)]
        with self._set_back() as db:
            apply_rows(db, [row for row in rows if row.sequence > _sequence(db)])
            yield _Ahead(self._path, db, rows)

    @contextmanager
    def _set_back(self) -> Iterator[apsw.Connection]:
        """A connection whose writes are undone after the block."""
        held = self._write_lock.acquire(timeout=AHEAD_WAIT_S)
        try:
            with storage_errors(self._path), ExitStack() as stack:
                db = self._begun(stack) if held else None
                yield db if db is not None else self._copied(stack)
        finally:
            if held:
                self._write_lock.release()

    def _begun(self, stack: ExitStack) -> apsw.Connection | None:
        """The writer in a transaction that will be rolled back; None if another process holds the file."""
        db = self._writing()
        db.set_busy_timeout(int(AHEAD_WAIT_S * 1000))
        stack.callback(db.set_busy_timeout, BUSY_MS)
        db.pragma("cache_spill", False)
        stack.callback(db.pragma, "cache_spill", True)
        try:
            db.execute("BEGIN IMMEDIATE")
        except apsw.Error as error:
            log.warning("%s is held by another, so a copy has to do: %s", self._path, error)
            return None
        stack.callback(roll_back, db)
        return db

    def _copied(self, stack: ExitStack) -> apsw.Connection:
        """A copy in memory."""
        source = stack.enter_context(closing(open_reader(self._path, STATE)))
        copy = stack.enter_context(closing(apsw.Connection(":memory:")))
        with copy.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step()
        return copy

    def forget(self, before: int) -> None:
        """Retention: delete visits and alarms that ended before that row, a bounded number per call."""
        with self._write_lock:
            db = self._writing()
            with transaction(db, self._path):
                forget(db, before)

    # ---- visits --------------------------------------------------------------------------------------------------

    def open_visits(self, pass_id: str | None, credential: str | None = None) -> tuple[OpenVisit, ...]:
        """The open visits, newest first: of a pass, or of a card number or plate without a pass."""
        if pass_id is not None:
            rows = self._select(STAYS_OF_PASS, (pass_id,))
        elif credential:
            rows = self._select(STAYS_OF_CREDENTIAL, (normal_plate(credential), credential))
        else:
            return ()
        return tuple(OpenVisit(*row) for row in rows)

    def visits(self, inside: bool = True, after: str = "", limit: int = 100) -> Sequence[dict[str, Any]]:
        """Visits in order of id, after `after`: those inside, or all."""
        only = " AND exited_sequence IS NULL" if inside else ""
        rows = self._select(
            "SELECT visit, pass, plate, method, certainty, entered_wall_ns, entered_lane,"
            f" exited_wall_ns, exited_lane FROM visits WHERE visit > ?{only} ORDER BY visit LIMIT ?",
            (after, min(limit, PAGE_MAX)),
        )
        return [_visit(*row) for row in rows]

    def last_passage(self) -> str:
        """The name of the last applied passage; empty before the first."""
        return self._meta(LAST_PASSAGE) or ""

    def code_used(self, name: str) -> bool:
        """Whether a QR code was used."""
        return bool(self._select("SELECT 1 FROM codes WHERE code = ?", (name,)))

    def group_inside(self, passes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """Which of these passes are inside; with the name of the last applied passage, or later ones."""
        after = self.last_passage()
        rows = self._select(
            "SELECT DISTINCT pass FROM visits WHERE pass IN carray(?) AND exited_sequence IS NULL",
            (apsw.carray(tuple(passes)),),
        )
        return after, tuple([str(row[0]) for row in rows])

    def cars_inside(self, but: str, most: int) -> tuple[str, int]:
        """How many other cars are inside, counted up to `most`; with the last applied passage."""
        rows = self._select(CARS_INSIDE, (LAST_PASSAGE, but, most))
        return str(rows[0][0] or ""), int(rows[0][1])

    def inside(self) -> int:
        """The number of open visits."""
        return int(self._select("SELECT count(*) FROM visits WHERE exited_sequence IS NULL")[0][0])

    # ---- alarms --------------------------------------------------------------------------------------------------

    def alarms(self) -> Sequence[dict[str, Any]]:
        """All open alarms: most urgent first, then oldest first."""
        found = [_alarm(document) for document in self._alarm_documents()]
        return sorted(found, key=lambda alarm: (alarm["priority"], alarm["raised_at"], alarm["alarm"]))

    def alarm(self, alarm_id: str) -> dict[str, Any]:
        """One alarm, open or closed; NotFoundError if it is unknown or deleted."""
        rows = self._select("SELECT document FROM alarms WHERE alarm = ?", (alarm_id,))
        if not rows:
            raise NotFoundError(f"there is no alarm {alarm_id!r}")
        return _alarm(msgspec.json.decode(rows[0][0]))

    def _alarm_documents(self) -> list[dict[str, Any]]:
        rows = self._select("SELECT document FROM alarms WHERE closed_sequence IS NULL ORDER BY raised_sequence")
        return [msgspec.json.decode(row[0]) for row in rows]

    # ---- lanes, warnings, counters -------------------------------------------------------------------------------

    def lanes(self) -> dict[str, dict[str, Any]]:
        """Lanes that are tagged or crashed: `mode` (the strongest), `since`, `by`, `reason`, and all `marks`."""
        found: dict[str, dict[str, Any]] = {}
        for lane, marks in self._marks().items():
            mode = next((mode for mode in _MODES if mode in marks), None)
            if mode is not None:
                found[lane] = {
                    "mode": mode,
                    **marks[mode],
                    "crashed": "crashed" in marks,
                    "crashed_since": marks["crashed"]["since"] if "crashed" in marks else None,
                    "marks": sorted(mark for mark in marks if mark in _MODES),
                }
        return found

    def warned(self, day: str, zone: tzinfo = UTC) -> set[str]:
        """The passes with an expiry warning on that site-local day (`2026-11-30`)."""
        return {pass_id for found, pass_id in self._warnings(zone) if found == day}

    def counters(self) -> dict[str, int]:
        """Journal rows by type, as far as they are applied."""
        return self.counted("type")

    def counted(self, name: str) -> dict[str, int]:
        """A counter by subject: `cycles`, `crashes` and `commands` by barrier, `type` by event type."""
        rows = self._select("SELECT subject, count FROM counters WHERE name = ?", (name,))
        return {str(subject): int(number) for subject, number in rows}

    def memory(self, zone: tzinfo = UTC) -> dict[str, Any]:
        """The memory of the core from the last run, as plain documents; `zone` is the site's."""
        marks = self._marks()
        warnings = self._warnings(zone)
        day = max((found for found, _ in warnings), default="")
        return {
            "alarms": self._alarm_documents(),
            "lanes": self.lanes(),
            "warned": {"day": day, "passes": [one for found, one in warnings if found == day]},
            "previous_clean": self._meta("clean") != "0",
            "interrupted": _since(marks, "interrupted", "motion", "held"),
            "asked": _since(marks, "asked"),
            "lost": _since(marks, "lost"),
            "grants": [self._left(*grant) for grant in _grants(marks)],
            "latest": self._latest(),
            "last_sure_wall_ns": int(self._meta("sure_wall_ns") or 0),
            "service": self._service(),
            "unapplied": self._unapplied(),
        }

    def _left(self, lane: str, grant: str, about: dict[str, Any]) -> dict[str, Any]:
        """An open grant, with the visit that it would end."""
        rest = msgspec.json.decode(about["reason"] or "{}")
        pass_id = about["by"] or None
        visit = self._stay_of(pass_id, rest.get("credential"))
        known = {"grant": grant, "lane": lane, "pass": pass_id, "given_wall_ns": about["since_wall_ns"], "visit": visit}
        return {**{key: value for key, value in rest.items() if value is not None}, **known}

    def _latest(self) -> dict[str, dict[str, Any]]:
        """The last decision, grant and passage of each lane."""
        found: dict[str, dict[str, Any]] = {}
        for lane, what, document in self._select("SELECT lane, what, document FROM latest"):
            found.setdefault(str(lane), {})[str(what)] = msgspec.json.decode(document)
        for latest in found.values():
            if (last := latest.get("decision")) is not None:
                last["visit"] = self._stay_of(last.get("pass"), last.get("credential"))
        return found

    def _stay_of(self, pass_id: str | None, credential: dict[str, str] | None) -> dict[str, Any] | None:
        """The visit of a car with a pass, or of one known by its credential."""
        visits = self.open_visits(pass_id, (credential or {}).get("value"))
        return msgspec.structs.asdict(visits[0]) if visits else None

    # ---- service -------------------------------------------------------------------------------------------------

    def service_counters(self, barrier: str) -> dict[str, int]:
        """The counters of a barrier since the data directory was made."""
        names = {"cycles": "cycles", "relay_operations": "commands", "crashes": "crashes"}
        return {key: self.counted(name).get(barrier, 0) for key, name in names.items()}

    def service_due(self, barrier: str) -> list[dict[str, Any]]:
        """The limits that a barrier has passed: `what`, `limit`, `count` and `since`."""
        rows = self._select(
            "SELECT what, most, count, since_wall_ns FROM service WHERE barrier = ? ORDER BY what", (barrier,)
        )
        return [{"what": w, "limit": most, "count": n, "since": rfc3339(ns)} for w, most, n, ns in rows]

    def movements(
        self, barrier: str, since_ns: int | None, until_ns: int | None, after: int | None = None, limit: int = 1000
    ) -> list[dict[str, Any]]:
        """Measured movements and crashes of a barrier, oldest first, behind the `sequence` `after`.

        Sequences of an earlier journal are negative.
        """
        rows = self._select(
            "SELECT sequence, wall_ns, what, cause, travel_ms FROM movements"
            " WHERE barrier = ? AND sequence > ? AND wall_ns >= ? AND wall_ns < ? ORDER BY sequence LIMIT ?",
            (
                barrier,
                -_FOR_EVER_NS if after is None else after,
                since_ns or 0,
                _FOR_EVER_NS if until_ns is None else until_ns,
                limit,
            ),
        )
        return [
            {"sequence": number, "at": rfc3339(ns), "what": what, "cause": cause, "travel_ms": travel_ms}
            for number, ns, what, cause, travel_ms in rows
        ]

    def _service(self) -> dict[str, dict[str, Any]]:
        """The memory of `gateway.core.lane.service` from the last run, by barrier."""
        cycles, commands = self.counted("cycles"), self.counted("commands")
        due = {row[0] for row in self._select("SELECT DISTINCT barrier FROM service")}
        return {
            barrier: {
                "cycles": cycles.get(barrier, 0),
                "relay_operations": commands.get(barrier, 0),
                "crashes": self._crashes(barrier),
                "due": self.service_due(barrier),
            }
            for barrier in sorted({*cycles, *commands, *due, *self.counted("crashes")})
        }

    def _crashes(self, barrier: str) -> list[int]:
        rows = self._select(
            "SELECT wall_ns FROM movements WHERE barrier = ? AND travel_ms IS NULL ORDER BY wall_ns DESC LIMIT ?",
            (barrier, CRASHES_MAX),
        )
        return [wall_ns for (wall_ns,) in reversed(rows)]

    # ---- answers to requests -------------------------------------------------------------------------------------

    def begin(self, key: str, digest: str, now_wall_ns: int) -> Answer | Pending | Conflict | None:
        """Note a request before anything moves; durable on return. None: it is new and may be carried out.

        `digest` identifies the body. StorageError if the disk does not take it.
        """
        with self._write_lock:
            db = self._writing()
            with storage_errors(self._path):
                db.pragma("synchronous", "FULL")
            try:
                with transaction(db, self._path):
                    return _begin(db, key, digest, now_wall_ns)
            finally:
                db.pragma("synchronous", "NORMAL")

    def finish(self, key: str, answer: Any) -> None:
        """Store the answer for repeats of the request."""
        text = msgspec.json.encode(answer).decode()
        with self._write_lock, storage_errors(self._path):
            self._writing().execute("UPDATE answers SET answer = ? WHERE key = ?", (text, key))

    def answer(self, key: str) -> Answer | Pending | None:
        """The state of a request; None for an unknown one."""
        rows = self._select("SELECT answer FROM answers WHERE key = ?", (key,))
        return _known(rows[0][0]) if rows else None

    def _unapplied(self) -> list[dict[str, Any]]:
        """Rows that only `ahead` has: none here."""
        return []

    # ---- inside --------------------------------------------------------------------------------------------------

    def _follow(self, reader: JournalReader) -> None:
        if self.journal != reader.journal_id:
            first = reader.page(0, 1)
            self.follow(reader.journal_id, predecessor(first[0]) if first else "")
        elif self.sequence > reader.last_sequence():
            self._begin(reader.journal_id, carried=False)

    def _begin(self, journal_id: str, *, carried: bool) -> None:
        """Begin to follow a journal: with the present state, or with nothing."""
        with self._write_lock:
            db = self._writing()
            with transaction(db, self._path):
                if carried:
                    carry_over(db, self.sequence + 1)
                else:
                    for table in _FROM_THE_JOURNAL:
                        db.execute(f"DELETE FROM {table}")
                note(db, "journal", journal_id)
                note(db, "sequence", "0")
            self._at = 0

    def _writing(self) -> apsw.Connection:
        if self._writer is None:
            raise StorageError("this state was opened for reading")
        return self._writer

    def _meta(self, key: str) -> str | None:
        rows = self._select("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def _marks(self) -> dict[str, dict[str, dict[str, Any]]]:
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for lane, mark, since_ns, by, reason in self._select("SELECT * FROM marks"):
            about = {"since": rfc3339(since_ns), "by": by, "reason": reason, "cause": reason, "since_wall_ns": since_ns}
            found.setdefault(str(lane), {})[str(mark)] = about
        return found

    def _warnings(self, zone: tzinfo) -> list[tuple[str, str]]:
        rows = self._select("SELECT day, wall_ns, pass FROM warned ORDER BY pass")
        return [(day or _local_day(wall_ns, zone), pass_id) for day, wall_ns, pass_id in rows]

    def _select(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._read_lock, storage_errors(self._path):
            if self._reader is None:
                self._reader = open_reader(self._path, STATE)
            return list(self._reader.execute(sql, values).fetchall())


class _Ahead(State):
    """A read through the writer's connection, within its transaction."""

    def __init__(self, path: Path, db: apsw.Connection, unapplied: Sequence[StoredRow]) -> None:
        self._path = path
        self._db = db
        self._rows = unapplied

    def _select(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with storage_errors(self._path):
            return list(self._db.execute(sql, values).fetchall())

    def _unapplied(self) -> list[dict[str, Any]]:
        kept = [row for row in self._rows if row.type in _PASSAGES]
        return [{"type": row.type, "wall_ns": row.wall_ns, "data": row.raw()} for row in kept]


def _sequence(db: apsw.Connection) -> int:
    """The last row that was applied."""
    return int(db.execute("SELECT value FROM meta WHERE key = 'sequence'").get or 0)


def _rest(reader: JournalReader, after: int) -> Iterator[StoredRow]:
    """The rows of the journal after that one."""
    while rows := reader.page(after, CATCH_UP_ROWS):
        yield from rows
        after = rows[-1].sequence


def _as_stored(row: Row, sequence: int) -> StoredRow:
    """An unwritten row in the form of a stored one."""
    text = msgspec.json.encode({"data": row.data, "clockstate": row.clock.value}).decode()
    return StoredRow(sequence, row.type, row.subject, row.wall_ns, text)


def _begin(db: apsw.Connection, key: str, digest: str, now_wall_ns: int) -> Answer | Pending | Conflict | None:
    known = db.execute("SELECT digest, answer FROM answers WHERE key = ?", (key,)).fetchone()
    if known is not None:
        return _known(known[1]) if known[0] == digest else Conflict()
    db.execute(
        "INSERT INTO answers(key, digest, begun_wall_ns) VALUES(?, ?, ?)",
        (key, digest, now_wall_ns),
    )
    newest = db.last_insert_rowid()
    db.execute(
        "DELETE FROM answers WHERE number <= ? OR (number < ? AND begun_wall_ns < ?"
        " AND number IN (SELECT number FROM answers ORDER BY number LIMIT 8))",
        (newest - ANSWERS_MAX, newest, now_wall_ns - ANSWER_KEPT_NS),
    )
    return None


def _known(text: Any) -> Answer | Pending:
    return Pending() if text is None else Answer(msgspec.json.decode(text))


def _alarm(document: dict[str, Any]) -> dict[str, Any]:
    return {field: document.get(field) for field in _ALARM_FIELDS}


def _since(marks: dict[str, dict[str, dict[str, Any]]], *wanted: str) -> dict[str, str]:
    """The owners of these marks, and since when."""
    found = {name: [has[mark]["since"] for mark in wanted if mark in has] for name, has in sorted(marks.items())}
    return {name: min(since) for name, since in found.items() if since}


def _grants(marks: dict[str, dict[str, dict[str, Any]]]) -> list[tuple[str, str, dict[str, Any]]]:
    """The open grants, oldest first: lane, grant and its mark."""
    found = [
        (lane, mark.removeprefix(GRANT), about)
        for lane, has in marks.items()
        for mark, about in has.items()
        if mark.startswith(GRANT)
    ]
    return sorted(found, key=lambda one: (one[2]["since_wall_ns"], one[1]))


def _visit(
    visit: str, pass_id: str | None, plate: str | None, method: str, certainty: str,
    entered_ns: int, lane: str, exited_ns: int | None, exit_lane: str | None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "visit": visit,
        "pass": pass_id,
        "plate": plate,
        "method": method,
        "certainty": certainty,
        "lane": lane,
        "entered_at": rfc3339(entered_ns),
        "exit_lane": exit_lane,
        "exited_at": None if exited_ns is None else rfc3339(exited_ns),
    }


def _local_day(wall_ns: int, zone: tzinfo) -> str:
    return local_time(wall_ns, zone).date().isoformat()
