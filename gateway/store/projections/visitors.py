"""Visitors as the projections know them: who is expected, by which plate, card or code, and what became of them.

A visitor is expected until it came in, cancelled, or out again; `visits` says when it came in and left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import apsw
import msgspec

from gateway.core.settings.model import Site
from gateway.core.vocabulary import rows
from gateway.core.vocabulary.authors import GATEWAY, SCHEDULE
from gateway.core.vocabulary.events import ExpectedVisit
from gateway.core.vocabulary.rows import UNSET
from gateway.core.vocabulary.views import VisitView
from gateway.store.passes.credentials import LOW_24, LOW_32, CardBits, card_number, normal_card, normal_plate
from gateway.store.projections.inside.kinds import KIND
from gateway.store.times import parse_wall_ns, rfc3339

FOUND_MAX = 16
"""Visitors of one plate or card at most; more are not looked at."""
KEPT_NS = 30 * 86_400 * 1_000_000_000
"""A visitor who never came is deleted so long after the end of its time."""
VISITORS_MAX = 100_000
_HOUR_NS = 3_600 * 1_000_000_000
FORGOTTEN_MAX = 500
_NO_PERSON = (GATEWAY.by, SCHEDULE.by)

Select = Callable[..., list[Any]]

_EXPECTED = (
    "SELECT v.visit, v.from_ns, v.until_ns, v.plate, s.visit IS NOT NULL, v.card,"
    " ifnull(v.document ->> '$.vehicle_class', 'car'),"
    " v.document ->> '$.building', v.document ->> '$.goods', v.document ->> '$.hazardous',"
    " ifnull(v.document ->> '$.purpose', '')"
    " FROM visitors v LEFT JOIN visits s ON s.visit = v.visit WHERE v.ended_sequence IS NULL AND "
)
_STATES = {
    "expected": "s.visit IS NULL AND v.ended_sequence IS NULL",
    "cancelled": "s.visit IS NULL AND v.ended_sequence IS NOT NULL",
    "inside": "s.visit IS NOT NULL AND s.exited_sequence IS NULL",
    "ended": "s.visit IS NOT NULL AND s.exited_sequence IS NOT NULL",
    "owed": "s.exited_sequence IS NOT NULL AND EXISTS (SELECT 1 FROM debts d WHERE d.visit = s.visit)",
}
STATES = tuple(_STATES)
"""What can be asked for."""
_COLUMNS = (
    " coalesce(v.visit, s.visit) AS visit, s.pass, coalesce(s.plate, v.plate) AS plate, s.method, s.certainty,"
    " s.entered_wall_ns, s.entered_lane, s.exited_wall_ns, s.exited_lane, v.ended_sequence, v.document, v.card,"
    " (SELECT d.amount FROM debts d WHERE d.visit = s.visit) AS owed,"
    " (SELECT sum(m.amount) FROM money m WHERE m.visit = s.visit AND m.kind = 'paid') AS paid,"
    f" {KIND} AS kind, s.shown, s.let_in_by, s.stated, s.ended, s.ended_by, s.ended_reason"
)
_ALL = (
    f"SELECT {_COLUMNS} FROM visits s LEFT JOIN visitors v ON v.visit = s.visit WHERE {{0}}"
    f" UNION ALL SELECT {_COLUMNS} FROM visitors v LEFT JOIN visits s ON s.visit = v.visit"
    " WHERE s.visit IS NULL AND {0}"
)


# ---- what rows change ------------------------------------------------------------------------------------------------


def told(db: apsw.Connection, sequence: int, row: rows.VisitTold) -> None:
    """A visitor was registered, announced or corrected."""
    card = _card(row.card)
    values = (
        row.visit,
        normal_plate(row.plate) if row.plate else None,
        card,
        card_number(card) & LOW_24 if card is not None else None,
        parse_wall_ns(row.from_),
        parse_wall_ns(row.until),
        sequence,
        msgspec.json.encode(_document(row)).decode(),
    )
    db.execute(
        "INSERT INTO visitors VALUES(?, ?, ?, ?, ?, ?, ?, NULL, 0, ?) ON CONFLICT(visit) DO UPDATE SET"
        " plate = excluded.plate, card = excluded.card, low = excluded.low, from_ns = excluded.from_ns,"
        " until_ns = excluded.until_ns, document = json_patch(excluded.document,"
        " json_object('pictured', json(visitors.document -> '$.pictured')))",
        values,
    )


def pictured(db: apsw.Connection, wall_ns: int, row: rows.VisitPictured) -> None:
    """The cameras of a lane were asked for a picture of its vehicle; the last one counts."""
    db.execute(
        "UPDATE visitors SET document = json_set(document, '$.pictured', json_object('at', ?, 'lane', ?))"
        " WHERE visit = ?",
        (rfc3339(wall_ns), row.lane, row.visit),
    )


def cancelled(db: apsw.Connection, sequence: int, row: rows.VisitCancelled) -> None:
    """A visitor who has not come in does not come."""
    db.execute(
        "UPDATE visitors SET ended_sequence = ?, cancelled = 1 WHERE visit = ? AND ended_sequence IS NULL",
        (sequence, row.visit),
    )


def left(db: apsw.Connection, sequence: int) -> None:
    """The passage of this row has ended visits: those of visitors are over."""
    db.execute(
        "UPDATE visitors SET ended_sequence = ? WHERE ended_sequence IS NULL"
        " AND visit IN (SELECT visit FROM visits WHERE exited_sequence = ?)",
        (sequence, sequence),
    )


def back(db: apsw.Connection, visit: str) -> None:
    """The passage that ended this visit did not happen."""
    db.execute("UPDATE visitors SET ended_sequence = NULL WHERE visit = ? AND cancelled = 0", (visit,))


def prune(db: apsw.Connection, now_wall_ns: int) -> None:
    """Delete visitors who never came, long after their time, and the oldest beyond a bound."""
    db.execute(
        "DELETE FROM visitors WHERE until_ns < ? AND NOT EXISTS"
        " (SELECT 1 FROM visits s WHERE s.visit = visitors.visit AND s.exited_sequence IS NULL)",
        (now_wall_ns - KEPT_NS,),
    )
    oldest = "SELECT visit FROM visitors ORDER BY told_sequence DESC LIMIT -1 OFFSET ?"
    db.execute(f"DELETE FROM visitors WHERE visit IN ({oldest})", (VISITORS_MAX,))


def forget(db: apsw.Connection, before: int) -> None:
    """Delete those that ended before that row, a bounded number."""
    db.execute(
        "DELETE FROM visitors WHERE visit IN (SELECT visit FROM visitors WHERE ended_sequence < ? LIMIT ?)",
        (before, FORGOTTEN_MAX),
    )


# ---- what is asked ---------------------------------------------------------------------------------------------------


def expected_by(select: Select, kind: str, value: str, card_bits: CardBits) -> tuple[ExpectedVisit, ...]:
    """Who is expected, or inside, by a plate or card; by the id of the visit with `kind` `visit`."""
    if kind == "visit":
        found = select(f"{_EXPECTED}v.visit = ? LIMIT {FOUND_MAX}", (value,))
    elif kind == "plate":
        found = select(f"{_EXPECTED}v.plate = ? LIMIT {FOUND_MAX}", (normal_plate(value),))
    elif kind == "card" and (card := _card(value)) is not None:
        low = card_number(card) & LOW_24
        found = select(f"{_EXPECTED}v.low = ? LIMIT {FOUND_MAX}", (low,))
        found = [one for one in found if _same_card(card, one[5], card_bits)]
    else:
        return ()
    return tuple([_expected(*one) for one in found])


class Narrowed(msgspec.Struct, frozen=True):
    """Which visits are listed: of a kind; that have lasted since these instants, for those with a pass of their own and
    for others; `passes`: of these passes, beside those that the query finds.
    """

    kind: str = ""
    since_ns: int | None = None
    holders_since_ns: int | None = None
    passes: tuple[str, ...] = ()


ALL = Narrowed()


def overstayed(site: Site, now_ns: int, kind: str = "") -> Narrowed:
    """The visits that do not end, by the settings."""
    return Narrowed(kind, now_ns - site.stay_h * _HOUR_NS, now_ns - site.stay_days * 24 * _HOUR_NS)


def listed(
    select: Select,
    state: str,
    query: str,
    after: str,
    limit: int,
    visit: str | None = None,
    *,
    narrowed: Narrowed = ALL,
    aged: bool = False,
) -> Sequence[VisitView]:
    """Visits in order of id, or the oldest first (`aged`): of a state (without one: that have begun), with a text in
    plate, card, pass, unit or purpose; or the one of that id.
    """
    where, values = _wanted(state, query, after, visit, narrowed)
    sql = _ALL.format(" AND ".join(where))
    order = "entered_wall_ns, visit" if aged else "visit"
    found = select(f"SELECT * FROM ({sql}) ORDER BY {order} LIMIT ?", (*values, *values, limit))
    return [_view(*one) for one in found]


ANNOUNCED = ("expected", "missed", "inside", "ended", "cancelled")
"""Visitors as the office lists them; of those who never came `missed` are the ones whose time is over."""


def announced(select: Select, state: str, query: str, now_ns: int, limit: int, offset: int) -> Sequence[VisitView]:
    """Visitors of a state: who is expected by the time of coming, all others with the latest first."""
    where, values = _wanted("expected" if state == "missed" else state, query, "", None, ALL)
    if state in ("expected", "missed"):
        where.append(f"v.until_ns {'>' if state == 'expected' else '<='} ?")
        values.append(now_ns)
    order = "v.from_ns, v.visit" if state == "expected" else "v.from_ns DESC, v.visit"
    found = select(
        f"SELECT {_COLUMNS} FROM visitors v LEFT JOIN visits s ON s.visit = v.visit WHERE {' AND '.join(where)}"
        f" ORDER BY {order} LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    return [_view(*one) for one in found]


def counted(select: Select, narrowed: Narrowed) -> int:
    """How many cars inside are meant."""
    where, values = _wanted("inside", "", "", None, narrowed)
    sql = f"SELECT count(*) FROM visits s LEFT JOIN visitors v ON v.visit = s.visit WHERE {' AND '.join(where)}"
    return int(select(sql, tuple(values))[0][0])


def _wanted(state: str, query: str, after: str, visit: str | None, narrowed: Narrowed) -> tuple[list[str], list[Any]]:
    """The conditions on a visit `s` with its visitor `v`, and their values."""
    where: list[str] = [_STATES[state]] if state else [] if visit is not None else ["s.visit IS NOT NULL"]
    values: list[Any] = []
    if visit is not None:
        where.append("coalesce(v.visit, s.visit) = ?")
        values.append(visit)
    if after:
        where.append("coalesce(v.visit, s.visit) > ?")
        values.append(after)
    if query:
        where.append(
            "(instr(coalesce(s.plate, v.plate, ''), ?) OR instr(coalesce(v.card, ''), ?) OR instr(lower(coalesce("
            "v.document ->> '$.unit', '') || ' ' || coalesce(v.document ->> '$.purpose', '')), ?)"
            " OR instr(coalesce(s.credential, ''), ?) OR instr(lower(coalesce(s.pass, '')), ?)"
            " OR s.pass IN carray(?))"
        )
        values += [normal_plate(query) or query, query, query.lower(), query, query.lower()]
        values.append(apsw.carray(narrowed.passes or ("",)))
    if narrowed.kind:
        where.append(f"{KIND} = ?")
        values.append(narrowed.kind)
    if narrowed.since_ns is not None:
        holders_ns = narrowed.since_ns if narrowed.holders_since_ns is None else narrowed.holders_since_ns
        where.append(f"s.entered_wall_ns <= CASE WHEN {KIND} IN ('monthly', 'staff') THEN ? ELSE ? END")
        values += [holders_ns, narrowed.since_ns]
    return where, values


def _expected(
    visit: str, from_ns: int, until_ns: int, plate: str | None, entered: int, _card: str | None, vehicle_class: str,
    building: str | None, goods: int | None, hazardous: int | None, purpose: str,
) -> ExpectedVisit:  # fmt: skip
    return ExpectedVisit(
        visit,
        from_ns,
        until_ns,
        plate,
        bool(entered),
        vehicle_class,
        building,
        bool(goods),
        hazardous=bool(hazardous),
        purpose=purpose,
    )


def _same_card(card: str, other: str, card_bits: CardBits) -> bool:
    if card_bits == "full":
        return card == other
    mask = LOW_24 if card_bits == 24 else LOW_32
    return card_number(card) & mask == card_number(other) & mask


def _card(text: str | None) -> str | None:
    try:
        return normal_card(text) if text else None
    except ValueError:
        return None


def _document(row: rows.VisitTold) -> dict[str, Any]:
    """What screens and central see of it, beside the columns."""
    fields = ("unit", "purpose", "people", "card", "vehicle_class", "building", "goods", "hazardous", "by", "via")
    told = {key: value for key in fields if (value := getattr(row, key)) is not UNSET}
    return {**told, "from": row.from_, "until": row.until}


def _view(
    visit: str, pass_id: str | None, plate: str | None, method: str | None, certainty: str | None,
    entered_ns: int | None, lane: str | None, exited_ns: int | None, exit_lane: str | None,
    ended: int | None, document: str | None, _card: str | None, owed: int | None, paid: int | None,
    kind: str, shown: str | None, let_in_by: str | None,
    stated: str | None, how: str | None, ended_by: str | None, ended_reason: str | None,
) -> VisitView:  # fmt: skip
    said = msgspec.json.decode(document) if document else {}
    pictured = said.get("pictured") or {}
    state = "ended" if exited_ns is not None else "inside" if entered_ns is not None else "expected"
    return VisitView(
        visit=visit,
        id=visit,
        state="cancelled" if state == "expected" and ended is not None else state,
        pass_=pass_id,
        plate=plate,
        method=method or "",
        certainty=certainty or "",
        lane=lane or None,
        entered_at=rfc3339(entered_ns) if entered_ns is not None else None,
        exit_lane=exit_lane,
        exited_at=rfc3339(exited_ns) if exited_ns is not None else None,
        unit=said.get("unit"),
        purpose=said.get("purpose"),
        people=said.get("people"),
        card=said.get("card"),
        from_=said.get("from"),
        until=said.get("until"),
        vehicle_class=said.get("vehicle_class"),
        building=said.get("building"),
        goods=said.get("goods"),
        by=said.get("by"),
        paid=paid,
        owed=owed,
        kind=kind,
        shown=shown,
        let_in_by=let_in_by if let_in_by not in _NO_PERSON else None,
        stated=stated,
        ended=how if exited_ns is not None else None,
        ended_by=ended_by,
        ended_reason=ended_reason,
        hazardous=said.get("hazardous", False),
        pictured_at=pictured.get("at"),
        pictured_lane=pictured.get("lane"),
    )
