"""The desk: commands for lanes, alarms and repair orders on their way to the core, and the replies on their way back.

It has its own thread, since requests from afar are noted on disk (`answers.py`). A repeat that comes before the answer
gets the same answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from gateway.control import Responder
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.errors import (
    BusyError,
    GatehouseError,
    IdempotencyConflictError,
    NotFoundError,
    RefusedError,
    StorageError,
)
from gateway.core.vocabulary.events import Event, VisitCommandReceived
from gateway.core.vocabulary.reasons import Refusal
from gateway.engine.core_thread.inbox import Inbox
from gateway.engine.identities.requests import StayCommand
from gateway.engine.socket.answers import Answers
from gateway.engine.socket.jobs import LOOK_S, Jobs
from gateway.engine.socket.leaders import Leaders
from gateway.engine.socket.requests import (
    AcceptanceAct,
    AcceptanceLook,
    AlarmCommand,
    LaneCommand,
    RepairCommand,
    read,
)
from gateway.engine.visits.requests import (
    MoneyRequest,
    VisitCommand,
    VisitPay,
    VisitPicture,
    VisitValidate,
    VisitWaive,
)

log = logging.getLogger(__name__)

JOINED_MAX = 64
"""How many clients may wait for the answer to one request."""
PATIENCE_S = 30.0
"""A request without a reply after this time has failed; the core replies at once or never."""
_REMOTE = ("http", "mqtt")

Asked = (
    LaneCommand
    | AlarmCommand
    | RepairCommand
    | AcceptanceAct
    | AcceptanceLook
    | StayCommand
    | VisitCommand
    | VisitPicture
    | VisitPay
    | VisitValidate
    | VisitWaive
)
_NOT_KEPT = (AcceptanceLook, VisitPay, VisitValidate, VisitWaive)
"""Requests whose answers are not kept: looks, and what the core itself answers again as the first time."""


class Open(msgspec.Struct):
    """A request without a reply."""

    asked: Asked
    digest: str
    on_disk: bool
    responders: list[Responder]
    since_s: float


class Desk:
    """Call `lane_command`, `alarm_command` and `repair_command` in the control thread, `replied` in the core thread."""

    def __init__(
        self,
        settings: Settings,
        inbox: Inbox,
        answers: Answers,
        with_facts: Callable[[VisitCommandReceived], VisitCommandReceived],
        mono_s: Callable[[], float] = time.monotonic,
        decided: Callable[[StayCommand], None] = lambda _asked: None,
        leaders: Leaders | None = None,
    ) -> None:
        """`with_facts` adds to a correction of visits what the projections know; it reads a file.

        `decided`: a car without a card was released or refused. `leaders`: who can agree; everyone without it.
        """
        self._decided = decided
        self._leaders = leaders or Leaders(tuple)
        self._mono_s = mono_s
        self._look_at_s = 0.0
        self.settings_changed(settings)
        self._inbox = inbox
        self._answers = answers
        self._with_facts = with_facts
        self._jobs = Jobs("commands")
        self._open: dict[str, Open] = {}

    def settings_changed(self, settings: Settings) -> None:
        """Take commands for these lanes from now on; from any thread."""
        self._lanes = {lane.id for lane in settings.lanes}

    def lane_command(self, params: dict[str, Any], respond: Responder) -> None:
        """lane.command"""
        asked = read(LaneCommand, params)
        if asked.lane not in self._lanes:
            raise NotFoundError(f"there is no lane {asked.lane!r}")
        self._jobs.ask(partial(self._take, asked, asked.event(), asked.via in _REMOTE, respond))

    def stay_command(self, params: dict[str, Any], respond: Responder) -> None:
        """stay.command, from the clerk's thread: the check of the driver is so far"""
        asked = read(StayCommand, params)
        self._jobs.ask(partial(self._take, asked, asked.event(), False, respond))

    def alarm_command(self, params: dict[str, Any], respond: Responder) -> None:
        """alarm.command"""
        asked = read(AlarmCommand, params)
        self._jobs.ask(partial(self._take, asked, asked.event(), False, respond))

    def repair_command(self, params: dict[str, Any], respond: Responder) -> None:
        """repair.command"""
        asked = read(RepairCommand, params)
        self._jobs.ask(partial(self._take, asked, asked.event(), False, respond))

    def acceptance_act(self, params: dict[str, Any], respond: Responder) -> None:
        """acceptance.act"""
        asked = read(AcceptanceAct, params)
        self._jobs.ask(partial(self._take, asked, asked.event(), False, respond))

    def acceptance_look(self, params: dict[str, Any], respond: Responder) -> None:
        """acceptance.look: its answer is not kept, and another look at the same lane waits along with it."""
        asked = read(AcceptanceLook, params)
        self._jobs.ask(partial(self._take, asked, asked.event(), False, respond))

    def money(self, kind: type[MoneyRequest], params: dict[str, Any], respond: Responder) -> None:
        """visits.pay, visits.validate and visits.waive: the journal knows which were booked, over a restart too."""
        asked = read(kind, params)
        self._jobs.ask(partial(self._take, asked, asked.event(), False, respond))

    def visit_picture(self, params: dict[str, Any], respond: Responder) -> None:
        """visit.picture"""
        asked = read(VisitPicture, params)
        if asked.lane not in self._lanes:
            raise NotFoundError(f"there is no lane {asked.lane!r}")
        self._jobs.ask(partial(self._take, asked, asked.event(), False, respond))

    def visit_command(self, params: dict[str, Any], respond: Responder) -> None:
        """visit.command"""
        asked = read(VisitCommand, params)
        self._jobs.ask(partial(self._correct, asked, asked.event(), respond))

    def replied(self, reply: Reply) -> None:
        """The core has replied."""
        self._jobs.tell(partial(self._settle, reply))

    def stop(self) -> None:
        """End `run` after the waiting requests."""
        self._jobs.stop()

    def run(self) -> None:
        """Serve requests and replies until `stop`."""
        self._jobs.run(self._give_up)

    def _correct(self, asked: VisitCommand, event: VisitCommandReceived, respond: Responder) -> None:
        try:
            event = self._with_facts(event)
        except GatehouseError as error:
            respond.error(error)
            return
        self._take(asked, event, asked.via in _REMOTE, respond)

    # ---- asking ---------------------------------------------------------------------------------------------------

    def _take(
        self,
        asked: Asked,
        event: Event,
        on_disk: bool,
        respond: Responder,
    ) -> None:
        try:
            digest = asked.digest()
            if self._joined(asked.request, digest, respond):
                return
            self._leaders.must_agree(asked)
            self._inbox.admit()
            first = self._answers.begin(asked.request, digest, on_disk=on_disk)
        except GatehouseError as error:
            respond.error(error)
            return
        if first is not None:
            _respond(first, [respond])
            return
        self._open[asked.request] = Open(asked, digest, on_disk, [respond], self._mono_s())
        self._inbox.put(event)

    def _joined(self, request: str, digest: str, respond: Responder) -> bool:
        """Whether the same request waits for its answer; then this one joins it."""
        found = self._open.get(request)
        if found is None:
            return False
        if found.digest != digest:
            raise IdempotencyConflictError(
                f"request {request!r} is used for something else; take a new key for a new request"
            )
        if len(found.responders) >= JOINED_MAX:
            raise BusyError(f"request {request!r} is asked too often at once; wait for its answer")
        found.responders.append(respond)
        return True

    # ---- answering ------------------------------------------------------------------------------------------------

    def _settle(self, reply: Reply) -> None:
        found = self._open.pop(reply.request, None)
        if found is None:
            log.warning("the core replied to request %r, for which no client waits", reply.request)
            return
        answer = _ANSWERS[type(found.asked)](reply)
        if not isinstance(found.asked, _NOT_KEPT):
            self._answers.finish(reply.request, found.digest, answer, on_disk=found.on_disk)
        if isinstance(found.asked, StayCommand) and reply.status == "done":
            self._decided(found.asked)
        _respond(answer, found.responders)

    def _give_up(self) -> None:
        """Fail requests without a reply from the core."""
        now_s = self._mono_s()
        if now_s < self._look_at_s:
            return
        self._look_at_s = now_s + LOOK_S
        latest_s = now_s - PATIENCE_S
        for request in [key for key, one in self._open.items() if one.since_s < latest_s]:
            for respond in self._open.pop(request).responders:
                respond.error(GatehouseError("the engine did not decide on this; see its log"))


def _respond(answer: dict[str, Any], responders: list[Responder]) -> None:
    """Send a stored answer: an `error` in it is raised at the client."""
    for respond in responders:
        if "error" in answer:
            respond.error(_KINDS.get(answer["error"], RefusedError)(answer["message"], code=answer.get("code")))
        else:
            respond.result(answer)


def _lane_answer(reply: Reply) -> dict[str, Any]:
    return {
        "id": reply.request,
        "status": reply.status,
        "reason": reply.reason,
        "detail": reply.detail,
    }


def _visit_answer(reply: Reply) -> dict[str, Any]:
    return {**_lane_answer(reply), "visit": reply.visit}


def _sheet_answer(reply: Reply) -> dict[str, Any]:
    """The sheet after it, or the code of the refusal."""
    sheet = msgspec.to_builtins(reply.acceptance) if reply.acceptance is not None else None
    return {"status": reply.status, "reason": reply.reason, "sheet": sheet}


def _charge_answer(reply: Reply) -> dict[str, Any]:
    """What the visit costs after it, or the code of the refusal."""
    if reply.status != "done" or reply.charge is None:
        code = _CODES.get(reply.reason, reply.reason)
        return {"error": code, "message": reply.detail or reply.reason, "code": code}
    answer: dict[str, Any] = msgspec.to_builtins(reply.charge)
    return answer


def _state_answer(reply: Reply, *, with_code: bool) -> dict[str, Any]:
    """The alarm, or the repair order, as it is now; a refusal of an alarm's verb has no code of its own."""
    if reply.status != "done":
        words = {"error": reply.reason, "message": reply.detail or reply.reason}
        return {**words, "code": reply.reason} if with_code else words
    answer: dict[str, Any] = msgspec.to_builtins(reply.alarm or reply.repair)
    return answer


_KINDS: dict[str, type[GatehouseError]] = {
    one.code: one for one in (NotFoundError, IdempotencyConflictError, StorageError)
}
_CODES = {
    Refusal.NO_VISIT.value: NotFoundError.code,
    Refusal.KEY_USED.value: IdempotencyConflictError.code,
    Refusal.NOT_KEPT.value: StorageError.code,
}
"""Refusals of payments that are errors of the same kind everywhere."""
_ANSWERS: dict[type[Asked], Callable[[Reply], dict[str, Any]]] = {
    LaneCommand: _lane_answer,
    StayCommand: _lane_answer,
    AlarmCommand: partial(_state_answer, with_code=False),
    RepairCommand: partial(_state_answer, with_code=True),
    AcceptanceAct: _sheet_answer,
    AcceptanceLook: _sheet_answer,
    **dict.fromkeys((VisitPay, VisitValidate, VisitWaive), _charge_answer),
    VisitCommand: _visit_answer,
    VisitPicture: _lane_answer,
}
