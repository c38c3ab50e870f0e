"""A person's commands to a lane."""

from __future__ import annotations

from typing import Any

from gateway.core.acceptance.touched import TouchedPoints
from gateway.core.access.pending import PendingCase
from gateway.core.access.rules import Decision
from gateway.core.lane.arm.answer import AnswerEvent
from gateway.core.lane.contacts.trouble import TroubleContacts
from gateway.core.lane.grants.visitor import visitor_of
from gateway.core.lane.modes.crash import Crashes
from gateway.core.lane.modes.hold_end import COUNT_MAX, MINUTES_MAX
from gateway.core.lane.modes.interruption import InterruptionEvent
from gateway.core.lane.modes.modes import Mode, ModeEvent
from gateway.core.lane.modes.notices import NoticeEvent
from gateway.core.lane.modes.siren import SirenEvent
from gateway.core.lane.motion.orders import ArmOrders
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.people.cars import CarsInFront
from gateway.core.lane.people.refusals import COMMANDS, Asked, refusal
from gateway.core.lane.people.release import Release
from gateway.core.lane.people.resume import Resume
from gateway.core.lane.people.words import PersonsWords
from gateway.core.lane.traffic.passing import Passing
from gateway.core.lane.traffic.recorder import PassageRecorder
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.events import OpenVisit
from gateway.core.vocabulary.reasons import Reason, Refusal
from gateway.core.vocabulary.rows import (
    UNSET,
    BarrierHeld,
    BarrierLocked,
    BarrierLooked,
    BarrierReset,
    BarrierUnlocked,
    CaseRefused,
    CaseReported,
)
from gateway.core.vocabulary.turn import Turn

WAIVERS = ("leader", "emergency")
"""Why a person may take a tag off though touched points are not ticked again: a leader's word, or an emergency."""
LOOKED_UNDER = ("open", "owe", "hold", "release", "reset", "look")
"""A person on the spot who gives one of these has looked under the arm."""


class PersonsCommands:
    """Refuses commands that do not fit, and carries out the others."""

    def __init__(
        self,
        lane: LaneParts,
        orders: ArmOrders,
        passing: Passing,
        recorder: PassageRecorder,
        crashes: Crashes,
        trouble: TroubleContacts,
        cars: CarsInFront,
        words: PersonsWords,
        release: Release,
        resume: Resume,
        touched: TouchedPoints,
    ) -> None:
        self._lane = lane
        self._touched = touched
        self._orders = orders
        self._passing = passing
        self._recorder = recorder
        self._crashes = crashes
        self._trouble = trouble
        self._cars = cars
        self._words = words
        self._release = release
        self._resume = resume

    # ---- may it be given?

    def case_of(self, at: Lane, now_ns: int) -> PendingCase | None:
        """The case of the car in front of a lane."""
        return self._cars.case_of(at, now_ns)

    def forget_gone(self, turn: Turn, at: Lane) -> None:
        """End the case of a car that has gone, after its time."""
        self._cars.forget_gone(turn, at)

    def refusal(self, command: str, remote: bool, at: Lane) -> str | None:
        """Why a command cannot be given now, as a code; None when it can."""
        return refusal(command, self._asked(remote, at))

    def case_refusal(self, at: Lane, command: str, case_id: str, stated: str, now_ns: int) -> str | None:
        """Why a command about the car in front cannot be given, as a code; None when it can."""
        case = self._cars.case_of(at, now_ns)
        if case_id and (case is None or case.id != case_id):
            return Refusal.CASE_OVER
        if command in ("refuse", "seen_to", "owe") and not stated.strip():
            return Refusal.REASON_MISSING
        return None

    def due(self, at: Lane, now_ns: int) -> int:
        """What is due for the stay of the car in front, in minor units."""
        case = self._cars.case_of(at, now_ns)
        return case.bill.due if case is not None and case.bill is not None else 0

    def allowed(self, at: Lane) -> dict[str, str | None]:
        """Every command with the reason why a person on the spot cannot give it now, None when they can."""
        asked = self._asked(remote=False, at=at)
        return {command: refusal(command, asked) for command in COMMANDS}

    def _asked(self, remote: bool, at: Lane) -> Asked:
        lane = self._lane
        waiting = self._cars.waiting_case(at)
        return Asked(
            remote=remote,
            locked=Mode.LOCKED in lane.modes,
            crashed=Mode.CRASHED in lane.modes,
            held=Mode.HELD in lane.modes,
            fire=Mode.FIRE in lane.modes,
            fire_contact=bool(lane.fires),
            detached=lane.inputs.value("arm_detached") is True,
            question=lane.question.asked,
            arm=lane.arm.rests_at,
            step=lane.wiring.barrier.control == "step",
            safety_fitted=lane.detectors.safety_fitted,
            safety=lane.detectors.safety,
            can_close=lane.terminals.can("close"),
            open_device_lost=lane.boards.is_away(lane.terminals.device("open")),
            close_device_lost=lane.boards.is_away(lane.terminals.device("close")),
            grants_full=lane.grants.full,
            interlocked=lane.interlock.blocks,
            case=waiting is not None and not waiting.handled,
            touched=bool(self._touched.of(lane.wiring.barrier.id)),
            unpaid=self._cars.must_pay(at),
        )

    # ---- carried out

    def carry_out(
        self,
        turn: Turn,
        at: Lane,
        command: str,
        author: Author,
        remote: bool,
        reason: str,
        detail: dict[str, Any],
        case_id: str = "",
    ) -> None:
        """Carry out a command that `refusal` has nothing against.

        A person on the spot who moves the arm has looked under it: a doubted detector is believed again.
        """
        if not remote and command in LOOKED_UNDER:
            self._lane.inputs.believe("safety_loop")
        match command:
            case "open":
                way = Reason.REMOTE if remote else Reason.OPERATOR
                checked = detail.get("identity_checked")
                who = visitor_of(detail)
                self._release.let_pass(turn, at, author, way.value, reason, checked, named=bool(case_id), visitor=who)
            case "owe":
                way = Reason.REMOTE if remote else Reason.OPERATOR
                self._release.as_owed(turn, at, author, way.value, reason, detail)
            case "close":
                self._close(turn, author)
            case "stop":
                self._stop(turn, author)
            case "hold":
                self._hold(turn, at, author, reason, detail)
            case "release":
                self._end_hold(turn, author, reason)
            case "lock":
                self._lock(turn, author, reason)
            case "unlock":
                self._unlock(turn, author, reason, detail.get("waive"))
            case "reset":
                self._reset(turn, author, reason)
            case "passed":
                self._release.passed_by_hand(turn, at, author, reason)
            case "refuse":
                self._words.record(turn, at, CaseRefused, self.case_of(at, turn.now.mono_ns), author, reason, "leader")
            case "seen_to":
                self._words.record(turn, at, CaseReported, self.case_of(at, turn.now.mono_ns), author, reason)
            case "emergency":
                self._release.let_pass(turn, at, author, Reason.EMERGENCY.value, reason)
            case "look":
                self._look(turn, author, reason)
        turn.show()

    # ---- no card at the exit

    def name_stay(self, turn: Turn, at: Lane, author: Author, decision: Decision, visit: OpenVisit | None) -> bool:
        """The car in front is of this stay, as a person says; False: it may pass already."""
        return self._release.name_stay(turn, at, author, decision, visit)

    def release_stay(self, turn: Turn, at: Lane, author: Author, reason: str, visit: str, person: str) -> None:
        """Let the car of the stay that was named pass."""
        self._release.let_pass(turn, at, author, Reason.OPERATOR.value, reason, named=True, stay=visit, person=person)

    def refuse_stay(self, turn: Turn, at: Lane, author: Author, reason: str) -> None:
        """Turn the car of the stay that was named away."""
        self._words.record(turn, at, CaseRefused, self.case_of(at, turn.now.mono_ns), author, reason, "leader")

    def _close(self, turn: Turn, author: Author) -> None:
        modes = self._lane.modes
        self._resume.person_decides(turn)
        modes.happens(ModeEvent.RELEASE)
        modes.happens(ModeEvent.FIRE_OVER)
        self._recorder.presume(turn)
        self._lane.grants.drop_all(turn, "close")
        self._orders.call_off(turn, "open")
        self._orders.ask(turn, "close", "operator", author, None)

    def _stop(self, turn: Turn, author: Author) -> None:
        """Where nothing moves and nothing was asked for, nothing starts for a moment; else a person decides."""
        lane = self._lane
        at_rest = lane.at_rest
        lane.grants.drop_all(turn, "stop")
        self._orders.void(turn)
        if at_rest:
            lane.pause.begin(turn, author)
        else:
            lane.pause.end(turn)
            lane.interruption.happens(InterruptionEvent.STOPPED)
        self._orders.ask(turn, "stop", "operator", author, None)

    def _look(self, turn: Turn, author: Author, reason: str) -> None:
        """A person has looked under the arm and at it: what is doubted is believed again."""
        lane = self._lane
        lane.records.set_by(turn, BarrierLooked, author, reason=reason)
        lane.notices.happens(NoticeEvent.LOOKED)
        free = lane.detectors.safety is False and lane.crossing.vehicle is None
        if free and lane.arm.open and not len(lane.grants):
            lane.closing.start(turn)

    def _hold(self, turn: Turn, at: Lane, author: Author, reason: str, detail: dict[str, Any]) -> None:
        lane = self._lane
        self._resume.person_decides(turn)
        lane.modes.happens(ModeEvent.HOLD)
        self._orders.withdraw_close(turn)
        minutes, count = _bounded(detail.get("minutes"), MINUTES_MAX), _bounded(detail.get("count"), COUNT_MAX)
        ends = lane.hold.begin(turn, at, author, minutes, count)
        lane.records.set_by(turn, BarrierHeld, author, reason=reason, **ends)
        if not lane.arm.open and not lane.terminals.asked("open"):
            self._orders.ask(turn, "hold", "operator", author, None, at)

    def _end_hold(self, turn: Turn, author: Author, reason: str) -> None:
        self._resume.person_decides(turn)
        if not self._lane.fires:
            self._lane.modes.happens(ModeEvent.FIRE_OVER)
        self._passing.end_hold(turn, author, reason)

    def _lock(self, turn: Turn, author: Author, reason: str) -> None:
        lane = self._lane
        lane.question.answer(turn)
        lane.grants.drop_all(turn, "lock")
        self._orders.void(turn)
        lane.modes.happens(ModeEvent.TAG)
        lane.tag.put_on(turn, author, reason)
        lane.records.set_by(turn, BarrierLocked, author, reason=reason)
        lane.alarms.take_out(turn)

    def _unlock(self, turn: Turn, author: Author, reason: str, waive: Any) -> None:
        """Take the tag off; the row names what was touched under it and is not ticked again, and why it came off."""
        lane = self._lane
        left = self._touched.of(lane.wiring.barrier.id)
        waived = (waive if waive in WAIVERS else "fire") if left else UNSET
        lane.modes.happens(ModeEvent.UNTAG)
        lane.tag.take_off()
        self._hand_back()
        interrupted = lane.interruption.active
        unticked = left or UNSET
        lane.records.set_by(
            turn, BarrierUnlocked, author, reason=reason, interrupted=interrupted, unticked=unticked, waived=waived
        )
        lane.alarms.put_back(turn, author.by)
        self._trouble.tell_standing(turn)
        if lane.inputs.value("arm_detached") and Mode.CRASHED not in lane.modes:
            self._crashes.crash(turn, "arm_detached")

    def _reset(self, turn: Turn, author: Author, reason: str) -> None:
        lane = self._lane
        lane.notices.happens(NoticeEvent.RESET)
        lane.answer.happens(AnswerEvent.RESET)
        lane.question.answer(turn)
        crashed = Mode.CRASHED in lane.modes
        if crashed:
            lane.modes.happens(ModeEvent.RESET)
            lane.siren.happens(turn, SirenEvent.SILENCED)
            self._hand_back()
        interrupted = lane.interruption.active
        lane.records.set_by(turn, BarrierReset, author, reason=reason, interrupted=interrupted)
        if crashed:
            lane.alarms.end(turn, "motion")

    def _hand_back(self) -> None:
        """The lane may move again; an arm that is not down waits for a person."""
        lane = self._lane
        closed = lane.arm.closed
        lane.interruption.happens(InterruptionEvent.HANDED_BACK_CLOSED if closed else InterruptionEvent.HANDED_BACK_UP)


def _bounded(value: Any, highest: int) -> int | None:
    """A whole number from 1 to the highest, or None."""
    return min(value, highest) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
