"""The ticket that a visitor takes along, with the code that lets out; for a vehicle without plates above all."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.papers.paper import Code, Pair, Paper, Rule, Text
from gateway.core.papers.words import word


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A visitor's ticket. `code`: the text of the QR code; `from_`, `until`: when it lets in and out."""

    site: str
    visit: str
    plate: str | None
    unit: str
    purpose: str
    from_: datetime
    until: datetime
    code: str


def ticket_paper(ticket: Ticket, zone: ZoneInfo, locale: str) -> Paper:
    """The ticket as it is printed."""
    said = [("unit", ticket.unit), ("purpose", ticket.purpose)]
    return Paper(
        (
            Text(ticket.site, "center"),
            Text(word("ticket", locale), "center", large=True),
            Rule(),
            Pair(word("plate", locale), ticket.plate or word("no_plate", locale)),
            *(Pair(word(key, locale), value) for key, value in said if value),
            Pair(word("from", locale), instant(ticket.from_, zone)),
            Pair(word("until", locale), instant(ticket.until, zone)),
            Rule(),
            Code(ticket.code),
            Text(word("show_code", locale), "center"),
            Text(ticket.visit, "center"),
        )
    )


def instant(at: datetime, zone: ZoneInfo) -> str:
    """An instant in site time, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def trial_paper(site: str, device: str, at: datetime, zone: ZoneInfo, locale: str) -> Paper:
    """A page that shows whether characters, columns, code and cutter are right."""
    return Paper(
        (
            Text(site, "center"),
            Text(word("test", locale), "center", large=True),
            Rule(),
            Pair(device, instant(at, zone)),
            Pair(word("plate", "zh_CN"), "京A12345"),
            Pair(word("sum", "zh_CN"), "12.50", large=True),
            Text(word("test_line", locale)),
            Code(f"GATEHOUSE {device}"),
        )
    )
