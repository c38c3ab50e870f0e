"""The printing thread: makes papers, hands them to their printer, and answers once it is known what became of them.

Nothing here is awaited by the core: a printer that is off, slow or without paper costs a screen its answer and no car
its way. A paper is answered with its outcome; that it was not printed is no error of the request.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

import msgspec

from drivers.base import Bus
from gateway.control import Responder
from gateway.core.papers.paper import DONE, Outcome, Paper
from gateway.core.papers.receipt import receipt_paper, short_text
from gateway.core.papers.ticket import Ticket, ticket_paper, trial_paper
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.errors import (
    GatehouseError,
    NotFoundError,
    NotRecordedError,
    RefusedError,
    VisitConflictError,
)
from gateway.core.vocabulary.rows import DeviceTested, Row, VisitPrinted
from gateway.core.vocabulary.times import NS_PER_S
from gateway.core.vocabulary.views import VisitView
from gateway.engine.printing import requests as r
from gateway.engine.printing.receipts import Receipts
from gateway.engine.socket.jobs import Jobs
from gateway.engine.socket.requests import read
from gateway.store.passes.codes import PassCode
from gateway.store.times import parse_wall_ns

log = logging.getLogger(__name__)

PATIENCE_S = 30.0
"""A bus tells what became of a paper within this time or never."""


class Visits(Protocol):
    """The needed part of `State`."""

    def visit(self, visit: str) -> VisitView | None:
        """The visit of that id."""


class Codes(Protocol):
    """The needed part of `PassCodes`."""

    def issue_for_visit(self, visit: str, until_ns: int, seed: str = "") -> tuple[PassCode, str]:
        """A code for a visitor."""


class _Open(msgspec.Struct):
    """A paper without an outcome. `row`: what is journaled when it is printed; None: nothing."""

    respond: Responder
    printer: str
    row: Callable[[Outcome], Row | None]
    since_s: float


class Printing:
    """Call `handle` in the control thread; everything else runs in the printing thread."""

    def __init__(
        self,
        *,
        settings: Callable[[], Settings],
        bus_of: Callable[[str], Bus | None],
        visits: Visits,
        codes: Codes,
        receipts: Receipts,
        journal: Callable[[Row], int | None],
        wall_ns: Callable[[], int],
        mono_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._bus_of = bus_of
        self._visits = visits
        self._codes = codes
        self._receipts = receipts
        self._journal = journal
        self._wall_ns = wall_ns
        self._mono_s = mono_s
        self._jobs = Jobs("papers")
        self._open: dict[int, _Open] = {}
        self._count = 0
        self._ops: dict[str, Callable[[dict[str, Any], Responder], None]] = {
            "print.ticket": self._ticket,
            "print.receipt": self._receipt,
            "receipt.show": self._show_receipt,
            "print.trial": self._trial,
        }

    @property
    def ops(self) -> tuple[str, ...]:
        """The ops about papers."""
        return tuple(self._ops)

    def handle(self, op: str, params: dict[str, Any], respond: Responder) -> None:
        """Queue a request; BusyError if too many wait."""
        self._jobs.ask(partial(self._serve, self._ops[op], params, respond))

    def stop(self) -> None:
        """End `run` after the waiting requests."""
        self._jobs.stop()

    def run(self) -> None:
        """Serve requests until `stop`."""
        self._jobs.run(self._give_up)

    def _serve(self, work: Callable[..., None], params: dict[str, Any], respond: Responder) -> None:
        try:
            work(params, respond)
        except GatehouseError as error:
            respond.error(error)
        except Exception:
            log.exception("a paper could not be made")
            respond.error(GatehouseError("the engine could not carry this out; see its log"))

    # ---- papers

    def _ticket(self, params: dict[str, Any], respond: Responder) -> None:
        """print.ticket"""
        asked = read(r.PrintTicket, params)
        settings = self._settings()
        visit = self._visits.visit(asked.visit)
        if visit is None:
            raise NotFoundError(f"there is no visit {asked.visit!r}")
        if visit.state not in ("expected", "inside") or visit.from_ is None or visit.until is None:
            raise VisitConflictError(f"visit {asked.visit!r} is {visit.state}; there is no ticket for it")
        printer = self._printer(settings, asked.station, asked.lane)
        _, code = self._codes.issue_for_visit(visit.id, parse_wall_ns(visit.until))
        locale = asked.locale or settings.site.locale
        ticket = Ticket(
            site=settings.site.name or settings.site.id,
            visit=visit.id,
            plate=visit.plate,
            unit=visit.unit or "",
            purpose=_purpose(settings, visit.purpose or "", locale),
            from_=_instant(parse_wall_ns(visit.from_)),
            until=_instant(parse_wall_ns(visit.until)),
            code=code,
        )
        paper = ticket_paper(ticket, settings.zone, locale)
        row = partial(_row, asked, "ticket", None, printer)
        self._print(self._bus(printer), printer, paper, respond, row)

    def _receipt(self, params: dict[str, Any], respond: Responder) -> None:
        """print.receipt"""
        asked = read(r.PrintReceipt, params)
        settings = self._settings()
        printer = self._printer(settings, asked.station, asked.lane)
        receipt = self._receipts.of(asked.visit, settings.site)
        paper = receipt_paper(receipt, settings.zone, asked.locale or settings.site.locale)
        row = partial(_row, asked, "receipt", receipt.number, printer)
        self._print(self._bus(printer), printer, paper, respond, row)

    def _show_receipt(self, params: dict[str, Any], respond: Responder) -> None:
        """receipt.show"""
        asked = read(r.ReceiptShow, params)
        settings = self._settings()
        receipt = self._receipts.of(asked.visit, settings.site)
        text = short_text(receipt, settings.zone, asked.locale or settings.site.locale)
        respond.result({"number": receipt.number, "text": text})

    def _trial(self, params: dict[str, Any], respond: Responder) -> None:
        """print.trial"""
        asked = read(r.PrintTrial, params)
        settings = self._settings()
        site, locale = settings.site, asked.locale or settings.site.locale
        paper = trial_paper(site.name or site.id, asked.device, _instant(self._wall_ns()), settings.zone, locale)
        bus = self._bus(asked.device)
        if self._journal(DeviceTested(device=asked.device, what="print", outcome="begun", **asked.who)) is None:
            raise NotRecordedError
        self._print(bus, asked.device, paper, respond, lambda _outcome: None)

    def _printer(self, settings: Settings, station: str, lane: str) -> str:
        found = settings.printer_at(station, lane)
        if found is None:
            raise RefusedError("no printer is set for this screen or lane; name one in the settings", code="no_printer")
        return found

    def _bus(self, printer: str) -> Bus:
        found = self._bus_of(printer)
        if found is None:
            raise NotFoundError(f"there is no device {printer!r}")
        return found

    def _print(
        self, bus: Bus, printer: str, paper: Paper, respond: Responder, row: Callable[[Outcome], Row | None]
    ) -> None:
        self._count += 1
        number = self._count
        self._open[number] = _Open(respond, printer, row, self._mono_s())
        try:
            bus.print_out(printer, paper, lambda outcome: self._jobs.tell(partial(self._settle, number, outcome)))
        except GatehouseError:
            del self._open[number]
            raise

    def _settle(self, number: int, outcome: Outcome) -> None:
        """Answer the request of a paper, and journal one that was printed."""
        found = self._open.pop(number, None)
        if found is None:
            return
        if outcome in DONE and (row := found.row(outcome)) is not None:
            self._journal(row)
        found.respond.result({"printer": found.printer, "outcome": outcome})

    def _give_up(self) -> None:
        latest_s = self._mono_s() - PATIENCE_S
        for number in [key for key, one in self._open.items() if one.since_s < latest_s]:
            self._settle(number, "late")


def _row(
    asked: r.PrintTicket | r.PrintReceipt, what: str, number: str | None, printer: str, outcome: Outcome
) -> VisitPrinted:
    return VisitPrinted(
        visit=asked.visit,
        what=what,
        number=number,
        printer=printer,
        outcome=outcome,
        station=asked.station or None,
        **asked.who,
    )


def _purpose(settings: Settings, purpose: str, locale: str) -> str:
    """What it is called in the settings; another one as it was said."""
    found = settings.purpose(purpose)
    return purpose if found is None else found.name(locale)


def _instant(wall_ns: int) -> datetime:
    return datetime.fromtimestamp(wall_ns // NS_PER_S, UTC)
