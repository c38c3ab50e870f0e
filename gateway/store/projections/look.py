"""What can be looked up in the projections: visits, alarms, lanes, counters, service.

A `Look` asks through `select`, so the same questions serve the file on the disk (`state`) and what it will hold once
all rows are applied (`ahead`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from datetime import tzinfo
from typing import Any

import apsw
import msgspec

from gateway.core.settings.model import Site
from gateway.core.vocabulary.events import Account, Debt, Entry, ExpectedVisit, InsideFacts, Listed, OpenVisit
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.views import InsideView, ListedView, RepairView, SlipView, VisitView, overdue
from gateway.store.listed import table as listed
from gateway.store.passes.credentials import CardBits, normal_plate
from gateway.store.projections import visitors
from gateway.store.projections.inside import asked
from gateway.store.projections.inside.corrections import LISTED
from gateway.store.projections.table import GRANT, LAST_PASSAGE
from gateway.store.slips import table as slips
from gateway.store.times import local_time, rfc3339
from gateway.store.visits import money

PAGE_MAX = 1000
"""Visits of one page at most."""

_STAYS = (
    "SELECT visit, pass, plate, entered_wall_ns, credential, (SELECT v.document ->> '$.goods' FROM visitors v"
    " WHERE v.visit = visits.visit) FROM visits WHERE "
)
_NEWEST = " ORDER BY entered_sequence DESC LIMIT 16"
STAY = f"{_STAYS}visit = ? AND exited_sequence IS NULL"
STAYS_OF_PASS = f"{_STAYS}pass = ? AND exited_sequence IS NULL{_NEWEST}"
STAYS_OF_CREDENTIAL = (
    f"{_STAYS}visit IN (SELECT visit FROM visits WHERE plate = ? AND exited_sequence IS NULL"
    f" UNION SELECT visit FROM visits WHERE credential = ? AND exited_sequence IS NULL){_NEWEST}"
)
"""Two searches instead of one with OR, for which SQLite would scan all cars inside."""
RECENT_PLATES = "SELECT plate FROM visits WHERE plate IS NOT NULL ORDER BY entered_wall_ns DESC LIMIT ?"
CARS_INSIDE = (
    "SELECT (SELECT value FROM meta WHERE key = ?), (SELECT count(*) FROM"
    " (SELECT 1 FROM visits WHERE exited_sequence IS NULL AND credential IS NOT ? LIMIT ?"
    " - min(0, coalesce((SELECT offset FROM inside_set), 0)))), coalesce((SELECT offset FROM inside_set), 0)"
)
"""The last passage and the cars inside as of it, in one statement, so that both match; 0.2 ms for 1000 cars."""

_FOR_EVER_NS = 2**63 - 1
_MODES = ("locked", "crashed")
"""Strongest first."""


class Look(ABC):
    """Questions to the projections."""

    @abstractmethod
    def select(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """All rows of one statement."""

    # ---- visits --------------------------------------------------------------------------------------------------

    def open_visits(self, pass_id: str | None, credential: str | None = None) -> tuple[OpenVisit, ...]:
        """The open visits, newest first: of a pass, or of a card number or plate without a pass."""
        if pass_id is not None:
            rows = self.select(STAYS_OF_PASS, (pass_id,))
        elif credential:
            rows = self.select(STAYS_OF_CREDENTIAL, (normal_plate(credential), credential))
        else:
            return ()
        return tuple(_stay(*row) for row in rows)

    def visits(
        self,
        state: str = "inside",
        query: str = "",
        after: str = "",
        limit: int = 100,
        *,
        narrowed: visitors.Narrowed = visitors.ALL,
    ) -> Sequence[VisitView]:
        """Visits in order of id, after `after`: of a state of `visitors.STATES`, else all that have begun."""
        return visitors.listed(self.select, state, query, after, min(limit, PAGE_MAX), narrowed=narrowed)

    def stays(
        self, query: str = "", limit: int = 100, *, narrowed: visitors.Narrowed = visitors.ALL
    ) -> list[VisitView]:
        """The cars inside, the oldest first."""
        return list(
            visitors.listed(self.select, "inside", query, "", min(limit, PAGE_MAX), narrowed=narrowed, aged=True)
        )

    def announced(self, state: str, query: str, now_ns: int, limit: int, offset: int = 0) -> Sequence[VisitView]:
        """Visitors of a state of `visitors.ANNOUNCED`: who is expected first, of others the latest first."""
        return visitors.announced(self.select, state, query, now_ns, min(limit, PAGE_MAX), offset)

    def recent_plates(self, limit: int) -> list[str]:
        """The plates of the last cars that came in, the newest first."""
        return [str(row[0]) for row in self.select(RECENT_PLATES, (limit,))]

    def visit(self, visit: str) -> VisitView | None:
        """The visit of that id, begun or not; None when it is not known, or no longer."""
        return next(iter(visitors.listed(self.select, "", "", "", 1, visit)), None)

    def named(self, begins: str) -> str | None:
        """The id of the visitor that begins so."""
        rows = self.select("SELECT visit FROM visitors WHERE visit > ? AND visit < ? LIMIT 1", (begins, begins + "~"))
        return str(rows[0][0]) if rows else None

    def expected(self, kind: str, value: str, card_bits: CardBits = "full") -> tuple[ExpectedVisit, ...]:
        """Who is expected, or inside, by a plate, a card or the id of a visit (`kind` is `visit`)."""
        return visitors.expected_by(self.select, kind, value, card_bits)

    def stay(self, visit: str) -> tuple[OpenVisit, ...]:
        """The open visit of that id, if there is one."""
        return tuple(_stay(*row) for row in self.select(STAY, (visit,)))

    # ---- lists of vehicles ---------------------------------------------------------------------------------------

    def listed_of(self, shown: Collection[Credential], card_bits: CardBits = "full") -> tuple[Listed, ...]:
        """The entries of the lists of vehicles with one of these plates and cards."""
        return listed.of_vehicle(self.select, shown, card_bits)

    def listed(self, list_: str, now_ns: int, after: str = "", limit: int = PAGE_MAX) -> Sequence[ListedView]:
        """The entries of a list (empty: of all) that have not ended, in order of id."""
        return listed.entries(self.select, list_, now_ns, after, min(limit, PAGE_MAX))

    def listed_entry(self, entry: str) -> ListedView | None:
        """The entry of that id; None when it is not known, or no longer."""
        return listed.entry(self.select, entry)

    def listed_count(self, now_ns: int) -> int:
        """How many entries the lists have together."""
        return listed.count(self.select, now_ns)

    # ---- release slips -------------------------------------------------------------------------------------------

    def slip(self, slip: str, now_ns: int) -> SlipView | None:
        """The release slip of that id; None when it is not known, or no longer."""
        return slips.slip_of(self.select, slip, now_ns)

    def slips(self, state: str, query: str, now_ns: int, after: str = "", limit: int = 100) -> Sequence[SlipView]:
        """Release slips in order of id: of a state (empty: of all), with a text in id, unit, goods or plate."""
        return slips.listed(self.select, state, query, now_ns, after, min(limit, PAGE_MAX))

    def latest_slips(self, state: str, query: str, now_ns: int, limit: int, offset: int = 0) -> Sequence[SlipView]:
        """The same, the newest first."""
        return slips.latest(self.select, state, query, now_ns, min(limit, PAGE_MAX), offset)

    def slip_named(self, begins: str) -> str | None:
        """The id of the slip that begins so."""
        return slips.named(self.select, begins)

    # ---- passages ------------------------------------------------------------------------------------------------

    def last_passage(self) -> str:
        """The name of the last applied passage; empty before the first."""
        return self.meta(LAST_PASSAGE) or ""

    def code_used(self, name: str) -> bool:
        """Whether a QR code was used."""
        return bool(self.select("SELECT 1 FROM codes WHERE code = ?", (name,)))

    def group_inside(self, passes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """Which of these passes are inside; with the name of the last applied passage, or later ones."""
        after = self.last_passage()
        rows = self.select(
            "SELECT DISTINCT pass FROM visits WHERE pass IN carray(?) AND exited_sequence IS NULL",
            (apsw.carray(tuple(passes)),),
        )
        return after, tuple([str(row[0]) for row in rows])

    def cars_inside(self, but: str, most: int) -> tuple[str, int]:
        """How many other cars are inside, counted up to `most`; with the last applied passage."""
        after, visits, offset = self.select(CARS_INSIDE, (LAST_PASSAGE, but, most))[0]
        return str(after or ""), max(0, int(visits) + int(offset))

    def inside(self, capacity: int | None, now: str) -> InsideView:
        """How many cars are inside, by kind, and how many of the places are free."""
        return asked.inside(self.select, capacity, now)

    def inside_facts(self, visit: str = "") -> InsideFacts:
        """What a correction must know of the number of cars, and of that visit."""
        return asked.facts(self.select, visit)

    def overstayed(self, site: Site, now_ns: int) -> int:
        """How many visits do not end."""
        return visitors.counted(self.select, visitors.overstayed(site, now_ns))

    def overstayed_day(self) -> str:
        """The last day whose visits without an end are journaled; empty for none."""
        return self.meta(LISTED) or ""

    # ---- money ---------------------------------------------------------------------------------------------------

    def account(self, visit: str, reentry_ns: int = 0) -> Account | None:
        """What was done about the charge of a visit that has begun; None for one that is not known.

        `reentry_ns`: a return within this time goes on with the stay before.
        """
        return money.account(self.select, visit, reentry_ns)

    def entry(self, name: str) -> Entry | None:
        """The payment, validation or waiver of that name."""
        return money.entry(self.select, name)

    def debts(self, values: Iterable[str]) -> tuple[Debt, ...]:
        """What a car with one of these plates or cards owes."""
        return money.debts(self.select, values)

    def debts_of(self, visits: Iterable[str]) -> tuple[Debt, ...]:
        """What is owed of these visits."""
        return money.debts_of(self.select, visits)

    def owed(self, query: str, limit: int, offset: int = 0) -> tuple[Debt, ...]:
        """What is owed, the latest first, with a text in plate, card or unit."""
        return money.owed(self.select, query, min(limit, PAGE_MAX), offset)

    def owed_in_all(self) -> tuple[tuple[str, int, int], ...]:
        """By currency the sum that is owed, and by how many visits."""
        return money.owed_in_all(self.select)

    def takings(self, since_ns: int, until_ns: int) -> list[dict[str, Any]]:
        """What was paid in a time, by person (`by`), `method` and `currency`: `amount` and number of `payments`."""
        return money.takings(self.select, since_ns, until_ns)

    def settlements(self, visit: str) -> tuple[money.Settlement, ...]:
        """How the charge of a visit was settled, oldest first."""
        return money.settlements(self.select, visit)

    def payments_by(self, by: str, since_ns: int, limit: int, offset: int = 0) -> tuple[money.Settlement, ...]:
        """The payments that a person took since an instant, newest first."""
        return money.payments_by(self.select, by, since_ns, limit, offset)

    # ---- alarms --------------------------------------------------------------------------------------------------

    def alarm_documents(self) -> list[dict[str, Any]]:
        """All that is known of the open alarms, oldest first."""
        rows = self.select("SELECT document FROM alarms WHERE closed_sequence IS NULL ORDER BY raised_sequence")
        return [msgspec.json.decode(row[0]) for row in rows]

    # ---- repair orders ---------------------------------------------------------------------------------------------

    def open_repairs(self) -> list[dict[str, Any]]:
        """The open repair orders as in their last row, oldest first."""
        rows = self.select("SELECT document FROM repairs WHERE closed_sequence IS NULL ORDER BY opened_sequence")
        return [msgspec.json.decode(row[0]) for row in rows]

    def repairs(self, now: str, *, open_only: bool = True, after: str = "", limit: int = 100) -> list[RepairView]:
        """Repair orders as they were opened, behind that one, which is unknown or none for the first page."""
        rows = self.select(
            "SELECT document FROM repairs WHERE (closed_sequence IS NULL OR NOT ?) AND opened_sequence >"
            " ifnull((SELECT opened_sequence FROM repairs WHERE repair = ?), ?) ORDER BY opened_sequence LIMIT ?",
            (open_only, after, -_FOR_EVER_NS, min(limit, PAGE_MAX)),
        )
        return [_repair(row[0], now) for row in rows]

    def confirmed_repairs(self, now: str, limit: int) -> list[RepairView]:
        """The repair orders that were confirmed last."""
        rows = self.select(
            "SELECT document FROM repairs WHERE closed_sequence IS NOT NULL ORDER BY closed_sequence DESC LIMIT ?",
            (limit,),
        )
        return [_repair(row[0], now) for row in rows]

    def repair(self, repair: str, now: str) -> tuple[RepairView, list[dict[str, Any]]] | None:
        """One repair order, open or confirmed, and what was done about it; None for none that is kept."""
        rows = self.select("SELECT document, steps FROM repairs WHERE repair = ?", (repair,))
        return (_repair(rows[0][0], now), msgspec.json.decode(rows[0][1])) if rows else None

    def repair_subjects(self) -> dict[str, str]:
        """What repair orders were opened about, where their kind does not say it: `what` or the note of a person."""
        rows = self.select("SELECT repair, ifnull(steps ->> '$[0].what', steps ->> '$[0].note') FROM repairs")
        return {str(repair): str(what) for repair, what in rows if what}

    def mended_alarms(self) -> list[str]:
        """Alarms that are not closed though the order that they opened is confirmed."""
        rows = self.select(
            "SELECT alarms.alarm FROM alarms WHERE closed_sequence IS NULL AND EXISTS (SELECT 1 FROM repairs"
            " WHERE repairs.alarm = alarms.alarm AND repairs.closed_sequence IS NOT NULL)"
        )
        return [str(row[0]) for row in rows]

    # ---- lanes, warnings, counters -------------------------------------------------------------------------------

    def lanes(self) -> dict[str, dict[str, Any]]:
        """Lanes that are tagged or crashed: `mode` (the strongest), `since`, `by`, `reason`, and all `marks`."""
        found: dict[str, dict[str, Any]] = {}
        for lane, marks in self.marks().items():
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

    def counters(self) -> dict[str, int]:
        """Journal rows by type, as far as they are applied."""
        return self.counted("type")

    def counted(self, name: str) -> dict[str, int]:
        """A counter by subject: `cycles`, `crashes` and `commands` by barrier, `type` by event type."""
        rows = self.select("SELECT subject, count FROM counters WHERE name = ?", (name,))
        return {str(subject): int(number) for subject, number in rows}

    def standing(self) -> dict[str, list[dict[str, Any]]]:
        """The state of lanes, alarms and repairs, for the first row of the next journal (`projections.carried`)."""
        marks = self.select(
            "SELECT lane, mark, since_wall_ns, by, reason FROM marks"
            f" WHERE mark NOT GLOB '{GRANT}*' ORDER BY lane, mark"
        )
        keys = ("lane", "mark", "since_ns", "by", "reason")
        return {
            "marks": [dict(zip(keys, one, strict=True)) for one in marks],
            "alarms": self.alarm_documents(),
            "repairs": self.open_repairs(),
        }

    # ---- service -------------------------------------------------------------------------------------------------

    def service_counters(self, barrier: str) -> dict[str, int]:
        """The counters of a barrier since the data directory was made."""
        names = {"cycles": "cycles", "relay_operations": "commands", "crashes": "crashes"}
        return {key: self.counted(name).get(barrier, 0) for key, name in names.items()}

    def service_due(self, barrier: str) -> list[dict[str, Any]]:
        """The limits that a barrier has passed: `what`, `limit`, `count` and `since`."""
        rows = self.select(
            "SELECT what, most, count, since_wall_ns FROM service WHERE barrier = ? ORDER BY what", (barrier,)
        )
        return [{"what": w, "limit": most, "count": n, "since": rfc3339(ns)} for w, most, n, ns in rows]

    def movements(
        self, barrier: str, since_ns: int | None, until_ns: int | None, after: int | None = None, limit: int = 1000
    ) -> list[dict[str, Any]]:
        """Measured movements and crashes of a barrier, oldest first, behind the `sequence` `after`.

        Sequences of an earlier journal are negative.
        """
        rows = self.select(
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

    # ---- the tables as they are ------------------------------------------------------------------------------------

    def meta(self, key: str) -> str | None:
        """A value that describes the projections themselves."""
        rows = self.select("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def marks(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The marks of each lane (or barrier, or gateway), by name."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for lane, mark, since_ns, by, reason in self.select("SELECT * FROM marks"):
            about = {"since": rfc3339(since_ns), "by": by, "reason": reason, "cause": reason, "since_wall_ns": since_ns}
            found.setdefault(str(lane), {})[str(mark)] = about
        return found

    def warnings(self, zone: tzinfo) -> list[tuple[str, str]]:
        """The last expiry warning of each pass: its site-local day, and the pass."""
        rows = self.select("SELECT day, wall_ns, pass FROM warned ORDER BY pass")
        return [(day or _local_day(wall_ns, zone), pass_id) for day, wall_ns, pass_id in rows]


def _repair(document: str, now: str) -> RepairView:
    found = msgspec.json.decode(document, type=RepairView)
    return msgspec.structs.replace(found, overdue=overdue(found.state, found.on_site_by, found.mend_by, now))


def _local_day(wall_ns: int, zone: tzinfo) -> str:
    return local_time(wall_ns, zone).date().isoformat()


def _stay(
    visit: str, pass_id: str | None, plate: str | None, entered_ns: int, credential: str | None, goods: int | None
) -> OpenVisit:
    return OpenVisit(visit, pass_id, plate, entered_ns, credential, bool(goods))
