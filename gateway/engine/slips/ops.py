"""The ops about release slips; the clerk's thread serves them, one after the other, so a slip is used once.

The answer comes when the projections have the row. They may lag, so what became of slips in this run is remembered here
too. A use is answered once it is durable: else a kill would let the slip be used again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from gateway.core.settings.model import Direction, Settings
from gateway.core.vocabulary.errors import IdempotencyConflictError, NotFoundError, SlipConflictError, StorageError
from gateway.core.vocabulary.events import OpenVisit
from gateway.core.vocabulary.rows import UNSET, Row, SlipCancelled, SlipConfirmed, SlipRegistered, SlipUsed
from gateway.core.vocabulary.views import SlipView
from gateway.engine.slips.requests import SlipAdd, SlipCancel, SlipConfirm, SlipUse
from gateway.engine.socket.requests import Change, read
from gateway.store.passes.credentials import normal_plate
from gateway.store.slips.check import check_slip, said_of
from gateway.store.slips.table import code_of

TOLD_MAX = 10_000
"""Slips that something became of in this run."""
_WHY = {
    "used": "was used already; goods leave once on one slip",
    "cancelled": "is cancelled; ask the office for another",
    "expired": "has ended; ask the office for another",
    "unconfirmed": "is not confirmed: another than the owner carries the goods, so the office asks the owner first",
}
_NOT_KEPT = "the use of the slip is not on the disk yet; press again in a moment"


class Used(msgspec.Struct, frozen=True):
    """For which lane, case and by whom a slip was used; `kept`: that is durable."""

    by: tuple[str, str, str]
    kept: bool


class Slips(Protocol):
    """The needed part of `State`."""

    def slip(self, slip: str, now_ns: int) -> SlipView | None:
        """The slip of that id."""

    def slip_named(self, begins: str) -> str | None:
        """The id of the slip that begins so."""

    def open_visits(self, pass_id: str | None, credential: str | None) -> tuple[OpenVisit, ...]:
        """The open visits of a credential, newest first."""


class SlipOps:
    """Registers, confirms, cancels and uses."""

    def __init__(
        self,
        slips: Slips,
        journal: Callable[[Row], int | None],
        wall_ns: Callable[[], int],
        applied: Callable[[int | None], None],
        degraded: Callable[[], str],
    ) -> None:
        """As of `VisitOps`."""
        self._slips = slips
        self._journal = journal
        self._wall_ns = wall_ns
        self._applied = applied
        self._degraded = degraded
        self._used: dict[str, Used] = {}
        self._states: dict[str, str] = {}
        self.ops: dict[str, Callable[[dict[str, Any]], Any]] = {
            "slips.add": self._add,
            "slips.confirm": self._confirm,
            "slips.cancel": self._cancel,
            "slips.use": self._use,
        }

    def settings_changed(self, settings: Settings) -> None:
        """These settings hold from now on."""
        self._zone = settings.zone
        self._exits = {lane.id for lane in settings.lanes if lane.direction is Direction.EXIT}

    def _add(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(SlipAdd, params)
        if (known := self._answered(asked)) is not None:
            return _made(known)
        now_ns = self._wall_ns()
        fields = check_slip(said_of(asked.slip), now_ns, self._zone)
        slip = f"s{asked.name if asked.request else f'{now_ns // 1_000_000:012x}-{secrets.token_hex(3)}'}"
        self._tell(SlipRegistered(slip=slip, **fields, **_who(asked, asked.station)))
        return _made(slip)

    def _answered(self, asked: SlipAdd) -> str | None:
        """The slip of a request that was carried out already: its caller has not heard the first answer."""
        known = self._slips.slip_named(f"s{asked.begins}") if asked.request else None
        if known is not None and known != f"s{asked.name}":
            raise IdempotencyConflictError(
                f"request {asked.request!r} registered another slip; take a new key for a new one"
            )
        return known

    def _confirm(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(SlipConfirm, params)
        found = self._known(asked.slip)
        if found.state != "unconfirmed":
            raise SlipConflictError(_why(found) if found.state != "open" else "the slip needs no word of the owner")
        self._tell(SlipConfirmed(slip=asked.slip, how=asked.how, **_who(asked, asked.station)))
        self._became(asked.slip, "open")
        return {"slip": asked.slip}

    def _cancel(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(SlipCancel, params)
        found = self._known(asked.slip)
        if found.state == "used":
            raise SlipConflictError(_why(found))
        if found.state != "cancelled":
            self._tell(SlipCancelled(slip=asked.slip, reason=asked.reason or UNSET, **_who(asked, asked.station)))
            self._became(asked.slip, "cancelled")
        return {"slip": asked.slip}

    def _use(self, params: dict[str, Any]) -> dict[str, Any]:
        """Use the slip for the car at a lane; the same press again is answered as the first time."""
        asked = read(SlipUse, params)
        if asked.lane not in self._exits:
            raise SlipConflictError("goods leave at an exit; choose the lane where the vehicle stands")
        found, this = self._known(asked.slip), (asked.lane, asked.case, asked.by)
        if asked.case and self._is_again(found, this):
            return {"slip": asked.slip}
        if found.state != "open":
            raise SlipConflictError(_why(found))
        if found.plate and asked.plate and normal_plate(asked.plate) != found.plate:
            raise SlipConflictError(f"the slip is for the vehicle {found.plate}; ask the office about this one")
        shown = asked.credential
        stays = self._slips.open_visits(None, shown.value) if shown is not None else ()
        self._must_be_kept()
        self._became(asked.slip, "used")
        self._used[asked.slip] = Used(this, kept=False)
        sequence = self._journal(
            SlipUsed(
                slip=asked.slip, lane=asked.lane, case=asked.case or None, visit=stays[0].visit if stays else None,
                credential=shown, **_who(asked, asked.station),
            )
        )  # fmt: skip
        if sequence is None:
            raise StorageError(_NOT_KEPT)
        self._used[asked.slip] = Used(this, kept=True)
        self._applied(sequence)
        return {"slip": asked.slip}

    def _is_again(self, found: SlipView, this: tuple[str, str, str]) -> bool:
        """Whether the slip was used by the same press; StorageError while that is not durable."""
        if found.state == "used" and this == (found.lane, found.case, found.used_by):
            return True
        used = self._used.get(found.slip)
        if used is None or used.by != this:
            return False
        if not used.kept:
            raise StorageError(_NOT_KEPT)
        return True

    def _became(self, slip: str, state: str) -> None:
        """What became of a slip in this run."""
        self._states[slip] = state
        while len(self._states) > TOLD_MAX:
            oldest = next(iter(self._states))
            del self._states[oldest]
            self._used.pop(oldest, None)

    def _known(self, slip: str) -> SlipView:
        found = self._slips.slip(slip, self._wall_ns())
        if found is None:
            raise NotFoundError(f"there is no release slip {slip!r}")
        lags = found.state in ("open", "unconfirmed") and slip in self._states
        return msgspec.structs.replace(found, state=self._states[slip]) if lags else found

    def _tell(self, row: Row) -> None:
        self._must_be_kept()
        self._applied(self._journal(row))

    def _must_be_kept(self) -> None:
        """StorageError while the disk takes no rows: a slip could be used twice."""
        if wrong := self._degraded():
            raise StorageError(f"nothing about release slips can be kept ({wrong}); free space, then send it again")


def _why(found: SlipView) -> str:
    return f"the slip {_WHY[found.state]}"


def _made(slip: str) -> dict[str, Any]:
    return {"slip": slip, "code": code_of(slip)}


def _who(asked: Change, station: str) -> dict[str, Any]:
    return {**asked.who, "station": station or None}
