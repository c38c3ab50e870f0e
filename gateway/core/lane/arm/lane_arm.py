"""The arm of a lane: what the guards and actions of its table mean, and the search for why it moved."""

from __future__ import annotations

from typing import Any

from gateway.core.alarms.desk import Alarm
from gateway.core.lane.arm.causes import BENIGN, BLOW_MS, FLICKER_WINDOW_MS, Cause, Movement, Seen, verdict
from gateway.core.lane.arm.table import TABLE, ArmEvent, ArmState
from gateway.core.lane.arm.terminals import Motion
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.state import MOVING, LaneState
from gateway.core.vocabulary.authors import GATEWAY, NOBODY
from gateway.core.vocabulary.turn import NS_PER_MS, Turn

ANSWER_MS = 1500
POWER_WINDOW_MS = 60_000
ABORTS_MAX = 3
UNSEEN_MAX = 3
FLICKERS_KEPT = 20
BEFORE_INTERLOCK = ("fire", "safety", "retry")

_SENT = {"open": ArmEvent.OPEN_SENT, "close": ArmEvent.CLOSE_SENT, "stop": ArmEvent.STOP_SENT}


class LaneArm(LaneState):
    """A lane that can move its arm and knows why it moved."""

    def arm_event(self, turn: Turn, event: ArmEvent) -> None:
        """Look the event up in the arm's table and do what its row says."""
        for row in TABLE[self.arm][event]:
            if row.guard and not getattr(self, f"if_{row.guard}")():
                continue
            self.enter(turn, row.next if row.next is not None else self.standing_arm())
            getattr(self, f"do_{row.action}")(turn)
            return

    # ---- from asked to sent

    def committed(self, turn: Turn, token: int) -> bool:
        """The row of a movement is durable, or has waited long enough: move now, if the guards still hold."""
        motion = self.terminals.committed(token)
        if motion is None:
            return False
        self.carry_out(turn, motion)
        return True

    def gap_over(self, turn: Turn) -> None:
        """The gap to the opposite pulse is over."""
        motion = self.terminals.gap_over()
        if motion is not None:
            self.carry_out(turn, motion)

    def carry_out(self, turn: Turn, motion: Motion) -> None:
        """Send a movement unless something has come up against it."""
        objection = self._objection(motion)
        if objection is not None:
            self.not_followed(turn, motion, objection)
            self.run_grants(turn)
        elif self.terminals.send(turn, motion):
            self.moving_cause, self.mover = Cause.COMMANDED, motion.author
            self.retries = self.retries + 1 if motion.cause == "retry" else 0
            if motion.direction == "stop":
                self._stops_moving(turn)
            elif motion.cause != "retry":
                self.order = motion
            self.arm_event(turn, _SENT[motion.direction])
            if self.arm not in MOVING:
                self.order = None

    def _stops_moving(self, turn: Turn) -> None:
        """An arm that rested when it was stopped, and moves by now, has been stopped on its way: a person decides."""
        if self.pause is not None and self.arm is not ArmState.CLOSED:
            self.end_pause(turn)
            self.interrupted = True

    def pause_over(self, turn: Turn) -> None:
        """The arm may move by itself again: whoever waits is served, and an arm that stands open closes."""
        self.pause = None
        self.drop_left(turn)
        if len(self.grants):
            self.arm_event(turn, ArmEvent.GRANTED)
        elif self.close_due and self.arm is ArmState.OPEN and self.vehicle is None:
            self.start_clear(turn)
        self.run_grants(turn)
        turn.show()

    def _objection(self, motion: Motion) -> str | None:
        """What has come up against a movement since it was asked for."""
        if motion.direction == "stop":
            return None
        if not self.modes.moves:
            return "lane_locked" if Mode.LOCKED in self.modes else "lane_crashed"
        if motion.direction == "open":
            return self._objection_up(motion)
        if self.safety_in_doubt:
            return "safety_occupied" if self.safety else "safety_unknown"
        waited_for = len(self.grants) or self.modes.stays_up
        return "no_longer_wanted" if motion.cause != "operator" and waited_for else None

    def _objection_up(self, motion: Motion) -> str | None:
        """What has come up against an OPEN; fire and whoever is under the arm go before another barrier."""
        if self.barrier.control == "step" and self.rests_at is not ArmState.CLOSED:
            return "arm_between"
        if motion.command == "hold" and not self.modes.stays_up and not len(self.grants):
            return "no_longer_wanted"
        return "other_barrier_open" if self.interlocked and motion.cause not in BEFORE_INTERLOCK else None

    def output_failed(self, turn: Turn, token: int, error: str) -> None:
        """The device did not take an output command; it is closed as not followed and never fires later."""
        for sign in self.signs.values():
            sign.output_failed(turn, token)
        motion = self.terminals.failed(token)
        if motion is None:
            return
        self.not_followed(turn, motion, "output_failed")
        if motion.direction != "stop":
            self.order = None
        turn.log("error", f"{self.barrier.id}: {motion.command} was not carried out: {error}")
        if motion.direction == "open" and self.arm is ArmState.RISING and self._not_seen_to_leave("at_closed"):
            self.end_travel(turn)
            self._take_open_back(turn)
            self.drop_grants(turn, "not_followed")
            self.enter(turn, ArmState.CLOSED)
            self._tell_no_answer()
        elif motion.direction == "close" and self.arm is ArmState.LOWERING and self._not_seen_to_leave("at_open"):
            self.end_travel(turn)
            self.enter(turn, ArmState.OPEN)
            self.notice = "no_answer"

    def _not_seen_to_leave(self, limit: str) -> bool:
        """An arm that went nowhere as far as its switch tells; without one it is where it was before the order."""
        if self.inputs.fitted(limit):
            return self.inputs.last(limit) is True
        return self.left is (ArmState.CLOSED if limit == "at_closed" else ArmState.OPEN)

    def output_done(self, token: int) -> None:
        """The device has taken an output command."""
        self.terminals.done(token)
        for sign in self.signs.values():
            sign.output_done(token)

    # ---- guards

    def if_moves_by_itself(self) -> bool:
        """Nothing keeps the lane from opening for a grant, and nothing has been asked for yet."""
        free = self.modes.moves and not self.interrupted and self.pause is None and not self.interlocked
        return free and not self.terminals.asked("open")

    def if_uncommanded(self) -> bool:
        """The arm moves and nobody told it to."""
        return self.moving_cause is not Cause.COMMANDED

    def if_void(self) -> bool:
        """What was commanded does not count any longer, and no cause is looked for."""
        return self.void and self.movement is None

    def if_turning_back(self) -> bool:
        """OPEN was sent a moment ago to an arm that went down: it may touch down before it goes up."""
        return self.turning_back

    def if_still_closed(self) -> bool:
        """The closed switch says yes: it has not let go, or was there all the time."""
        return self.inputs.last("at_closed") is True

    def if_at_open(self) -> bool:
        """The open switch says yes, though it was not seen to change."""
        return self.inputs.last("at_open") is True

    def if_underway(self) -> bool:
        """The board has not said yet what became of OPEN: it may still come to the arm."""
        return self.terminals.underway("open")

    def if_may_pulse_again(self) -> bool:
        """One more pulse may help: the arm has not moved, nobody is under it, and a pulse cannot reverse it."""
        fits = self.if_still_closed() and self.retries == 0 and self.barrier.control == "pulse"
        return fits and self.inputs.last("safety_loop") is not True and self.modes.moves

    def if_occupied(self) -> bool:
        """Somebody is under the arm: what the switches say of it is not the last word yet."""
        return self.inputs.last("safety_loop") is True

    def if_no_open_limit(self) -> bool:
        """There is no switch to tell that the arm is up."""
        return self.barrier.at_open is None and not self.if_still_closed()

    def if_no_closed_limit(self) -> bool:
        """There is no switch to tell that the arm is down."""
        return self.barrier.at_closed is None and not self.inputs.last("at_open")

    def if_may_close_by_itself(self) -> bool:
        """The gateway may close: nobody waits or stands under, safety is known to be free, nothing forbids it."""
        idle = not len(self.grants) and self.vehicle is None and not self.interrupted and self.pause is None
        able = self.barrier.close_by == "gateway" and self.terminals.can("close")
        quiet = self.modes.strongest is Mode.AUTO and not self.terminals.asked("close")
        return idle and able and quiet and self._safe()

    def _safe(self) -> bool:
        """A safety input is fitted and every one is known to be free."""
        return bool(self.barrier.safety) and self.safety is False

    def if_may_close_again(self) -> bool:
        """One more close may help, and is safe."""
        able = self.retries == 0 and self.barrier.control == "pulse" and self.modes.strongest is Mode.AUTO
        return able and self._safe()

    def if_may_reopen(self) -> bool:
        """A lowering arm must go up again: somebody is under it, that is not known, or somebody was granted."""
        able = self.barrier.control != "step" and self.modes.moves
        granted = bool(len(self.grants)) and self.pause is None
        return (self.safety_in_doubt or granted) and able and not self.terminals.asked("open")

    # ---- actions: commanded movements

    def do_note(self, turn: Turn) -> None:
        """The event changes nothing in this state."""

    def do_set_off(self, turn: Turn) -> None:
        """The arm leaves its limit: it is seen to do what it was told."""
        self.order = None
        if self.no_answer and self.moving_cause is Cause.COMMANDED:
            self.notice, self.no_answer = None, False
        turn.show()

    def do_leave_up(self, turn: Turn) -> None:
        """An OPEN went out: the arm has an answer time and a travel time."""
        self.movement = None
        self.void, self.turning_back = False, self.left is ArmState.LOWERING
        self.grants.restart(turn)
        self._leaves(turn, "up" if self.left is ArmState.CLOSED else "")
        turn.cancel(self.own_timer("clear"))
        turn.start(self.own_timer("answer"), ANSWER_MS)
        turn.start(self.own_timer("travel"), self.travel.limit_ms("up"))

    def do_leave_down(self, turn: Turn) -> None:
        """A CLOSE went out: the arm has a travel time, and must turn back for whoever comes under it."""
        self.void = False
        self._leaves(turn, "down" if self.left is ArmState.OPEN else "")
        turn.cancel(self.own_timer("answer"))
        turn.start(self.own_timer("travel"), self.travel.limit_ms("down"))
        if self.safety_in_doubt:
            self.arm_event(turn, ArmEvent.SAFETY)
        elif len(self.grants):
            self.arm_event(turn, ArmEvent.GRANTED)

    def _leaves(self, turn: Turn, whole_way: str) -> None:
        """The arm begins to move; with a way, from one end to the other."""
        self.moved_ns, self.whole_way = turn.now.mono_ns, whole_way

    def _travel_ms(self, turn: Turn, way: str) -> int | None:
        """How long the arm took from one end to the other; None when that was not seen whole."""
        whole, self.whole_way = self.whole_way == way, ""
        took_ms = (turn.now.mono_ns - self.moved_ns) // NS_PER_MS
        return took_ms if whole and took_ms < self.travel.limit_ms(way) else None

    def do_follow_up_closed(self, turn: Turn) -> None:
        """A CLOSE went out to an arm that is down already: the command has its end all the same."""
        self.end_travel(turn)
        presumed = self.barrier.at_closed is None
        self.row(turn, "closed", Cause.COMMANDED, self.mover.by, _how(presumed, None))

    def do_ask_open(self, turn: Turn) -> None:
        """The head grant opens the arm."""
        head = self.grants.head
        if head is not None:
            self.withdraw_close(turn)
            self.ask(turn, "open", "grant", head.author, head, head.lane)

    def do_wait_for_output(self, turn: Turn) -> None:
        """The arm cannot have answered yet: its board tries still, or says soon that it failed."""
        turn.start(self.own_timer("answer"), ANSWER_MS)

    def do_ask_open_again(self, turn: Turn) -> None:
        """One more pulse, recorded like the first."""
        self.ask(turn, "open", "retry", GATEWAY, self.grants.head)

    def do_ask_close(self, turn: Turn) -> None:
        """Everybody has passed: close."""
        self.ask(turn, "close", "auto_close", GATEWAY, None)

    def do_ask_close_again(self, turn: Turn) -> None:
        """One more close, recorded like the first."""
        turn.start(self.own_timer("travel"), self.travel.limit_ms("down"))
        self.ask(turn, "close", "retry", GATEWAY, None)

    def do_reopen(self, turn: Turn) -> None:
        """Up again at once; three times running a person has to look."""
        for motion in self.terminals.withdraw("close"):
            self.not_followed(turn, motion, "safety_occupied")
        if self.safety_in_doubt:
            self.aborts += 1
        if self.aborts >= ABORTS_MAX:
            self.interrupted = True
            self.notice = "close_aborted"
            self.incident(turn, "obstructed", {"reason": "close_aborted", "interrupted": True})
            self.raise_alarm(turn, "obstructed", "travel", {"reason": "close_aborted"})
        self.ask(turn, "open", "safety" if self.safety_in_doubt else "grant", GATEWAY, self.grants.head)

    def do_rest(self, turn: Turn) -> None:
        """A movement that nobody waits for any longer has had its time: the arm is where it is."""
        self.end_travel(turn)
        if self.arm is ArmState.CLOSED:
            self.arm_event(turn, ArmEvent.GRANTED)
        elif self.arm is not ArmState.OPEN:
            self.drop_grants(turn, "not_followed")
        self.run_grants(turn)

    def do_touch_down(self, turn: Turn) -> None:
        """The arm was so far down that it came to its lower limit before it turned back."""
        self.turning_back = False
        self._struck(turn)

    def do_keep_up(self, turn: Turn) -> None:
        """Somebody was granted while the arm is up: it stays up, and the grant's time runs."""
        self.withdraw_close(turn)
        self.run_grants(turn)

    def withdraw_close(self, turn: Turn) -> None:
        """Somebody is to come through: a close that waits is not wanted any longer."""
        turn.cancel(self.own_timer("clear"))
        self.call_off(turn, "close")

    def do_halt(self, turn: Turn) -> None:
        """STOP went out: nothing moves until a person acts, or for a moment where nothing moved."""
        self.end_travel(turn)
        self.movement = None
        self.person_row(turn, "stopped", self.mover, {"interrupted": self.interrupted})

    # ---- actions: arrivals

    def do_arrive_open(self, turn: Turn) -> None:
        """The arm is measured up."""
        self.open_unseen = 0
        self.end_alarm(turn, "open_limit")
        took_ms = self._learn(turn, "up")
        self._arrived_open(turn, self._arrival_cause(turn), took_ms=took_ms)

    def do_settle_open(self, turn: Turn) -> None:
        """The arm came to its upper limit from somewhere between."""
        self._arrived_open(turn, Cause.UNKNOWN)

    def do_presume_open(self, turn: Turn) -> None:
        """No switch tells that the arm is up; after its travel time it is presumed."""
        self._arrived_open(turn, Cause.COMMANDED, presumed=True)

    def _arrived_open(self, turn: Turn, cause: Cause, presumed: bool = False, took_ms: int | None = None) -> None:
        self.end_travel(turn)
        self.opened_by = cause
        self.row(turn, "opened", cause, self._by(cause), _how(presumed, took_ms))
        self._is_up(turn)

    def do_arrive_closed(self, turn: Turn) -> None:
        """The arm is measured down."""
        self._struck(turn)
        took_ms = self._learn(turn, "down")
        cause = self.moving_cause if self.moving_cause is not Cause.UNKNOWN else Cause.OWN
        self._arrived_closed(turn, cause, took_ms=took_ms)

    def do_settle_closed(self, turn: Turn) -> None:
        """The arm came to its lower limit from somewhere between."""
        self._arrived_closed(turn, Cause.UNKNOWN)

    def do_presume_closed(self, turn: Turn) -> None:
        """No switch tells that the arm is down; after its travel time it is presumed."""
        self._arrived_closed(turn, Cause.COMMANDED, presumed=True)

    def _arrived_closed(self, turn: Turn, cause: Cause, presumed: bool = False, took_ms: int | None = None) -> None:
        self.end_travel(turn)
        self.close_due = False
        self.row(turn, "closed", cause, self._by(cause), _how(presumed, took_ms))
        self._is_down(turn)

    def do_fall_back(self, turn: Turn) -> None:
        """A rising arm is down again before it was up."""
        self.end_travel(turn)
        self.row(turn, "closed", Cause.UNKNOWN)
        self.drop_grants(turn, "not_followed")
        self._tell_no_answer()
        self._let_go_of_open(turn)

    def _take_open_back(self, turn: Turn) -> None:
        """The arm is given up: no pulse comes late, and what the board says of one changes nothing any more."""
        for motion in self.terminals.withdraw("open", cause="retry"):
            self.not_followed(turn, motion, "no_answer")
        self.terminals.take_back(turn, "open")
        self.terminals.forget("open")

    def _let_go_of_open(self, turn: Turn) -> None:
        """A held OPEN that the arm did not follow would lift it later, when nobody expects that."""
        if self.terminals.holds:
            self.ask(turn, "close", "not_followed", GATEWAY, None)

    def _tell_no_answer(self) -> None:
        self.notice, self.no_answer = "no_answer", True

    def _is_up(self, turn: Turn) -> None:
        self.notice, self.no_answer = None, False
        self.end_alarm(turn, "travel")
        if len(self.grants):
            self.run_grants(turn)
        elif self.vehicle is None and self.opened_by is Cause.COMMANDED:
            self.start_clear(turn)

    def _is_down(self, turn: Turn) -> None:
        self.aborts = 0
        self.opened_by = Cause.COMMANDED
        if self.notice != "no_answer":
            self.notice = None
        self.end_alarm(turn, "travel")
        if Mode.CRASHED not in self.modes:
            self.end_alarm(turn, "motion")
        if len(self.grants):
            self.arm_event(turn, ArmEvent.GRANTED)

    def _by(self, cause: Cause) -> str:
        return self.mover.by if cause is Cause.COMMANDED else ""

    def _learn(self, turn: Turn, way: str) -> int | None:
        """The travel time of the movement that ends here, remembered if it was commanded; None: not measured."""
        took_ms = self._travel_ms(turn, way)
        if took_ms is not None and self.moving_cause is Cause.COMMANDED:
            self.travel.learn(way, took_ms)
        return took_ms

    # ---- actions: arms that do not follow

    def do_give_up_opening(self, turn: Turn) -> None:
        """The arm did not answer: nobody waits for it any longer, and the guard is told to look at power and crank."""
        self.end_travel(turn)
        self._take_open_back(turn)
        self.not_followed(turn, Motion("open", "grant", self.mover, None, turn.at), "no_answer")
        self.drop_grants(turn, "not_followed")
        self._tell_no_answer()
        self._let_go_of_open(turn)

    def do_wait_for_vehicle(self, turn: Turn) -> None:
        """The travel time is over with somebody under the arm: see what the crossing tells."""
        turn.start(self.own_timer("travel"), self.travel.limit_ms("up"))

    def do_report_obstructed(self, turn: Turn) -> None:
        """The arm reached no limit in its travel time; no more pulses."""
        self.end_travel(turn)
        self._take_open_back(turn)
        self.drop_grants(turn, "obstructed")
        self.incident(turn, "obstructed")
        self.raise_alarm(turn, "obstructed", "travel")

    def crossed_unseen(self, turn: Turn) -> None:
        """A vehicle crossed and no switch told that the arm was up: the third time a switch has failed, not the arm."""
        if self.if_still_closed():
            self.end_travel(turn)
            self.enter(turn, ArmState.UNKNOWN)
            self.interrupted = True
            self.drop_grants(turn, "limit_fault")
            self.incident(turn, "stuck", {"reason": "closed_limit", "interrupted": True})
            self.raise_alarm(turn, "stuck", "closed_limit", {"reason": "closed_limit"})
        elif self.barrier.at_open is not None and self.arm is not ArmState.OPEN:
            self.open_unseen += 1
            if self.open_unseen == UNSEEN_MAX:
                self.incident(turn, "stuck", {"reason": "open_limit"})
                self.raise_alarm(turn, "stuck", "open_limit", {"reason": "open_limit"})

    def do_report_forced(self, turn: Turn) -> None:
        """The arm left its upper limit uncommanded and never came down."""
        self.end_travel(turn)
        self.drop_grants(turn, "not_followed")
        self.incident(turn, "forced", {"cause": Cause.FORCED.value})
        self._alarm_forced(turn)

    def _alarm_forced(self, turn: Turn) -> None:
        """Nothing explains a movement that was not alarmed before; a crashed lane has its alarm already."""
        if Mode.CRASHED not in self.modes:
            self.raise_alarm(turn, "forced", "motion", {"verdict": Cause.FORCED.value}, of="")

    def do_report_limits(self, turn: Turn) -> None:
        """Both limit switches say yes: neither is believed, and nothing closes by itself."""
        self.end_travel(turn)
        self.drop_grants(turn, "limit_fault")
        self.incident(turn, "stuck", {"reason": "both_limits", "interrupted": True})
        self.raise_alarm(turn, "stuck", "limits", {"reason": "both_limits"})

    def do_lose_position(self, turn: Turn) -> None:
        """The switches cannot be read."""
        if self.arm in (ArmState.RISING, ArmState.LOWERING) or len(self.grants):
            self.interrupted = True
        self.drop_waiting(turn, "device_lost")
        self.void_expectations(turn)
        self.movement = None

    def do_measure(self, turn: Turn) -> None:
        """Believe the switches again."""
        if self.arm is not ArmState.UNKNOWN:
            self.end_limit_alarms(turn)
            self.interrupted = True

    def end_limit_alarms(self, turn: Turn) -> None:
        """The limit switches are believed again."""
        self.end_alarm(turn, "limits")
        self.end_alarm(turn, "closed_limit")

    # ---- actions: why it moved

    def do_see_own_close(self, turn: Turn) -> None:
        """The arm goes down and nobody told it to: the controller, a fob or a hand."""
        self.moving_cause, self.mover = Cause.OWN, NOBODY
        self.do_leave_down(turn)
        turn.cancel(self.own_timer("clear"))

    def do_see_own_reversal(self, turn: Turn) -> None:
        """The arm turned back by itself; with a vehicle under it, it may have struck it."""
        if self.moving_cause is Cause.COMMANDED:
            self._struck(turn)
        self._arrived_open(turn, Cause.OWN)

    def _struck(self, turn: Turn) -> None:
        """The arm turned back on, or came down on, whoever stands under it: evidence and report, no lock."""
        if self.inputs.last("safety_loop"):
            self.incident(turn, "struck_vehicle", {"cause": self.moving_cause.value})
            self.raise_alarm(turn, "struck_vehicle", "struck", of="")
            self.end_alarm(turn, "struck")

    def do_seek_cause(self, turn: Turn) -> None:
        """*Closed* was lost and nobody told the arm to move."""
        self.moving_cause, self.mover = Cause.UNKNOWN, NOBODY
        self._leaves(turn, "up")
        self.movement = Movement(turn.now.mono_ns)
        if self._blow():
            self.crash(turn, "vehicle")
            return
        expected = self.barrier.external_open == "expected"
        if not expected:
            self._alarm_unexplained(turn, self.movement)
        turn.start(self.own_timer("cause"), self.travel.expected_ms("up") if expected else self.travel.limit_ms("up"))

    def _alarm_unexplained(self, turn: Turn, movement: Movement) -> None:
        """Alarm before the verdict, unless something speaks for a harmless one already, or the lane is crashed."""
        seen = self._seen(turn)
        excused = seen.power_window or seen.by_hand or seen.mains_off
        if not excused and Mode.CRASHED not in self.modes:
            movement.alarm = self.raise_alarm(turn, "forced", "motion", of="").alarm

    def do_judge_blow(self, turn: Turn) -> None:
        """A safety input rose while the arm goes up uncommanded."""
        if self._blow():
            self.crash(turn, "vehicle")

    def _blow(self) -> bool:
        """A vehicle came into the safety loop within a second of *closed* being lost, either way."""
        if self.movement is None or self.safety_rose_ns is None:
            return False
        return abs(self.safety_rose_ns - self.movement.since_ns) <= BLOW_MS * NS_PER_MS

    def do_flicker(self, turn: Turn) -> None:
        """*Closed* is back without a command having moved the arm."""
        window_ns = turn.now.mono_ns - FLICKER_WINDOW_MS * NS_PER_MS
        self.flickers = [at for at in self.flickers if at > window_ns][-FLICKERS_KEPT:]
        self.flicker_alarm = self.flicker_alarm if self.flickers else ""
        self.flickers.append(turn.now.mono_ns)
        self.end_travel(turn)
        cause = self._conclude(turn, self._seen(turn, back=True))
        self.row(turn, "closed", cause)
        self.end_alarm(turn, "motion")
        self._is_down(turn)

    def cause_over(self, turn: Turn) -> None:
        """One travel time, or two, are over without a limit: where fobs are expected the first ends their excuse."""
        movement = self.movement
        if movement is None or self.arm is not ArmState.RISING:
            return
        left_ms = self.travel.limit_ms("up") - movement.age_ms(turn.now.mono_ns)
        if self.barrier.external_open == "expected" and self.barrier.at_open is not None and left_ms > 0:
            self._alarm_unexplained(turn, movement)
            turn.start(self.own_timer("cause"), left_ms)
            return
        if self.barrier.at_open is not None:
            self._conclude(turn, self._seen(turn))
            self.drop_grants(turn, "not_followed")
            self.enter(turn, ArmState.BETWEEN)
            return
        expected = self.barrier.external_open == "expected"
        cause = self._conclude(turn, self._seen(turn), Cause.EXTERNAL if expected else None)
        self.enter(turn, ArmState.OPEN)
        self._arrived_open(turn, cause, presumed=True)

    def _arrival_cause(self, turn: Turn) -> Cause:
        if self.movement is None:
            return self.moving_cause if self.moving_cause is not Cause.UNKNOWN else Cause.EXTERNAL
        return self._conclude(turn, self._seen(turn, opened=True))

    def _seen(self, turn: Turn, *, opened: bool = False, back: bool = False) -> Seen:
        age_ms = self.movement.age_ms(turn.now.mono_ns) if self.movement else 0
        since_power_ns = None if self.power_ns is None else turn.now.mono_ns - self.power_ns
        return Seen(
            blow=self._blow() and not opened,
            power_window=since_power_ns is not None and since_power_ns < POWER_WINDOW_MS * NS_PER_MS,
            opened_after_ms=age_ms if opened else None,
            back_after_ms=age_ms if back else None,
            flickers=len(self.flickers),
            vehicle=self.inputs.last("safety_loop") is True,
            by_hand=self.inputs.last("hand") is True,
            mains_off=self.inputs.fitted("mains") and self.inputs.last("mains") is False,
            travel_ms=self.travel.expected_ms("up"),
        )

    def _conclude(self, turn: Turn, seen: Seen, known: Cause | None = None) -> Cause:
        """Find the final cause of an uncommanded movement, refine its alarm and, if it was forced, report that."""
        movement, self.movement = self.movement, None
        turn.cancel(self.own_timer("cause"))
        cause = known or verdict(seen).cause
        self.moving_cause = cause
        if cause is Cause.FORCED:
            self.incident(turn, "forced", {"cause": cause.value})
        alarm = self.alarms.get(movement.alarm) if movement is not None else None
        if alarm is not None:
            self._refine(turn, alarm, cause)
        elif cause is Cause.FORCED:
            self._alarm_forced(turn)
        return cause

    def _refine(self, turn: Turn, alarm: Alarm, cause: Cause) -> None:
        """The verdict on the movement that an alarm waits for; what was told before, and nobody saw, is told once."""
        earlier = None if cause is Cause.FORCED else self.alarms.alike(alarm, cause.value)
        if cause is Cause.WIND and earlier is None:
            shaken = self.alarms.alike(alarm, Cause.UNKNOWN.value)
            earlier = shaken if shaken is not None and shaken.alarm == self.flicker_alarm else None
        if earlier is None:
            self.alarms.refine(turn, alarm, verdict=cause.value, benign=cause in BENIGN)
        else:
            self.alarms.fold(turn, alarm, earlier, verdict=cause.value, benign=cause in BENIGN)
        told = earlier or alarm
        if cause is Cause.WIND:
            self.alarms.same_wind(turn, told)
        self.flicker_alarm = told.alarm if cause in (Cause.WIND, Cause.UNKNOWN) else self.flicker_alarm


def _how(presumed: bool, took_ms: int | None) -> dict[str, Any] | None:
    """What a row on an arrival says beside its cause."""
    if presumed:
        return {"presumed": True}
    return None if took_ms is None else {"travel_ms": took_ms}
