"""Journal rows as lines for people, printed while the demo runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway.core.money.sums import money
from gateway.demo.estate import CURRENCY
from gateway.store.journal.queries import StoredRow
from gateway.store.journal.reader import JournalReader
from gateway.store.times import local_time


class News:
    """New rows of the journal, one line each."""

    _TOLD = (
        "access.", "passage.", "alarm.", "barrier.crashed", "barrier.reset", "uplink.", "device.", "pass.",
        "visit.", "identity.", "slip.",
    )  # fmt: skip
    _IDS = ("alarms", "visits", "persons", "slips")
    """Subjects whose name is an id that tells people nothing."""

    def __init__(self, journal: Path, names: dict[str, str], zone: ZoneInfo) -> None:
        self._reader = JournalReader(journal)
        self._names = names
        self._zone = zone
        self._sequence = self._reader.last_sequence()

    def rows(self) -> Iterator[StoredRow]:
        """The new lines."""
        for row in self._reader.page(self._sequence, 100):
            self._sequence = row.sequence
            yield row

    def line(self, row: StoredRow) -> str:
        """Time, place, type, person and cause; "" for rows of no interest."""
        if not row.type.startswith(self._TOLD):
            return ""
        data = row.data()
        when = local_time(row.wall_ns, self._zone).strftime("%H:%M:%S")
        kind, _, name = row.subject.partition("/")
        place = data.get("lane") or data.get("device") or ("" if kind in self._IDS else name)
        told = ", ".join(text for text in (self._who(data), *_how(row.type, data)) if text)
        return f"  {when}  {place:6}  {row.type:20}  {told}".rstrip()

    def _who(self, data: dict[str, Any]) -> str:
        if found := data.get("pass"):
            return f"{found} {self._names.get(found, '')}".strip()
        credential = data.get("credential")
        return f"{credential['kind']} {credential['value']}" if credential else ""


def _how(kind: str, data: dict[str, Any]) -> Iterator[str]:
    """The rest of a line: reason code, days, and person."""
    if kind.startswith("alarm."):
        yield str(data.get("kind", ""))
    for key in ("reason", "cause", "error"):
        yield str(data.get(key) or "")
    yield from (str(data[key]) for key in ("unit", "purpose", "goods") if isinstance(data.get(key), str))
    if kind.startswith("visit."):
        yield str(data.get("plate") or "")
    if kind == "passage.exited" and data.get("charge"):
        yield f"charged {money(data['charge'], CURRENCY)}"
    elif kind.startswith("visit.") and data.get("amount"):
        yield f"{money(data['amount'], data['currency'])} {data['currency']}"
    if (days := data.get("days_left")) is not None:
        yield f"days left: {days}" if days >= 0 else f"days since its end: {-days}"
    if data.get("by") not in (None, "", "gateway"):
        yield f"by {data['by']}"
