"""Release slips as the projections know them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import apsw
import msgspec

from gateway.core.vocabulary import rows
from gateway.core.vocabulary.rows import UNSET
from gateway.core.vocabulary.views import SlipView
from gateway.store.passes.credentials import normal_plate
from gateway.store.times import parse_wall_ns, rfc3339

SLIPS_MAX = 20_000
"""Slips that are kept, the latest; the journal has all."""
KEPT_NS = 92 * 86_400 * 1_000_000_000
"""A slip is kept this long after its end."""

CODE_LETTERS = 6
"""So many letters of the id are the code that is printed; it names a slip, and is no secret."""

Select = Callable[..., list[Any]]
ACTIVE = "active"
"""Of a list for people: those that still hold, or wait for the owner."""
STATES = ("open", "unconfirmed", "used", "cancelled", "expired")
"""What can be asked for."""


def code_of(slip: str) -> str:
    """The code of a slip."""
    return slip[-CODE_LETTERS:].upper()


# ---- what rows change ------------------------------------------------------------------------------------------------


def registered(db: apsw.Connection, sequence: int, wall_ns: int, row: rows.SlipRegistered) -> None:
    """The office releases goods; of one request the first row counts."""
    state = "open" if row.carrier == "owner" or row.confirmed else "unconfirmed"
    view = SlipView(
        slip=row.slip, state=state, unit=row.unit, goods=row.goods, plate=row.plate, until=row.until,
        carrier=row.carrier, confirmed_by=row.by if row.carrier == "other" and row.confirmed else None, by=row.by,
        asked_by=None if row.asked_by is UNSET else row.asked_by, at=rfc3339(wall_ns),
    )  # fmt: skip
    values = (row.slip, state, parse_wall_ns(row.until), sequence, msgspec.json.encode(view).decode())
    db.execute("INSERT OR IGNORE INTO slips VALUES(?, ?, ?, ?, ?)", values)


def confirmed(db: apsw.Connection, row: rows.SlipConfirmed) -> None:
    """The owner has confirmed."""
    _change(db, row.slip, ("unconfirmed",), state="open", confirmed_by=row.by)


def cancelled(db: apsw.Connection, wall_ns: int, row: rows.SlipCancelled) -> None:
    """The goods do not leave."""
    reason = None if row.reason is UNSET else row.reason
    said = {"cancelled_at": rfc3339(wall_ns), "cancelled_by": row.by, "reason": reason}
    _change(db, row.slip, ("open", "unconfirmed"), state="cancelled", **said)


def used(db: apsw.Connection, wall_ns: int, row: rows.SlipUsed) -> None:
    """A guard has matched it; the first row counts."""
    said = {"lane": row.lane, "case": row.case, "visit": row.visit, "used_at": rfc3339(wall_ns), "used_by": row.by}
    _change(db, row.slip, ("open", "unconfirmed"), state="used", **said)


def prune(db: apsw.Connection, now_wall_ns: int) -> None:
    """Delete slips long after their end, and the oldest beyond a bound."""
    db.execute("DELETE FROM slips WHERE until_ns < ?", (now_wall_ns - KEPT_NS,))
    oldest = "SELECT slip FROM slips ORDER BY told_sequence DESC LIMIT -1 OFFSET ?"
    db.execute(f"DELETE FROM slips WHERE slip IN ({oldest})", (SLIPS_MAX,))


def _change(db: apsw.Connection, slip: str, of: Sequence[str], **said: Any) -> None:
    known = db.execute("SELECT state, document FROM slips WHERE slip = ?", (slip,)).fetchone()
    if known is None or known[0] not in of:
        return
    view = msgspec.structs.replace(msgspec.json.decode(known[1], type=SlipView), **said)
    text = msgspec.json.encode(view).decode()
    db.execute("UPDATE slips SET state = ?, document = ? WHERE slip = ?", (view.state, text, slip))


# ---- what is asked ---------------------------------------------------------------------------------------------------


def slip_of(select: Select, slip: str, now_ns: int) -> SlipView | None:
    """The slip of that id; None when it is not known, or no longer."""
    found = select("SELECT document FROM slips WHERE slip = ?", (slip,))
    return _seen(found[0][0], now_ns) if found else None


def named(select: Select, begins: str) -> str | None:
    """The id of the slip that begins so."""
    found = select("SELECT slip FROM slips WHERE slip > ? AND slip < ? LIMIT 1", (begins, begins + "~"))
    return str(found[0][0]) if found else None


def listed(
    select: Select, state: str, query: str, now_ns: int, after: str = "", limit: int = 100
) -> Sequence[SlipView]:
    """Slips in order of id: of a state (empty: of all), with a text in id, unit, goods or plate."""
    where, values = _wanted(state, query, now_ns)
    found = select(
        f"SELECT document FROM slips WHERE slip > ? AND {where} ORDER BY slip LIMIT ?", (after, *values, limit)
    )
    return [_seen(document, now_ns) for (document,) in found]


def latest(select: Select, state: str, query: str, now_ns: int, limit: int, offset: int = 0) -> Sequence[SlipView]:
    """The same, the newest first; of `active` those that still hold, or wait for the owner."""
    where, values = _wanted(state, query, now_ns)
    found = select(
        f"SELECT document FROM slips WHERE {where} ORDER BY told_sequence DESC LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    return [_seen(document, now_ns) for (document,) in found]


def _wanted(state: str, query: str, now_ns: int) -> tuple[str, list[Any]]:
    """The condition on a slip, and its values."""
    where: list[str] = ["1"]
    values: list[Any] = []
    if state == ACTIVE:
        where.append("state IN ('open', 'unconfirmed') AND until_ns > ?")
        values.append(now_ns)
    elif state == "expired":
        where.append("state IN ('open', 'unconfirmed') AND until_ns <= ?")
        values.append(now_ns)
    elif state:
        where.append("state = ?" + ("" if state in ("used", "cancelled") else f" AND until_ns > {int(now_ns)}"))
        values.append(state)
    if query:
        where.append(
            "(instr(ifnull(document ->> '$.plate', ''), ?) OR instr(lower(slip || ' ' || (document ->> '$.unit') || ' '"
            " || (document ->> '$.goods')), ?))"
        )
        values += [normal_plate(query) or query, query.lower()]
    return " AND ".join(where), values


def _seen(document: str, now_ns: int) -> SlipView:
    view = msgspec.json.decode(document, type=SlipView)
    over = view.state in ("open", "unconfirmed") and parse_wall_ns(view.until) <= now_ns
    return msgspec.structs.replace(view, code=code_of(view.slip), state="expired" if over else view.state)
