"""Types of control requests about visitors and visits."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

import msgspec

from gateway.core.charges.tariff import PRICE_MAX, Minutes
from gateway.core.vocabulary.events import (
    PaymentReceived,
    PictureAsked,
    ReductionReceived,
    VisitCommandReceived,
)
from gateway.engine.socket.requests import Change, Key, Making, Name, Params, Reason, Via, Word, wall_ns

Sum = Annotated[int, msgspec.Meta(ge=1, le=PRICE_MAX)]


class VisitAdd(Making, frozen=True, kw_only=True):
    """visits.add"""

    visitor: dict[str, Any]

    @property
    def contents(self) -> dict[str, Any]:
        """What is said of the visitor."""
        return self.visitor


class VisitCorrect(Change, frozen=True, kw_only=True):
    """visits.correct: only what is named changes"""

    visit: Word
    visitor: dict[str, Any]
    station: Word = ""


class VisitCancel(Change, frozen=True, kw_only=True):
    """visits.cancel"""

    visit: Word
    station: Word = ""


class VisitCharge(Params, frozen=True):
    """visits.charge: what a visit costs, now or at an instant"""

    lines = ("visit",)

    visit: Word
    at: str | None = None


class VisitPay(Params, frozen=True, kw_only=True):
    """visits.pay: the same `request` books once; `at`: when it was made, now unless given"""

    lines = ("by", "visit", "station", "reference")

    request: Key
    visit: Word
    amount: Sum
    method: Literal["cash", "qr", "external"]
    by: Name
    via: Via
    reference: Word = ""
    at: str | None = None
    station: Word = ""

    def digest(self) -> str:
        """What a repeat has in common with the first request."""
        return _digest(self.visit, self.amount, self.method, self.reference)

    def event(self) -> PaymentReceived:
        """The event for the core; RequestError if `at` is not an instant."""
        return PaymentReceived(
            self.request,
            entry_name(self.request),
            self.visit,
            self.amount,
            self.method,
            self.by,
            self.via,
            self.reference or None,
            wall_ns(self.at, "at"),
            self.station,
        )


class VisitValidate(Params, frozen=True, kw_only=True):
    """visits.validate: one of `minutes`, `percent` and `amount` is taken over; the same `request` books once"""

    lines = ("by", "visit", "station")
    written = ("reason",)

    request: Key
    visit: Word
    by: Name
    via: Via
    reason: Reason
    minutes: Minutes | None = None
    percent: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    amount: Sum | None = None
    station: Word = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        given = [one for one in (self.minutes, self.percent, self.amount) if one is not None]
        if len(given) != 1:
            raise ValueError("give one of minutes, percent and amount")

    def digest(self) -> str:
        """What a repeat has in common with the first request."""
        return _digest(self.visit, self.minutes, self.percent, self.amount, self.reason)

    def event(self) -> ReductionReceived:
        """The event for the core."""
        return ReductionReceived(
            self.request,
            entry_name(self.request),
            self.visit,
            self.by,
            self.via,
            self.reason,
            minutes=self.minutes,
            percent=self.percent,
            amount=self.amount,
            station=self.station,
        )


class VisitWaive(Params, frozen=True, kw_only=True):
    """visits.waive: a leader waives what is due, or an amount of it; the same `request` books once

    `leader`: whose word it is, by PIN, when another person (`by`) asks for it; no program waives.
    """

    lines = ("by", "visit", "station", "leader")
    written = ("reason",)

    request: Key
    visit: Word
    by: Name
    via: Literal["guard", "browser"]
    reason: Annotated[Reason, msgspec.Meta(min_length=1)]
    leader: Name = ""
    amount: Sum | None = None
    station: Word = ""

    def digest(self) -> str:
        """What a repeat has in common with the first request."""
        return _digest(self.visit, self.amount, self.reason)

    def event(self) -> ReductionReceived:
        """The event for the core."""
        name = entry_name(self.request)
        asked = (self.request, name, self.visit, self.by, self.via, self.reason, True)
        return ReductionReceived(*asked, amount=self.amount, station=self.station, leader=self.leader or self.by)


class VisitPicture(Params, frozen=True, kw_only=True):
    """visit.picture: the cameras of a lane are asked for a picture of the vehicle there, for its visit"""

    lines = ("by", "visit", "lane", "station")

    request: Key
    visit: Word
    lane: Word
    by: Name
    via: Via
    station: Word = ""

    def digest(self) -> str:
        """See `LaneCommand.digest`."""
        return _digest(self.visit, self.lane)

    def event(self) -> PictureAsked:
        """The event for the core."""
        return PictureAsked(self.request, self.visit, self.lane, self.by, self.via, self.station)


MoneyRequest = VisitPay | VisitValidate | VisitWaive


def entry_name(request: str) -> str:
    """The name of what a request books, the same for its repeats."""
    return f"y{hashlib.sha256(request.encode()).hexdigest()[:24]}"


def _digest(*body: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(body)).hexdigest()


class VisitCommand(Params, frozen=True):
    """visit.command: a visit ended by hand (left), a car declared inside (came), the number of cars set (count)"""

    lines = ("by", "visit", "plate", "station")
    written = ("reason",)

    request: Key
    verb: Literal["left", "came", "count"]
    by: Name
    via: Via
    reason: Reason = ""
    visit: Word = ""
    plate: Word = ""
    entered_at: str | None = None
    count: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    seen: Word | None = None
    station: Word = ""

    def digest(self) -> str:
        """See `LaneCommand.digest`."""
        told = [self.verb, self.visit, self.plate, self.entered_at, self.count, self.seen, self.reason]
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()

    def event(self) -> VisitCommandReceived:
        """The event for the core, without facts; RequestError if `entered_at` is not an instant."""
        return VisitCommandReceived(
            self.request,
            self.verb,
            self.by,
            self.via,
            self.reason,
            self.visit,
            self.plate,
            wall_ns(self.entered_at, "entered_at"),
            self.count,
            self.seen,
            self.station,
        )
