"""The ops about drivers without a card; the clerk's thread serves them, and sweeps what has had its days.

Each step is journaled with its author and with ids alone. A number leaves the engine only masked, but for `reveal`,
whose row is durable before the number is.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from gateway.core.identities.check import CheckState, CheckStep, after
from gateway.core.identities.documents import normal_number, wrong_number
from gateway.core.settings.model import Direction, Settings
from gateway.core.vocabulary.errors import (
    GatehouseError,
    IdempotencyConflictError,
    IdentityError,
    IdentityStepError,
    NotFoundError,
    NotRecordedError,
    RequestError,
)
from gateway.core.vocabulary.rows import (
    IdentityChecked,
    IdentityConfirmed,
    IdentityDeclined,
    IdentityDeleted,
    IdentityRevealed,
    IdentitySigned,
    Row,
)
from gateway.core.vocabulary.times import NS_PER_S, local_time
from gateway.core.vocabulary.views import PersonView
from gateway.engine.identities.requests import (
    IdentityAnswer,
    IdentityList,
    IdentityLook,
    IdentityReveal,
    IdentitySign,
    IdentityTake,
    StayCommand,
)
from gateway.engine.socket.requests import Change, read
from gateway.store.identities.identities import Identities, Person, Taken
from gateway.store.times import rfc3339

log = logging.getLogger(__name__)

SWEEP_S = 600
"""How often it is looked whether a number has had its days; also at a start."""
DRAWING_MAX_BYTES = 100_000
ENDS_MAX = 1_000
"""Checks that ended in this run, whose last order may be repeated."""
_PNG = b"\x89PNG\r\n\x1a\n"


class IdentityOps:
    """Takes, answers, signs, reveals, lists and deletes."""

    def __init__(
        self,
        identities: Identities,
        stays: Callable[[str], bool],
        journal: Callable[[Row], int | None],
        wall_ns: Callable[[], int],
        mono_ns: Callable[[], int],
        must_agree: Callable[[IdentityReveal], None] = lambda _asked: None,
    ) -> None:
        """`stays`: whether a visit is inside. `journal` returns a row's sequence once it is durable.

        `must_agree` raises when the named leader is none.
        """
        self._identities = identities
        self._stays = stays
        self._journal = journal
        self._wall_ns = wall_ns
        self._mono_ns = mono_ns
        self._must_agree = must_agree
        self._sweep_ns = 0
        self._ends: dict[str, str] = {}
        self.ops: dict[str, Callable[[dict[str, Any]], Any]] = {
            "identities.take": self._take,
            "identities.answer": self._answer,
            "identities.sign": self._sign,
            "identities.reveal": self._reveal,
            "identities.list": self._list,
            "identities.look": self._look,
        }

    def settings_changed(self, settings: Settings) -> None:
        """These settings hold from now on."""
        self._zone = settings.zone
        self._exits = {lane.id for lane in settings.lanes if lane.direction is Direction.EXIT}
        self._days = settings.gateway.retention.identity_days
        self._sweep_ns = 0

    # ---- the steps -------------------------------------------------------------------------------------------------

    def _take(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(IdentityTake, params)
        if asked.lane not in self._exits:
            raise NotFoundError(f"there is no exit {asked.lane!r}")
        if asked.visit and not self._stays(asked.visit):
            raise IdentityStepError(f"visit {asked.visit!r} is not inside any more; choose again", code="visit_over")
        number = normal_number(asked.number)
        if wrong := wrong_number(asked.kind, number, local_time(self._wall_ns(), self._zone).date()):
            raise IdentityError("the number is not one of this kind of document", code=f"identity_{wrong}")
        taken = Taken(asked.request, asked.visit or None, asked.lane, asked.kind, number, asked.by)
        person, fresh = self._identities.take(taken, self._wall_ns())
        if fresh:
            self._tell(IdentityChecked, person, asked, how=person.kind, lane=person.lane)
        elif (person.visit, person.lane, person.kind) != (taken.visit, taken.lane, taken.kind):
            raise IdempotencyConflictError("this request was used for another driver; take a new key")
        return self._shown(person)

    def _answer(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(IdentityAnswer, params)
        person = self._identities.get(asked.person)
        step = CheckStep.CONFIRM if asked.confirmed else CheckStep.DECLINE
        if self._is_again(person, step, asked):
            return self._shown(person)
        self._identities.answer(person.person, self._next(person, step), asked.how, asked.said_by or None)
        kind = IdentityConfirmed if asked.confirmed else IdentityDeclined
        self._tell(kind, person, asked, how=asked.how, said_by=asked.said_by or None)
        return self._shown(self._identities.get(person.person))

    def _is_again(self, person: Person, step: CheckStep, asked: IdentityAnswer) -> bool:
        """Whether the same answer was given before: the second tap of a double tap."""
        done = CheckState.CONFIRMED if step is CheckStep.CONFIRM else CheckState.DECLINED
        return person.state is done and (person.how, person.said_by or "") == (asked.how, asked.said_by)

    def _sign(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(IdentitySign, params)
        png = asked.png
        if not png.startswith(_PNG) or len(png) > DRAWING_MAX_BYTES:
            raise RequestError(f"drawing is no PNG of at most {DRAWING_MAX_BYTES} bytes")
        person = self._identities.get(asked.person)
        if person.state is CheckState.SIGNED:
            return self._shown(person)
        media = self._identities.sign(person.person, self._next(person, CheckStep.SIGN), png)
        self._tell(IdentitySigned, person, asked, media=media)
        return self._shown(self._identities.get(person.person))

    def must_fit(self, asked: StayCommand) -> None:
        """IdentityStepError unless the check of this driver is so far, and about this car.

        A repeat of the order that ended it fits: it is answered as the first time.
        """
        if self._ends.get(asked.person) == asked.request:
            return
        person = self._identities.get(asked.person)
        if (person.lane, person.visit or "") != (asked.lane, asked.visit):
            raise IdentityStepError("the check of this driver is about another car; begin anew", code="identity_step")
        self._next(person, CheckStep(asked.verb))

    def ended(self, asked: StayCommand) -> None:
        """The car of a check was released, or refused."""
        self._ends[asked.person] = asked.request
        while len(self._ends) > ENDS_MAX:
            self._ends.pop(next(iter(self._ends)))
        found = self._identities.get(asked.person)
        self._identities.goes_on(asked.person, self._next(found, CheckStep(asked.verb)))

    def _next(self, person: Person, step: CheckStep) -> CheckState:
        found = after(person.state, step)
        if found is None:
            raise IdentityStepError(
                f"{step.value} does not fit: the check of this driver is {person.state.value}", code="identity_step"
            )
        return found

    # ---- looking ---------------------------------------------------------------------------------------------------

    def _list(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(IdentityList, params)
        return {"items": [self._shown(one) for one in self._identities.listed(open_only=asked.open_only)]}

    def _look(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(IdentityLook, params)
        return self._shown(self._identities.get(asked.person))

    def _reveal(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = read(IdentityReveal, params)
        if not asked.reason.strip():
            raise IdentityError("say what the number is needed for", code="reason_missing")
        self._must_agree(asked)
        person = self._identities.get(asked.person)
        number, signature = self._identities.reveal(person.person)
        if self._tell(IdentityRevealed, person, asked, reason=asked.reason, agreed_by=asked.agreed_by) is None:
            raise NotRecordedError
        drawing = base64.b64encode(signature).decode() if signature is not None else None
        return {**self._shown(person), "number": number, "drawing": drawing}

    def _shown(self, person: Person) -> dict[str, Any]:
        return dict(msgspec.to_builtins(
            PersonView(
                person=person.person, visit=person.visit, lane=person.lane, kind=person.kind, state=person.state.value,
                at=rfc3339(person.taken_wall_ns), by=person.taken_by, how=person.how, said_by=person.said_by,
                masked=person.masked, signed=person.media is not None,
            )
        ))  # fmt: skip

    # ---- deleting --------------------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Delete what has had its days, from time to time; a failing disk is tried again."""
        now_ns = self._mono_ns()
        if now_ns < self._sweep_ns:
            return
        self._sweep_ns = now_ns + SWEEP_S * NS_PER_S
        try:
            gone = self._identities.sweep(self._wall_ns(), self._days, self._tell_deleted)
        except GatehouseError as error:
            log.error("identity numbers could not be deleted: %s", error)
            return
        if gone:
            log.info("%d identity numbers were deleted after %d days", gone, self._days)

    def _tell_deleted(self, person: Person) -> None:
        self._journal(IdentityDeleted(visit=person.visit, person=person.person, days=self._days, by="gateway"))

    def _tell(self, kind: type[Any], person: Person, asked: Change, **said: Any) -> int | None:
        station = getattr(asked, "station", "") or None
        return self._journal(kind(visit=person.visit, person=person.person, **said, **asked.who, station=station))
