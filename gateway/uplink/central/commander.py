"""Passes central's orders to the engine, one after the other, in its own thread.

A call to the engine may take seconds, and the sending thread must not wait for it. The queue is short: orders past its
bound are refused with `busy` at once, so that no gate moves late.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import apsw
import msgspec

from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.times import text_of
from gateway.uplink.central.answers import Answers
from gateway.uplink.central.commands import (
    Announced,
    Answer,
    Answered,
    Booked,
    Confirmation,
    LaneOrder,
    Letter,
    Order,
    PassOrder,
    PaymentOrder,
    Released,
    SlipOrder,
    VisitOrder,
    outgoing,
)
from gateway.uplink.central.confirmations import Confirmations, Journal
from gateway.uplink.mqtt.messages import Outgoing

_log = logging.getLogger(__name__)
QUEUE_MAX = 64
# Passing refusals: the same order may succeed a moment later, so they are not kept.
_PASSING = frozenset({"engine_unreachable", "busy", "storage_failed", "error"})

# Reasons of the engine with another name for central.
_REASONS = {"command_expired": "expired"}


class Engine(Protocol):
    """The control socket (`gateway.control.Client`)."""

    def call(self, op: str, timeout_s: float = 5.0, **params: Any) -> Any:
        """The result of an op; raises GatehouseError."""


class Commander:
    """One worker. It calls `reply` with each answer, from its own thread."""

    def __init__(
        self,
        engine: Engine,
        answers_path: Path,
        reply: Callable[[Outgoing], None],
        journal: Journal,
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._path = answers_path
        self._reply = reply
        self._queue: queue.Queue[Letter | None] = queue.Queue(QUEUE_MAX)
        self._thread = threading.Thread(target=self._run, name="uplink-orders", daemon=True)

    def start(self) -> None:
        """Start the thread. apsw.Error if the answers cannot be opened."""
        self._answers = Answers(self._path)
        self._confirmations = Confirmations(self._path, self._journal, self._tell)
        self._thread.start()

    def stop(self) -> None:
        """End after the current order. Orders behind it are dropped; central may send them again."""
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put(None)
        self._thread.join(timeout=1.0)

    def submit(self, letter: Letter) -> None:
        """Queue an order, or refuse it at once; never blocks."""
        try:
            self._queue.put_nowait(letter)
        except queue.Full:
            answer = Answer(letter.order.id, "refused", "busy", "too many orders at once")
            self._reply(outgoing(answer, letter.response_topic, letter.correlation, letter.number))

    def _run(self) -> None:
        answers = self._answers
        while (letter := self._queue.get()) is not None:
            try:
                answer = self._carry_out(letter.order, answers)
            except Exception as error:  # A dead thread would leave all later orders unanswered.
                _log.exception("order %s", letter.order.id)
                answer = Answer(letter.order.id, "refused", "error", str(error))
            self._reply(outgoing(answer, letter.response_topic, letter.correlation, letter.number))
        answers.close()
        self._confirmations.close()

    def _carry_out(self, order: Order, answers: Answers) -> Answer:
        if isinstance(order, Confirmation):
            return self._confirm(order)
        known = answers.find(order)
        if known is not None:
            return known
        answer = self._ask(order)
        if answer.status == "done" or answer.reason not in _PASSING:
            answers.keep(order, answer)
        return answer

    def _ask(self, order: Answered) -> Answer:
        try:
            if isinstance(order, LaneOrder):
                return self._command(order)
            if isinstance(order, VisitOrder):
                return self._visitor(order)
            if isinstance(order, PaymentOrder):
                return self._payment(order)
            if isinstance(order, SlipOrder):
                return self._slip(order)
            self._change(order)
            return Answer(order.id, "done")
        except GatehouseError as error:
            return Answer(order.id, "refused", error.code, str(error))

    def _tell(self, ignored: dict[str, Any]) -> None:
        self._engine.call("journal.note", type="journal.confirmation_ignored", data=ignored)

    def _confirm(self, order: Confirmation) -> Answer:
        try:
            return self._confirmations.take(order)
        except apsw.Error as error:
            return Answer(order.id, "refused", "storage_failed", str(error))
        except GatehouseError as error:
            return Answer(order.id, "refused", error.code, str(error))

    def _command(self, order: LaneOrder) -> Answer:
        result = self._engine.call(
            "lane.command",
            request=f"mqtt:{order.id}",
            lane=order.lane,
            command=order.command,
            by=order.by or "central",
            via="mqtt",
            reason=order.reason,
            expires_at=text_of(order.expires_at),
            detail={**_identity(order), **_detail(order)},
            case=order.case,
        )
        detail = result.get("detail")
        words = detail if isinstance(detail, str) else ""
        reason = result.get("reason") or ""
        return Answer(order.id, result["status"], _REASONS.get(reason, reason), words)

    def _change(self, order: PassOrder) -> None:
        by = order.by or "central"
        if order.put is None:
            self._engine.call("passes.delete", pass_id=order.delete, if_revision=order.revision, by=by, via="mqtt")
        else:
            document: dict[str, Any] = {"pass": order.put, "if_revision": order.revision, "by": by, "via": "mqtt"}
            self._engine.call("passes.put", **document)

    def _visitor(self, order: VisitOrder) -> Answer:
        by = order.by or "central"
        if order.cancel is not None:
            self._engine.call("visits.cancel", visit=order.cancel, by=by, via="mqtt")
            return Answer(order.id, "done")
        request = f"mqtt:{order.id}"
        if order.correction:
            return self._correction(order, request, by)
        made = self._engine.call("visits.add", request=request, visitor=order.visitor, by=by, via="mqtt")
        return Answer(order.id, "done", visit=Announced(made["id"], made["code"]))

    def _correction(self, order: VisitOrder, request: str, by: str) -> Answer:
        """The engine decides; it keeps the key of the request too."""
        told = {"request": request, "reason": order.reason, "by": by, "via": "mqtt", **order.correction}
        found = self._engine.call("visit.command", **told)
        if found["status"] != "done":
            return Answer(order.id, "refused", found["reason"], found["detail"])
        return Answer(order.id, "done", detail=found["detail"], visit=found["visit"])

    def _payment(self, order: PaymentOrder) -> Answer:
        found = self._engine.call(
            "visits.pay",
            request=f"mqtt:{order.id}",
            visit=order.visit,
            amount=order.amount,
            method=order.method,
            reference=order.reference,
            at=text_of(order.at),
            by=order.by or "central",
            via="mqtt",
        )
        return Answer(order.id, "done", payment=Booked(found["paid"], found["due"], found["leave_by"]))

    def _slip(self, order: SlipOrder) -> Answer:
        who: dict[str, Any] = {"by": order.by or "central", "via": "mqtt"}
        if order.cancel is not None:
            self._engine.call("slips.cancel", slip=order.cancel, reason=order.reason, **who)
            return Answer(order.id, "done")
        if order.confirm is not None:
            self._engine.call("slips.confirm", slip=order.confirm, how=order.how, **who)
            return Answer(order.id, "done")
        made = self._engine.call("slips.add", request=f"mqtt:{order.id}", slip=order.slip, **who)
        return Answer(order.id, "done", slip=Released(made["slip"], made["code"]))


def _identity(order: LaneOrder) -> dict[str, Any]:
    """How the identity was checked, if central says so."""
    return {"identity_checked": order.identity_checked} if order.identity_checked else {}


def _detail(order: LaneOrder) -> dict[str, Any]:
    """The end of a hold, as the engine takes it."""
    return {} if order.detail is msgspec.UNSET else order.detail.document()
