"""The ops about visitors; the clerk's thread serves them.

A visitor is a journal row; who is expected follows from the projections. The answer comes when they have it, so that
the car may be read at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from gateway.core.settings.explain import explain
from gateway.core.settings.model import Purpose, Settings
from gateway.core.vocabulary.errors import (
    IdempotencyConflictError,
    NotFoundError,
    StorageError,
    VisitConflictError,
    VisitError,
)
from gateway.core.vocabulary.events import ExpectedVisit
from gateway.core.vocabulary.rows import Row, VisitAnnounced, VisitCancelled, VisitCorrected, VisitRegistered
from gateway.core.vocabulary.views import VisitView
from gateway.engine.socket.requests import Change, read
from gateway.engine.visits.prices import Prices
from gateway.engine.visits.requests import VisitAdd, VisitCancel, VisitCorrect
from gateway.store.passes.codes import PassCode
from gateway.store.passes.credentials import CardBits
from gateway.store.times import parse_wall_ns
from gateway.store.visits.check import Said, Visitor, check_visitor

AT_THE_GATE = "guard"
"""The way of a booth's own screen: a visitor is registered there, and announced everywhere else."""


class Visits(Protocol):
    """The needed part of `State`."""

    def visit(self, visit: str) -> VisitView | None:
        """The visit of that id."""

    def named(self, begins: str) -> str | None:
        """The visitor whose id begins so."""

    def expected(self, kind: str, value: str, card_bits: CardBits = "full") -> tuple[ExpectedVisit, ...]:
        """Who is expected, or inside, by a plate or card."""


class Codes(Protocol):
    """The needed part of `PassCodes`."""

    def issue_for_visit(self, visit: str, until_ns: int, seed: str = "") -> tuple[PassCode, str]:
        """A code for a visitor: a new one, or the one of that seed (hex)."""


class VisitOps:
    """Registers, announces, corrects and cancels."""

    def __init__(
        self,
        visits: Visits,
        codes: Codes,
        journal: Callable[[Row], int | None],
        wall_ns: Callable[[], int],
        applied: Callable[[int | None], None],
        degraded: Callable[[], str],
        prices: Prices,
    ) -> None:
        """`journal` returns a row's sequence; `applied` waits a bounded time until the projections have it.

        `degraded`: why the disk takes no rows, empty while it does.
        """
        self._visits = visits
        self._codes = codes
        self._journal = journal
        self._wall_ns = wall_ns
        self._applied = applied
        self._degraded = degraded
        self._prices = prices
        self.ops: dict[str, Callable[[dict[str, Any]], Any]] = {
            "visits.add": self._add,
            "visits.correct": self._correct,
            "visits.cancel": self._cancel,
            "visits.charge": prices.charge,
        }

    def settings_changed(self, settings: Settings) -> None:
        """These settings hold from now on."""
        self._zone = settings.zone
        self._card_bits: CardBits = settings.site.card_bits
        self._prices.settings_changed(settings)
        self._buildings = tuple(one.id for one in settings.buildings)
        self._settings = settings

    def _add(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(VisitAdd, params)
        if (answer := self._answered(asked)) is not None:
            return answer
        now_ns = self._wall_ns()
        said = _said(asked.visitor)
        rule = self._settings.purpose(said.purpose)
        if rule is not None:
            said = _by_rule(said, rule)
        visitor = check_visitor(said, now_ns, self._zone, rule.stay_minutes if rule is not None else None)
        visit = f"v{asked.name if asked.request else f'{now_ns // 1_000_000:012x}-{secrets.token_hex(4)}'}"
        self._must_be_free(visitor, visit)
        self._must_be_there(visitor)
        code, text = self._codes.issue_for_visit(visit, visitor.until_ns, asked.digest)
        kind = VisitRegistered if asked.via == AT_THE_GATE else VisitAnnounced
        self._tell(kind(visit=visit, code=code.name, **visitor.fields(), **_who(asked, asked.station)))
        return {"id": visit, "state": "expected", "code": text}

    def _answered(self, asked: VisitAdd) -> dict[str, Any] | None:
        """The answer to a request that was carried out already: its caller has not heard the first one."""
        if asked.request is None:
            return None
        known = self._visits.named(f"v{asked.begins}")
        if known is not None and known != f"v{asked.name}":
            raise IdempotencyConflictError(
                f"request {asked.request!r} announced another visitor; take a new key for a new one"
            )
        before = self._visits.visit(known) if known is not None else None
        if before is None or not before.until:
            return None
        _, text = self._codes.issue_for_visit(before.id, parse_wall_ns(before.until), asked.digest)
        return {"id": before.id, "state": before.state, "code": text}

    def _correct(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(VisitCorrect, params)
        before = self._known(asked.visit)
        if before.state not in ("expected", "inside"):
            raise VisitConflictError(f"visit {asked.visit!r} is {before.state}; register the visitor anew")
        said = _said({**_as_said(before), **asked.visitor})
        inside_since = parse_wall_ns(before.from_) if before.state == "inside" and before.from_ else None
        visitor = check_visitor(said, self._wall_ns() if inside_since is None else inside_since, self._zone)
        self._must_be_free(visitor, asked.visit)
        self._must_be_there(visitor)
        self._tell(VisitCorrected(visit=asked.visit, code=None, **visitor.fields(), **_who(asked, asked.station)))
        return {"id": asked.visit, "state": before.state}

    def _cancel(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(VisitCancel, params)
        before = self._known(asked.visit)
        if before.state == "cancelled":
            return {"id": asked.visit, "state": "cancelled"}
        if before.state != "expected":
            raise VisitConflictError(f"visit {asked.visit!r} is {before.state}, and cannot be cancelled any more")
        self._tell(VisitCancelled(visit=asked.visit, **_who(asked, asked.station)))
        return {"id": asked.visit, "state": "cancelled"}

    def _known(self, visit: str) -> VisitView:
        found = self._visits.visit(visit)
        if found is None:
            raise NotFoundError(f"there is no visit {visit!r}")
        return found

    def _must_be_there(self, visitor: Visitor) -> None:
        """VisitError for a building that the settings do not have."""
        if visitor.building is not None and visitor.building not in self._buildings:
            known = ", ".join(self._buildings) or "none is set up"
            raise VisitError(f"building is {visitor.building!r}; give the id of one ({known}), or leave it out")

    def _must_be_free(self, visitor: Visitor, but: str) -> None:
        """VisitConflictError when the plate or card is of another visitor at the same time."""
        for kind, value in (("plate", visitor.plate), ("card", visitor.card)):
            if value is None:
                continue
            for other in self._visits.expected(kind, value, self._card_bits):
                if other.visit != but and _meet(visitor, other, self._wall_ns()):
                    raise VisitConflictError(_taken(other, kind, value))

    def _tell(self, row: Row) -> None:
        """StorageError while the disk takes no rows: the gate would not know of this, though it was answered."""
        if wrong := self._degraded():
            raise StorageError(f"nothing about visitors can be kept ({wrong}); free space, then send it again")
        self._applied(self._journal(row))


def _said(document: dict[str, Any]) -> Said:
    try:
        return msgspec.convert(document, Said)
    except msgspec.ValidationError as error:
        path, words = explain(error, document, Said)
        raise VisitError(f"{path.removeprefix('.') or 'visitor'} {words}") from None


def _by_rule(said: Said, rule: Purpose) -> Said:
    """What holds for the purpose where nothing else is said; VisitError without a unit that it needs."""
    if rule.where == "needed" and not said.unit:
        raise VisitError(f"unit is missing; visitors with purpose {rule.id!r} need one, by the settings of the site")
    return msgspec.structs.replace(said, goods=rule.brings_goods(said.goods))


def _as_said(view: VisitView) -> dict[str, Any]:
    keys = (
        "plate", "card", "unit", "purpose", "people", "until", "vehicle_class", "building", "goods", "hazardous",
    )  # fmt: skip
    known = {key: getattr(view, key) for key in keys}
    return {key: value for key, value in {**known, "from": view.from_}.items() if value is not None}


def _meet(visitor: Visitor, other: ExpectedVisit, now_ns: int) -> bool:
    """Whether both are here at one time; one who is inside stays to the end of its time, or is late and may go now."""
    if other.entered:
        return visitor.from_ns < max(other.until_ns, now_ns + 1)
    return other.from_ns < visitor.until_ns and visitor.from_ns < other.until_ns


def _taken(other: ExpectedVisit, kind: str, value: str) -> str:
    if other.entered:
        return (
            f"visit {other.visit!r} is inside with {kind} {value}; if it has left unseen, take its {kind} off it first"
        )
    return f"visit {other.visit!r} is expected with {kind} {value}; cancel it, or say another time or {kind}"


def _who(asked: Change, station: str) -> dict[str, Any]:
    return {**asked.who, "station": station or None}
